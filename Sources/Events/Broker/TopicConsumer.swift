// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Core
import Logging
import Synchronization
import Telemetry

/// One group's subscription to one topic in this process: performs what its `DeliveryQueue` decides.
///
/// Nothing runs while there is nothing to do. A task reads while there is something to read and room for it, one saves
/// checkpoints while there are unsaved ones, one reports the lag while there is any, one sleeps until the next try, and
/// each call to the app is one. Whoever changes the queue calls `update`, which starts what is missing.
final class TopicConsumer: Sendable {
    typealias Deliver = @Sendable ([ReceivedMessage]) async -> [DeliveryOutcome]

    struct State {
        var queue: DeliveryQueue
        var isReading = false
        var isSaving = false
        var isReporting = false
        /// The sleep until the next try, and when it ends.
        var wake: (due: MonotonicInstant, task: Task<Void, Never>)?
        /// Who waits until a partition, or with nil all, isn't with the app any more.
        var drains: [(partition: Int?, continuation: CheckedContinuation<Void, Never>)] = []
        /// Who waits until everything is saved.
        var flushes: [CheckedContinuation<Void, Never>] = []
    }

    /// What is to be started after the lock was given back.
    private struct Work {
        var batches: [DeliveryBatch] = []
        var burials: [Burial] = []
        var tally = DeliveryTally()
        var drained: [CheckedContinuation<Void, Never>] = []
        var reads = false
        var saves = false
        var reports = false
    }

    let request: BrokerSubscriptionRequest
    let names: BrokerNames
    let stream: String
    let consumer: String
    let log: any EventLog
    let logger: Logger
    let retention: Retention
    let metrics: TopicMetrics
    let state: Mutex<State>
    private let deliver: Deliver

    init(
        _ request: BrokerSubscriptionRequest, pubsub: String, log: any EventLog, retention: Retention,
        logger: Logger, limits: DeliveryQueue.Limits, deliver: @escaping Deliver
    ) {
        self.retention = retention
        self.request = request
        self.log = log
        self.logger = logger
        self.deliver = deliver
        names = BrokerNames(pubsub: pubsub)
        stream = names.stream(ofTopic: request.topic)
        consumer = names.consumer(group: request.group, topic: request.topic)
        metrics = TopicMetrics(pubsub: pubsub, topic: request.topic)
        state = Mutex(State(queue: DeliveryQueue(request, stream: stream, limits: limits)))
    }

    /// The topic was appended to.
    func noticeAppend() {
        retention.note(topic: request.topic)
        update { $0.noticeAppend() }
    }

    func setPaused(_ isPaused: Bool) { update { $0.isPaused = isPaused } }

    // MARK: - Partitions

    /// Goes on with partitions at their checkpoints.
    func take(_ partitions: Set<Int>) async throws(EventLogError) {
        let places = CheckpointPlaces(try await log.checkpoints(of: consumer), stream: stream)
        update { queue in
            for partition in partitions { queue.take(partition, at: places.checkpoint(partition)) }
        }
    }

    /// Ends a partition: waits for what is with the app, and saves how far it is.
    func giveUp(_ partition: Int) async {
        update { $0.giveUp(partition) }
        await drained(partition)
        await flush()
        update { $0.release(partition) }
    }

    /// Takes nothing new, waits for what is with the app, and saves.
    func end() async {
        update { $0.isEnding = true }
        await drained(nil)
        await flush()
        // Whoever owns the partitions next must not have its checkpoints replaced by a late save.
        update { queue in
            for partition in queue.owned { queue.release(partition) }
        }
        metrics.recordLag(events: 0, seconds: 0)
    }

    private func drained(_ partition: Int?) async {
        await withCheckedContinuation { continuation in
            state.withLock { $0.drains.append((partition, continuation)) }
            update { _ in }
        }
    }

    private func flush() async {
        await withCheckedContinuation { continuation in
            state.withLock { $0.flushes.append(continuation) }
            update { _ in }
        }
    }

    // MARK: - Work

    /// Changes the queue and starts whatever is to be done then.
    func update(_ change: (inout DeliveryQueue) -> Void) {
        perform(
            state.withLock { state in
                change(&state.queue)
                return work(&state)
            })
    }

    private func work(_ state: inout State) -> Work {
        let now = MonotonicInstant.now
        var work = Work()
        state.queue.wake(now)
        let wall = WallClock.milliseconds
        while let batch = state.queue.nextBatch(now, wall: wall) { work.batches.append(batch) }
        swap(&work.burials, &state.queue.burials)
        swap(&work.tally, &state.queue.tally)
        if !state.drains.isEmpty { work.drained = state.takeDrained() }
        work.reads = !state.isReading && state.queue.nextRead() != nil
        work.saves = !state.isSaving && (state.queue.hasUnsaved || !state.flushes.isEmpty)
        work.reports = !state.isReporting && !state.queue.isEnding && !state.queue.lag.isNothing
        if work.reads { state.isReading = true }
        if work.saves { state.isSaving = true }
        if work.reports { state.isReporting = true }
        scheduleWake(&state)
        return work
    }

    private func perform(_ work: consuming Work) {
        metrics.record(work.tally)
        if let reason = work.tally.dropReason {
            logger.emit(
                .messagesDropped(
                    topic: request.topic, group: request.group, count: work.tally.drops, reason: reason))
        }
        noteOutage(work.tally)
        for batch in work.batches { Task { await self.run(batch) } }
        for burial in work.burials { Task { await self.bury(burial) } }
        if work.reads { Task { await self.readAhead() } }
        if work.saves { Task { await self.saveLazily() } }
        if work.reports { Task { await self.reportLag() } }
        for continuation in work.drained { continuation.resume() }
    }

    /// Takes a batch to the app, and then what is to follow it, so that one task serves as long as there is work.
    private func run(_ first: DeliveryBatch) async {
        var next: DeliveryBatch? = first
        while let batch = next {
            let outcomes = await deliver(batch.members.map(message))
            var following = state.withLock { state in
                state.queue.finish(batch, outcomes, .now)
                return work(&state)
            }
            next = following.batches.popLast()
            perform(following)
        }
    }

    private func noteOutage(_ tally: DeliveryTally) {
        if let reason = tally.outageReason {
            logger.emit(.subscriptionAppUnreached(topic: request.topic, group: request.group, reason: reason))
        } else if tally.hasOutageEnded {
            logger.emit(.subscriptionAppReached(topic: request.topic, group: request.group))
        }
    }

    private func message(_ member: DeliveryBatch.Member) -> ReceivedMessage {
        ReceivedMessage(
            message: MessageRecord.message(member.event), topic: request.topic,
            position: String(member.event.position), attempt: member.attempt,
            publishedAtMilliseconds: member.event.appendedAtMilliseconds)
    }

    private func scheduleWake(_ state: inout State) {
        guard let due = state.queue.nextWake, !state.queue.isEnding else {
            state.wake?.task.cancel()
            return state.wake = nil
        }
        if let wake = state.wake, wake.due <= due { return }
        state.wake?.task.cancel()
        state.wake = (
            due,
            Task {
                try? await Task.sleep(for: .nanoseconds(max(due.nanoseconds - MonotonicInstant.now.nanoseconds, 0)))
                guard !Task.isCancelled else { return }
                self.wakeUp(due)
            }
        )
    }

    private func wakeUp(_ due: MonotonicInstant) {
        state.withLock { state in
            if state.wake?.due == due { state.wake = nil }
        }
        update { _ in }
    }
}

extension TopicConsumer.State {
    /// Those whose wait has ended.
    fileprivate mutating func takeDrained() -> [CheckedContinuation<Void, Never>] {
        let queue = queue
        let isDone = { (partition: Int?) in partition.map { !queue.isBusy($0) } ?? !queue.isBusy }
        let done = drains.filter { isDone($0.partition) }.map(\.continuation)
        drains.removeAll { isDone($0.partition) }
        return done
    }
}
