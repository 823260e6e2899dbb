// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Core
import NIOCore

extension DeliveryQueue {
    // MARK: - To the app

    /// The next call to the app; nil if there is none now. `wall` is the time of day in milliseconds since 1970.
    mutating func nextBatch(_ now: MonotonicInstant, wall: Int64) -> DeliveryBatch? {
        guard canCall, outageEnd.map({ $0 <= now }) ?? true, isBatchDue(now) else { return nil }
        var batch = DeliveryBatch()
        let countMax = min(max(request.batchMessagesMax, 1), limits.inFlightMax - inFlightCount)
        while batch.members.count < countMax, let position = nextCandidate(&batch) { send(position, wall, &batch) }
        batchSince = nil
        guard !batch.members.isEmpty else { return nil }
        inFlightCount += batch.members.count
        if batch.holdsUnkeyed { unkeyedCalls += 1 }
        return batch
    }

    /// When something is to be done without any event: a try is due, a batch has waited long enough, or an app that
    /// couldn't be reached is to be called again.
    var nextWake: MonotonicInstant? {
        guard let retry = retries.first?.due else { return nextCall }
        return nextCall.map { min($0, retry) } ?? retry
    }

    /// When a call is due. While none can be made there is no such time, and what lets one be made is an event.
    private var nextCall: MonotonicInstant? {
        guard canCall else { return nil }
        let batchDue = batchSince?.advanced(byNanoseconds: request.batchWait.nanoseconds)
        guard let outageEnd, waitingCount > 0 else { return batchDue }
        return batchDue.map { max($0, outageEnd) } ?? outageEnd
    }

    private var canCall: Bool {
        !isPaused && !isEnding && inFlightCount < (outageEnd == nil ? limits.inFlightMax : 1)
    }

    private var waitingCount: Int { ready.count + (unkeyedCalls < request.concurrency ? unkeyed.count : 0) }

    /// Lets everything go on whose time has come.
    mutating func wake(_ now: MonotonicInstant) {
        let dueCount = retries.prefix { $0.due <= now }.count
        let due = retries.prefix(dueCount).map(\.position)
        retries.removeFirst(dueCount)
        for position in due where entries[position]?.phase == .retrying { activate(position) }
    }

    private mutating func isBatchDue(_ now: MonotonicInstant) -> Bool {
        let waitingCount = waitingCount
        guard waitingCount > 0 else {
            batchSince = nil
            return false
        }
        guard request.batchMessagesMax > 1, request.batchWait > .zero, waitingCount < request.batchMessagesMax else {
            return true
        }
        let since = batchSince ?? now
        batchSince = since
        return now >= since.advanced(byNanoseconds: request.batchWait.nanoseconds)
    }

    /// The older of the first that is ready and the first in the line.
    private mutating func nextCandidate(_ batch: inout DeliveryBatch) -> Int64? {
        let line = batch.holdsUnkeyed || unkeyedCalls < request.concurrency ? unkeyed.first : nil
        if let first = ready.first, line.map({ first < $0 }) ?? true {
            return ready.removeFirst()
        }
        return line == nil ? nil : unkeyed.removeFirst()
    }

    private mutating func send(_ position: Int64, _ wall: Int64, _ batch: inout DeliveryBatch) {
        // What was given up with its partition leaves its place in the line behind.
        guard let entry = entries[position], entry.phase == .ready || entry.phase == .waiting else { return }
        guard let event = entry.body else { return activate(position) }
        partitions[entry.partition]?.busyCount += 1
        if let expiry = event.event.expiresAtMilliseconds, expiry <= wall {
            tally.expirations += 1
            return settle(position, .expired)
        }
        if entry.key == nil && entry.attempts == 0 { batch.holdsUnkeyed = true }
        if entry.attempts > 0 { tally.redeliveries += 1 }
        entries[position]?.phase = .inFlight
        batch.members.append(DeliveryBatch.Member(event: event, attempt: entry.attempts + 1))
    }

    // MARK: - Back from the app

    /// What the app made of a batch; an outcome that is missing counts as a failure.
    mutating func finish(_ batch: DeliveryBatch, _ outcomes: [DeliveryOutcome], _ now: MonotonicInstant) {
        inFlightCount -= batch.members.count
        if batch.holdsUnkeyed { unkeyedCalls -= 1 }
        noteReach(outcomes, now)
        for (index, member) in batch.members.enumerated() {
            let outcome = index < outcomes.count ? outcomes[index] : .retry("the app gave no answer for it")
            finish(member.event.position, outcome, now)
        }
    }

    private mutating func finish(_ position: Int64, _ outcome: DeliveryOutcome, _ now: MonotonicInstant) {
        switch outcome {
        case .success:
            tally.successes += 1
            done(position)
        case .drop(let reason):
            tally.drops += 1
            settle(position, .dropped(reason))
        case .retry(let reason):
            tally.retries += 1
            retry(position, reason, now)
        case .unreached: putBack(position)
        }
    }

    /// Begins an outage with a call that didn't get through, and ends it with one that did.
    private mutating func noteReach(_ outcomes: [DeliveryOutcome], _ now: MonotonicInstant) {
        var wasReached = outcomes.isEmpty
        for outcome in outcomes {
            switch outcome {
            case .unreached(let reason): return noteOutage(reason, now)
            case .success, .retry: wasReached = true
            // It may have been dropped without a call.
            case .drop: break
            }
        }
        guard wasReached, outageEnd != nil else { return }
        tally.hasOutageEnded = true
        outageEnd = nil
        outageCalls = 0
    }

    /// Calls that were made together count as one.
    private mutating func noteOutage(_ reason: String, _ now: MonotonicInstant) {
        if outageEnd == nil { tally.outageReason = reason }
        if let outageEnd, outageEnd > now { return }
        outageCalls += 1
        let wait = min(request.retry.wait(afterAttempt: outageCalls), limits.outageWaitMax)
        outageEnd = now.advanced(byNanoseconds: wait.nanoseconds)
    }

    /// The message is where it was before the call, which was no try.
    private mutating func putBack(_ position: Int64) {
        guard let entry = entries[position] else { return }
        entries[position]?.phase = .waiting
        partitions[entry.partition]?.busyCount -= 1
        guard partitions[entry.partition]?.isLeaving == false else { return }
        guard entry.key == nil, entry.attempts == 0 else { return activate(position) }
        unkeyed.insert(position, at: unkeyed.firstIndex { $0 > position } ?? unkeyed.endIndex)
    }

    private mutating func retry(_ position: Int64, _ reason: String, _ now: MonotonicInstant) {
        guard var entry = entries[position] else { return }
        entry.attempts += 1
        entries[position] = entry
        noteFailure(position, entry.partition)
        if entry.attempts >= request.retry.attemptsMax { return settle(position, .exhausted(reason)) }
        entries[position]?.phase = .retrying
        partitions[entry.partition]?.busyCount -= 1
        dropBodies(behind: entry)
        resumeIfPossible(entry.partition)
        if partitions[entry.partition]?.isLeaving == false {
            let wait = request.retry.wait(afterAttempt: entry.attempts)
            schedule(position, now.advanced(byNanoseconds: wait.nanoseconds))
        }
    }

    /// A failed try is worth a checkpoint, so that the next life goes on counting.
    private mutating func noteFailure(_ position: Int64, _ partition: Int) {
        let settled = partitions[partition]?.settledThrough ?? 0
        partitions[partition]?.settledThrough = max(settled, position)
        partitions[partition]?.isDirty = true
    }

    private mutating func schedule(_ position: Int64, _ due: MonotonicInstant) {
        let index = retries.lastIndex { $0.due <= due }.map { $0 + 1 } ?? 0
        retries.insert(Retry(due: due, position: position), at: index)
    }

    /// Buries a message, or is done with it if nobody wants to keep it.
    private mutating func settle(_ position: Int64, _ reason: Burial.Reason) {
        guard let entry = entries[position], let event = entry.body else { return }
        if request.deadLetterTopic == nil {
            switch reason {
            case .dropped(let text):
                tally.dropReason = text
                return done(position)
            case .expired: return done(position)
            case .exhausted: break
            }
        }
        entries[position]?.phase = .burying
        burials.append(Burial(event: event, attempts: entry.attempts, reason: reason))
    }

    /// A burial has ended; without success the message stays owed, as at the end of a subscription.
    mutating func finishBurial(_ position: Int64, isBuried: Bool) {
        if isBuried { return done(position) }
        guard let entry = entries[position] else { return }
        entries[position]?.phase = .waiting
        partitions[entry.partition]?.busyCount -= 1
    }

    private mutating func done(_ position: Int64) {
        guard let entry = entries[position] else { return }
        partitions[entry.partition]?.busyCount -= 1
        remove(position)
    }
}

extension Duration {
    var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, isTooLong) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return isTooLong ? .max / 2 : min(whole, .max / 2) + attoseconds / 1_000_000_000
    }
}
