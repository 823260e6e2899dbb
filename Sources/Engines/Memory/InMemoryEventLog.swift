// SPDX-License-Identifier: Apache-2.0

package import BuildingBlocks
import Core
import NIOCore
import Synchronization

/// An event log that lives as long as the process: for `pubsub.in-memory` and for tests.
///
/// One lock guards it all. Watchers are called after the lock was given back, so that they may read at once.
package final class InMemoryEventLog: EventLog {
    package let durability = StateDurability.process

    private let contents = Mutex(InMemoryEvents())
    private let checkpoints = Mutex([ExactKey: [CheckpointPlace: Checkpoint]]())
    private let watches = Mutex(InMemoryWatches())
    private let groups = InMemoryGroups()

    private struct CheckpointPlace: Hashable {
        var stream: ExactKey
        var partition: Int
    }

    package init() {}

    package func append(_ appends: [EventAppend]) async -> [Result<AppendedEvents, EventLogError>] {
        let now = WallClock.milliseconds
        let answers = contents.withLock { contents in
            appends.map { append -> Result<AppendedEvents, EventLogError> in
                do throws(EventLogError) {
                    return .success(try contents.append(append, now))
                } catch {
                    return .failure(error)
                }
            }
        }
        notify(appends, answers)
        return answers
    }

    package func read(
        _ stream: String, after position: Int64, limit: EventReadLimit
    ) async throws(EventLogError) -> EventSlice {
        contents.withLock { $0.read(stream, after: position, limit) }
    }

    package func read(
        _ stream: String, from revision: Int64, limit: EventReadLimit
    ) async throws(EventLogError) -> EventSlice {
        contents.withLock { $0.read(stream, from: revision, limit) }
    }

    package func readAll(after position: Int64, limit: EventReadLimit) async throws(EventLogError) -> EventSlice {
        contents.withLock { $0.readAll(after: position, limit) }
    }

    package func extent(of stream: String) async throws(EventLogError) -> StreamExtent {
        contents.withLock { $0.extent(of: stream) }
    }

    package func head() async throws(EventLogError) -> Int64 {
        contents.withLock { $0.head }
    }

    package func trim(_ stream: String, through position: Int64, limit: Int) async throws(EventLogError) -> Int {
        contents.withLock { $0.trim(stream, through: position, limit: limit) }
    }

    // MARK: - Consumers

    package func checkpoints(of consumer: String) async throws(EventLogError) -> [Checkpoint] {
        checkpoints.withLock { rows in
            (rows[ExactKey(consumer)] ?? [:]).values.sorted { ($0.stream, $0.partition) < ($1.stream, $1.partition) }
        }
    }

    package func save(_ saved: [Checkpoint], of consumer: String) async throws(EventLogError) {
        checkpoints.withLock { rows in
            for row in saved {
                let place = CheckpointPlace(stream: ExactKey(row.stream), partition: row.partition)
                rows[ExactKey(consumer), default: [:]][place] = row
            }
        }
    }

    package func consumers(of stream: String) async throws(EventLogError) -> [String] {
        checkpoints.withLock { rows in
            rows.filter { $0.value.keys.contains { $0.stream == ExactKey(stream) } }.map(\.key.text).sorted()
        }
    }

    package func forget(_ consumer: String) async throws(EventLogError) {
        checkpoints.withLock { $0[ExactKey(consumer)] = nil }
    }

    package func watch(
        _ notify: @escaping @Sendable (Set<String>) -> Void
    ) async throws(EventLogError)
        -> any EventWatch
    {
        InMemoryWatch(log: self, id: watches.withLock { $0.add(notify) })
    }

    package func join(group: String) async throws(EventLogError) -> any GroupMember {
        groups.join(group)
    }

    // MARK: - Watching

    private func notify(_ appends: [EventAppend], _ answers: [Result<AppendedEvents, EventLogError>]) {
        var streams: Set<String> = []
        for (append, answer) in zip(appends, answers) {
            if case .success = answer { streams.insert(append.stream) }
        }
        for (notify, streams) in watches.withLock({ $0.interested(in: streams) }) { notify(streams) }
    }

    fileprivate func setStreams(_ streams: Set<String>?, of watch: Int) {
        watches.withLock { $0.setStreams(streams, of: watch) }
    }
}

private struct InMemoryWatch: EventWatch {
    let log: InMemoryEventLog
    let id: Int

    func setStreams(_ streams: Set<String>) async { log.setStreams(streams, of: id) }
    func cancel() async { log.setStreams(nil, of: id) }
}

/// Who wants to be told of which streams.
private struct InMemoryWatches {
    typealias Notify = @Sendable (Set<String>) -> Void

    private var watches: [Int: (streams: Set<String>, notify: Notify)] = [:]
    private var nextID = 0

    mutating func add(_ notify: @escaping Notify) -> Int {
        nextID += 1
        watches[nextID] = ([], notify)
        return nextID
    }

    /// Without streams the watch ends.
    mutating func setStreams(_ streams: Set<String>?, of id: Int) {
        guard let streams else { return watches[id] = nil }
        watches[id]?.streams = streams
    }

    func interested(in streams: Set<String>) -> [(notify: Notify, streams: Set<String>)] {
        watches.values.compactMap { watch in
            let wanted = streams.filter { watch.streams.contains($0) }
            return wanted.isEmpty ? nil : (watch.notify, wanted)
        }
    }
}
