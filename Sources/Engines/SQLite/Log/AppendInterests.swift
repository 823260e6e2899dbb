// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Core

/// Who waits for which streams, and how far each log has been told of. It does no I/O.
struct AppendInterests {
    /// A call that is due.
    struct Call {
        var notify: @Sendable (Set<String>) -> Void
        var streams: Set<String>
    }

    private struct Watch {
        var namespace: String
        var streams: Set<ExactKey> = []
        var notify: @Sendable (Set<String>) -> Void
    }

    private struct StreamName: Hashable {
        var namespace: ExactKey
        var stream: ExactKey

        init(_ namespace: String, _ stream: ExactKey) {
            self.namespace = ExactKey(namespace)
            self.stream = stream
        }

        var hash: UInt64 { StableHash.of(parts: namespace.text, stream.text) }
    }

    private var lastID = 0
    private var watches: [Int: Watch] = [:]
    /// The watches of each stream that anybody waits for.
    private var watchers: [StreamName: Set<Int>] = [:]
    /// The hashes of those streams, as neighbours get to know them.
    private(set) var hashes: Set<UInt64> = []
    /// For each log that is watched, the position up to which its watches have been told.
    private(set) var heads: [String: Int64] = [:]

    var isEmpty: Bool { watches.isEmpty }

    // MARK: - Watches

    mutating func add(
        _ namespace: String, from head: Int64, _ notify: @escaping @Sendable (Set<String>) -> Void
    ) -> Int {
        lastID += 1
        watches[lastID] = Watch(namespace: namespace, notify: notify)
        if heads[namespace] == nil { heads[namespace] = head }
        return lastID
    }

    mutating func setStreams(_ streams: Set<String>, of id: Int) -> [Call] {
        guard let watch = watches[id] else { return [] }
        let wanted = Set(streams.map { ExactKey($0) })
        for stream in watch.streams.subtracting(wanted) { remove(id, from: StreamName(watch.namespace, stream)) }
        let added = wanted.subtracting(watch.streams)
        for stream in added {
            let name = StreamName(watch.namespace, stream)
            watchers[name, default: []].insert(id)
            hashes.insert(name.hash)
        }
        watches[id]?.streams = wanted
        return added.isEmpty ? [] : [Call(notify: watch.notify, streams: Set(added.map(\.text)))]
    }

    mutating func remove(_ id: Int) {
        guard let watch = watches.removeValue(forKey: id) else { return }
        for stream in watch.streams { remove(id, from: StreamName(watch.namespace, stream)) }
        if !watches.values.contains(where: { $0.namespace == watch.namespace }) { heads[watch.namespace] = nil }
    }

    private mutating func remove(_ id: Int, from name: StreamName) {
        watchers[name]?.remove(id)
        guard watchers[name]?.isEmpty == true else { return }
        watchers[name] = nil
        // A stream that happens to have the same hash is then found by the look of each second.
        hashes.remove(name.hash)
    }

    // MARK: - Appends

    /// The calls that a commit of this process asks for.
    mutating func appended(_ batch: AppendedBatch) -> [Call] {
        // If a neighbour has appended in between, its events are still to be told of, and the head stays before them.
        if heads[batch.namespace] == batch.oldHead { heads[batch.namespace] = batch.head }
        return calls(batch.namespace, batch.streams)
    }

    /// The calls that a look at the log asks for.
    mutating func grown(_ growth: LogGrowth) -> [Call] {
        guard let head = heads[growth.namespace] else { return [] }
        heads[growth.namespace] = max(head, growth.head)
        if let streams = growth.streams { return calls(growth.namespace, streams) }
        return watches.values.filter { $0.namespace == growth.namespace && !$0.streams.isEmpty }
            .map { Call(notify: $0.notify, streams: Set($0.streams.map(\.text))) }
    }

    private func calls(_ namespace: String, _ streams: [String]) -> [Call] {
        var told: [Int: Set<String>] = [:]
        for stream in streams {
            for id in watchers[StreamName(namespace, ExactKey(stream))] ?? [] { told[id, default: []].insert(stream) }
        }
        return told.compactMap { id, streams in watches[id].map { Call(notify: $0.notify, streams: streams) } }
    }
}

/// What a look found in a log.
struct LogGrowth: Sendable, Equatable {
    var namespace: String
    var head: Int64
    /// The streams that grew; nil if there was too much to tell.
    var streams: [String]?
}
