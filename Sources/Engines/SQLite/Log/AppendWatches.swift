// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Core
import Logging
import Metrics
import SQLiteClient
import Synchronization
import Telemetry

/// Tells watches of appends, those of this process and those of its neighbours.
///
/// 1. A commit of this process tells the local watches at once, and wakes the neighbours that wait for its streams.
/// 2. A neighbour's wake-up says nothing but that there is something; the reading lane then looks which streams grew
///    beyond what was told (`probe`). Wake-ups that come meanwhile are merged into one further look.
/// 3. The same look happens every second, should a wake-up have been lost.
///
/// The socket, its files and its thread are there only while somebody watches.
final class AppendWatches: Sendable {
    /// New events that one look tells apart by stream; if there are more, every watched stream is told of.
    static let probedEventsMax = 1024
    static let probeMilliseconds: Int32 = 1000

    private let folder: String
    private let logger: Logger
    private let metrics = WakeupMetrics()
    private let state = Mutex(State())
    private let neighbours: Mutex<Neighbours>
    private let store = Mutex<WeakStore>(WeakStore())

    private struct WeakStore { weak var store: SQLiteStore? }

    private struct State {
        var interests = AppendInterests()
        var receiver: Receiver?
        /// The look that the reading lane has before it, and whether another one is to follow.
        var isProbing = false
        var probesAgain = false
        var isClosed = false
    }

    private struct Receiver {
        var socket: WakeupSocket
        var lane: Lane<Never>
    }

    init(folder: String, logger: Logger) {
        self.folder = folder
        self.logger = logger
        neighbours = Mutex(Neighbours(folder: folder))
    }

    deinit { state.withLock { $0.receiver?.socket.shut() } }

    /// Says where to look; the store itself tells this of its commits.
    func attach(_ store: SQLiteStore) { self.store.withLock { $0.store = store } }

    // MARK: - Watching

    /// Watches the appends to a log, beyond those up to `head`.
    func watch(
        _ namespace: String, from head: Int64, _ notify: @escaping @Sendable (Set<String>) -> Void
    ) throws(EventLogError) -> any EventWatch {
        do throws(StateError) {
            let id = try state.withLock { state throws(StateError) in
                guard !state.isClosed else { throw StateError(.unavailable, "the log has been closed") }
                if state.receiver == nil { state.receiver = try startReceiver() }
                return state.interests.add(namespace, from: head, notify)
            }
            return SQLiteEventWatch(id: id, watches: self)
        } catch {
            throw EventLogError(error)
        }
    }

    /// Neighbours are told before this returns. The streams that are new to the watch are told of once, because what
    /// was appended to them just before may have woken nobody.
    func setStreams(_ streams: Set<String>, of id: Int) {
        let calls = state.withLock { state in
            let old = state.interests.hashes
            let calls = state.interests.setStreams(streams, of: id)
            if state.interests.hashes != old { publish(state) }
            return calls
        }
        for call in calls { call.notify(call.streams) }
    }

    func cancel(_ id: Int) async {
        let ended = state.withLock { state in
            let old = state.interests.hashes
            state.interests.remove(id)
            guard state.interests.isEmpty else {
                if state.interests.hashes != old { publish(state) }
                return nil as Receiver?
            }
            defer { state.receiver = nil }
            return state.receiver
        }
        await end(ended)
    }

    /// Ends all watches; later ones are refused.
    func close() async {
        let ended = state.withLock { state in
            defer { state = State(isClosed: true) }
            return state.receiver
        }
        await end(ended)
    }

    private func end(_ receiver: Receiver?) async {
        receiver?.socket.shut()
        await receiver?.lane.close()
    }

    /// A failure costs latency and nothing else: neighbours' appends are then found by the look of each second.
    private func publish(_ state: State) {
        do throws(StateError) {
            try state.receiver?.socket.publish(state.interests.hashes)
        } catch {
            logger.emit(.eventInterestNotPublished(error.description))
        }
    }

    private func startReceiver() throws(StateError) -> Receiver {
        let socket = try WakeupSocket(folder: folder)
        let lane = Lane<Never>(name: "sqlite-wake", limit: .init(requests: 1, bytes: 0))
        let isStarted = lane.start { [weak self] _ in
            while true {
                switch socket.wait(milliseconds: Self.probeMilliseconds) {
                case .closed: return
                case .woken: self?.probe(.neighbour)
                case .timedOut: self?.probe(.poll)
                }
            }
        }
        guard isStarted else { throw StateError(.unavailable, "the system refuses another thread") }
        return Receiver(socket: socket, lane: lane)
    }

    // MARK: - Appends

    /// Called by the writing lane after each commit with appends, when those who wait for it have been answered.
    func appended(_ batches: [AppendedBatch]) {
        for batch in batches {
            let (calls, own) = state.withLock { state in
                (state.interests.appended(batch), state.receiver?.socket.name)
            }
            tell(calls, .local)
            wakeNeighbours(batch, except: own)
        }
    }

    private func wakeNeighbours(_ batch: AppendedBatch, except own: String?) {
        neighbours.withLock { neighbours in
            let all = neighbours.all(except: own)
            if all.isEmpty { return }
            let hashes = batch.streams.map { StableHash.of(parts: batch.namespace, $0) }
            for neighbour in all where hashes.contains(where: neighbour.interest.contains) {
                if neighbours.wake(neighbour) == .dropped { metrics.dropped.increment() }
            }
        }
    }

    private func tell(_ calls: [AppendInterests.Call], _ source: WakeupMetrics.Source) {
        if calls.isEmpty { return }
        metrics.wakeups(source).increment(by: calls.count)
        for call in calls { call.notify(call.streams) }
    }

    // MARK: - Looking

    /// Lets the reading lane look what has been appended since the last time.
    private func probe(_ source: WakeupMetrics.Source) {
        guard let store = store.withLock({ $0.store }) else { return }
        let heads = state.withLock { state -> [String: Int64] in
            state.probesAgain = state.isProbing
            if state.isProbing { return [:] }
            let heads = state.interests.heads
            state.isProbing = !heads.isEmpty
            return heads
        }
        guard !heads.isEmpty else { return }
        var work = LaneWork<EventTables>(
            run: { [weak self] (tables) throws(SQLiteError) in
                let grown = try tables.growth(since: heads, limit: Self.probedEventsMax)
                return { [weak self] in self?.probed(grown, source) }
            },
            refuse: { [weak self] _ in self?.probed([], source) })
        work.isProbe = true
        store.read(.log(work))
    }

    private func probed(_ grown: [LogGrowth], _ source: WakeupMetrics.Source) {
        let (calls, again) = state.withLock { state in
            state.isProbing = false
            defer { state.probesAgain = false }
            return (grown.flatMap { state.interests.grown($0) }, state.probesAgain)
        }
        tell(calls, source)
        if again { probe(source) }
    }
}

/// A watch as its owner holds it.
struct SQLiteEventWatch: EventWatch {
    let id: Int
    let watches: AppendWatches

    func setStreams(_ streams: Set<String>) async { watches.setStreams(streams, of: id) }
    func cancel() async { await watches.cancel(id) }
}
