// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Core
import Metrics
import Synchronization
import Telemetry

extension TopicConsumer {
    /// How long acknowledgements gather before they are saved together.
    static let saveInterval = Duration.milliseconds(5)
    /// Tries to save before somebody who waits for it goes on without; messages then come again.
    static let flushTriesMax = 5
    static let lagInterval = Duration.seconds(1)

    // MARK: - Reading

    /// Reads while there is something to read and room for it.
    func readAhead() async {
        var backoff = Backoff()
        while let read = nextRead() {
            do throws(EventLogError) {
                let slice = try await log.read(stream, after: read.after, limit: read.limit)
                if backoff.recovered() { noteRecovery() }
                update { $0.complete(read, slice) }
            } catch {
                note(error, &backoff, "reading")
                try? await Task.sleep(for: backoff.failed())
            }
        }
    }

    private func nextRead() -> QueueRead? {
        state.withLock { state in
            let read = state.queue.nextRead()
            state.isReading = read != nil
            return read
        }
    }

    // MARK: - Saving

    /// Saves while there is something to save: a little later, so that many acknowledgements share a row.
    func saveLazily() async {
        var backoff = Backoff()
        while let isUrgent = nextSave() {
            if !isUrgent { try? await Task.sleep(for: Self.saveInterval) }
            let (rows, flushes) = state.withLock { state in
                let flushes = state.flushes
                state.flushes = []
                return (state.queue.takeUnsaved(all: !flushes.isEmpty), flushes)
            }
            do throws(EventLogError) {
                if !rows.isEmpty { try await log.save(rows, of: consumer) }
                if backoff.recovered() { noteRecovery() }
                for flush in flushes { flush.resume() }
            } catch {
                note(error, &backoff, "saving checkpoints")
                let wait = backoff.failed()
                let isHopeless = backoff.failureCount >= Self.flushTriesMax
                state.withLock { state in
                    state.queue.markUnsaved(rows)
                    if !isHopeless { state.flushes += flushes }
                }
                if isHopeless { for flush in flushes { flush.resume() } }
                try? await Task.sleep(for: wait)
            }
        }
    }

    /// Whether somebody waits for the save; nil if there is nothing to save.
    private func nextSave() -> Bool? {
        state.withLock { state in
            let isUrgent = !state.flushes.isEmpty
            state.isSaving = isUrgent || state.queue.hasUnsaved
            return state.isSaving ? isUrgent : nil
        }
    }

    // MARK: - Burying

    /// Keeps a message that won't be tried again among the dead letters or the parked ones.
    func bury(_ burial: Burial) async {
        var burial = burial
        var backoff = Backoff()
        while true {
            do throws(EventLogError) {
                _ = try await log.append([grave(of: burial)])[0].get()
                if backoff.recovered() { noteRecovery() }
                noteBurial(burial)
                return update { $0.finishBurial(burial.event.position, isBuried: true) }
            } catch {
                // What is too large will be so at each try; without the words beside it, it may not be.
                if error.code == .tooLarge {
                    guard burial.hasReason else { return lose(burial, error) }
                    burial.hasReason = false
                    continue
                }
                note(error, &backoff, "keeping a message that was tried in vain")
                if state.withLock({ $0.queue.isEnding }) {
                    return update { $0.finishBurial(burial.event.position, isBuried: false) }
                }
                try? await Task.sleep(for: backoff.failed())
            }
        }
    }

    /// A message that the log doesn't take back is gone, and that is said.
    private func lose(_ burial: Burial, _ error: EventLogError) {
        let position = burial.event.position
        metrics.lost.increment()
        logger.emit(
            .messageLost(
                topic: request.topic, group: request.group, position: position, reason: error.description))
        update { $0.finishBurial(position, isBuried: true) }
    }

    private func grave(of burial: Burial) -> EventAppend {
        var event = burial.event.event
        // Whoever looks for it there mustn't find it expired.
        event.expiresAtMilliseconds = nil
        var record = MessageRecord(event.metadata)
        record.onlyGroup = nil
        if let topic = request.deadLetterTopic {
            event.metadata = record.bytes
            return EventAppend(names.stream(ofTopic: topic), [event])
        }
        record.parking = MessageRecord.Parking(
            reason: burial.hasReason ? burial.reason.text : "", tries: Int64(burial.attempts),
            position: burial.event.position,
            publishedAtMilliseconds: burial.event.appendedAtMilliseconds)
        event.metadata = record.bytes
        return EventAppend(names.parkedStream(group: request.group, topic: request.topic), [event])
    }

    private func noteBurial(_ burial: Burial) {
        let position = burial.event.position
        if let deadLetterTopic = request.deadLetterTopic {
            metrics.deadLetters.increment()
            retention.note(topic: deadLetterTopic)
            logger.emit(
                .messageDeadLettered(
                    topic: request.topic, group: request.group, position: position, tries: burial.attempts,
                    deadLetterTopic: deadLetterTopic, reason: burial.reason.text))
        } else {
            metrics.parked.increment()
            retention.note(topic: request.topic)
            logger.emit(
                .messageParked(
                    topic: request.topic, group: request.group, position: position, tries: burial.attempts,
                    reason: burial.reason.text))
        }
    }

    // MARK: - Reporting

    /// Reports the lag while there is any, and then that there is none.
    func reportLag() async {
        repeat { try? await Task.sleep(for: Self.lagInterval) } while await reportOnce()
        metrics.recordLag(events: 0, seconds: 0)
    }

    /// Returns whether there was any lag.
    private func reportOnce() async -> Bool {
        let lag = state.withLock { state in
            let lag = state.queue.lag
            state.isReporting = !lag.isNothing && !state.queue.isEnding
            return lag
        }
        guard !lag.isNothing else { return false }
        let (count, seconds) = await figures(of: lag)
        metrics.recordLag(events: count, seconds: seconds)
        return true
    }

    /// A lag in messages, and as the age of the oldest of them.
    private func figures(of lag: DeliveryLag) async -> (count: Int64, seconds: Double) {
        var count = Int64(lag.pendingCount)
        // What was never read counts too; without an answer of the log the figure is what is known.
        if !lag.isAtEnd, let extent = try? await log.extent(of: stream) {
            count += lag.lastRevision.map { max(extent.nextRevision - 1 - $0, 0) } ?? extent.count
        }
        let seconds = lag.oldestMilliseconds.map { Double(max(WallClock.milliseconds - $0, 0)) / 1000 } ?? 0
        return (count, seconds)
    }

    /// How the subscription stands now.
    func status() async -> SubscriptionStatus {
        let (lag, isPaused, partitionCount) = state.withLock { state in
            (state.queue.lag, state.queue.isPaused, state.queue.partitions.count { $0 != nil })
        }
        let (count, seconds) = await figures(of: lag)
        return SubscriptionStatus(
            topic: request.topic, group: request.group, deadLetterTopic: request.deadLetterTopic,
            partitionCount: partitionCount, isPaused: isPaused, lagCount: count, lagSeconds: seconds)
    }

    /// Says once that the log fails.
    private func note(_ error: EventLogError, _ backoff: inout Backoff, _ during: String) {
        guard !backoff.hasFailed else { return }
        logger.emit(
            .subscriptionLogFailed(
                topic: request.topic, group: request.group, during: during, reason: error.description))
    }

    private func noteRecovery() {
        logger.emit(.subscriptionLogRecovered(topic: request.topic, group: request.group))
    }
}
