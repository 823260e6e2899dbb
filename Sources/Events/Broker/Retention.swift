// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Core
import Logging
import Synchronization
import Telemetry

/// Removes old messages of the topics that this process publishes and subscribes to and of those that nobody uses any
/// more, and forgets groups that are gone.
///
/// It runs while there were appends, and seldom while topics hold messages that grow old; a process that never
/// published or subscribed has no task.
final class Retention: Sendable {
    /// The most topics that are remembered between two runs; those beyond are looked at when they are next appended to.
    static let topicsMax = 10_000
    /// How many events one call removes, so that other requests come in between.
    static let trimMax = 256
    /// How many of the log's oldest events one slow run looks through for topics that nobody uses.
    static let oldEventsMax = 16_384

    private struct State {
        /// Topics that were appended to since the last run.
        var changed: Set<String> = []
        /// Topics that still hold messages.
        var held: Set<String> = []
        var task: Task<Void, Never>?
        var slowRun: MonotonicInstant = .now
        /// How far the slow runs have looked through the log's oldest events.
        var oldPosition: Int64 = 0
        var isStopped = false
    }

    private let policy: RetentionPolicy
    private let names: BrokerNames
    private let log: any EventLog
    private let logger: Logger
    private let presence: @Sendable (_ group: String, _ topic: String) async -> GroupPresence
    private let state = Mutex(State())

    /// `presence` tells what this process knows of a group.
    init(
        _ policy: RetentionPolicy, names: BrokerNames, log: any EventLog, logger: Logger,
        presence: @escaping @Sendable (_ group: String, _ topic: String) async -> GroupPresence
    ) {
        self.policy = policy
        self.names = names
        self.log = log
        self.logger = logger
        self.presence = presence
    }

    /// A topic was appended to, or is of interest.
    func note(topic: String) {
        state.withLock { state in
            guard !state.isStopped, !state.changed.contains(topic), state.changed.count < Self.topicsMax else { return }
            state.changed.insert(topic)
            if state.task == nil { state.task = Task { await self.run() } }
        }
    }

    func stop() {
        state.withLock { state in
            state.isStopped = true
            state.task?.cancel()
            state.task = nil
        }
    }

    private func run() async {
        while let wait = nextWait() {
            try? await Task.sleep(for: wait)
            if Task.isCancelled { return }
            await runOnce()
        }
    }

    /// Nil ends the task: nothing is held that could grow old.
    private func nextWait() -> Duration? {
        state.withLock { state in
            if !state.changed.isEmpty { return policy.interval }
            if !state.held.isEmpty { return policy.slowInterval }
            state.task = nil
            return nil
        }
    }

    /// Looks at each topic that is due.
    func runOnce() async {
        var (topics, isSlowRun) = takeDue()
        if isSlowRun { topics.formUnion(await oldTopics()) }
        for topic in topics {
            do throws(EventLogError) {
                let floor = try await floor(of: topic, checksGroups: isSlowRun)
                try await trim(topic, floor: floor)
            } catch {
                logger.emit(.retentionFailed(topic: topic, reason: error.description))
                state.withLock { _ = $0.held.insert(topic) }
            }
        }
    }

    private func takeDue() -> (topics: Set<String>, isSlowRun: Bool) {
        state.withLock { state in
            var topics = state.changed
            state.changed = []
            let now = MonotonicInstant.now
            let isSlowRun = now >= state.slowRun
            if isSlowRun {
                state.slowRun = now.advanced(byNanoseconds: policy.slowInterval.nanoseconds)
                topics.formUnion(state.held)
                state.held = []
            }
            return (topics, isSlowRun)
        }
    }

    // MARK: - Topics

    /// The topics of the log's oldest events, as far as those are too old: also such that no process uses now.
    private func oldTopics() async -> Set<String> {
        let cutoff = WallClock.milliseconds - policy.age.milliseconds
        var position = state.withLock { $0.oldPosition }
        var topics: Set<String> = []
        var count = 0
        while count < Self.oldEventsMax, topics.count < Self.topicsMax {
            let limit = EventReadLimit(count: Self.trimMax)
            guard let events = try? await log.readAll(after: position, limit: limit).events, let last = events.last
            else { break }
            let old = events.prefix { $0.appendedAtMilliseconds < cutoff }
            topics.formUnion(old.compactMap { names.topic(ofStream: $0.stream) })
            count += events.count
            position = last.position
            if old.count < events.count { break }
        }
        // From the beginning again, once what is behind is too young.
        let next = count < Self.oldEventsMax ? 0 : position
        state.withLock { $0.oldPosition = next }
        return topics
    }

    private func trim(_ topic: String, floor: Int64) async throws(EventLogError) {
        let stream = names.stream(ofTopic: topic)
        var extent = try await log.extent(of: stream)
        while let first = extent.firstPosition {
            let oldest = try await log.read(stream, after: first - 1, limit: EventReadLimit(count: Self.trimMax))
            let through = policy.trimmable(
                oldest.events, bytes: extent.bytes, floor: floor, now: WallClock.milliseconds)
            guard let through else { break }
            if try await log.trim(stream, through: through, limit: Self.trimMax) == 0 { break }
            extent = try await log.extent(of: stream)
        }
        if extent.bytes > policy.bytesMax { logger.emit(.retentionHeldBack(topic: topic, bytes: extent.bytes)) }
        guard extent.count > 0 else { return }
        state.withLock { state in
            if state.held.count < Self.topicsMax { state.held.insert(topic) }
        }
    }

    // MARK: - Groups

    /// The position that every known group has passed.
    private func floor(of topic: String, checksGroups: Bool) async throws(EventLogError) -> Int64 {
        let stream = names.stream(ofTopic: topic)
        var floor = Int64.max
        for consumer in try await log.consumers(of: stream) {
            let places = CheckpointPlaces(try await log.checkpoints(of: consumer), stream: stream)
            if let group = names.group(ofConsumer: consumer, topic: topic) {
                try await trimParked(group, topic)
                if checksGroups, try await isForgotten(consumer, group, topic, places) { continue }
            }
            floor = min(floor, places.floor)
        }
        return floor
    }

    /// Notes since when a group is absent, and forgets it when that is too long ago.
    private func isForgotten(
        _ consumer: String, _ group: String, _ topic: String, _ places: CheckpointPlaces
    ) async throws(EventLogError) -> Bool {
        let stream = names.stream(ofTopic: topic)
        let now = WallClock.milliseconds
        guard try await isAbsent(group, topic) else {
            if places.absentSinceMilliseconds != nil { try await saveAbsence(0, stream, consumer) }
            return false
        }
        guard let since = places.absentSinceMilliseconds else {
            try await saveAbsence(now, stream, consumer)
            return false
        }
        guard now - since >= policy.absenceMax.milliseconds else { return false }
        try await log.forget(consumer)
        logger.emit(.subscriptionGroupForgotten(topic: topic, group: group))
        return true
    }

    private func saveAbsence(_ time: Int64, _ stream: String, _ consumer: String) async throws(EventLogError) {
        try await log.save(
            [Checkpoint(stream: stream, partition: CheckpointPlaces.absence, position: time)], of: consumer)
    }

    private func isAbsent(_ group: String, _ topic: String) async throws(EventLogError) -> Bool {
        switch await presence(group, topic) {
        case .subscribed: return false
        // If another instance is subscribed, it takes this back within the slow interval.
        case .elsewhere: return true
        case .unknown: break
        }
        let visitor = try await log.join(group: names.lockGroup(group))
        defer { visitor.leave() }
        return try visitor.memberCount() <= 1
    }

    /// Parked messages stay until they are replayed; only where they are too many, or take more room than a whole topic
    /// may, the oldest go.
    private func trimParked(_ group: String, _ topic: String) async throws(EventLogError) {
        let stream = names.parkedStream(group: group, topic: topic)
        var removedCount = 0
        var extent = try await log.extent(of: stream)
        while extent.bytes > policy.bytesMax || extent.count > policy.parkedCountMax, let first = extent.firstPosition {
            let oldest = try await log.read(stream, after: first - 1, limit: EventReadLimit(count: Self.trimMax))
            guard let through = policy.trimmableParked(oldest.events, extent) else { break }
            let count = try await log.trim(stream, through: through, limit: Self.trimMax)
            if count == 0 { break }
            removedCount += count
            extent = try await log.extent(of: stream)
        }
        if removedCount > 0 { logger.emit(.parkedMessagesRemoved(stream: stream, count: removedCount)) }
    }
}
