// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Core
import Logging
import Metrics
import SQLiteClient
import Telemetry

/// The writing lane of a store: group commit.
///
/// 1. Wait for a write, and at a busy time for most of those that are on their way (`CommitGate`).
/// 2. Take the write lock that all processes share, then drain whatever waits by now.
/// 3. Perform every request in one transaction: one whose condition doesn't hold is refused alone, without a trace.
/// 4. Commit, which flushes the log if one of them needs that; give the lock back; only then answer.
/// 5. Move pages from the log to the file when it has grown (`CheckpointPolicy`).
///
/// An error of the database rolls the whole batch back, and all of its requests are answered with it.
final class StoreWriter {
    /// Expired items that one commit deletes beside its own work: about as much as the work itself.
    private static let expiredPerCommitMax = 64
    /// While writes come, expired items are looked for this often, and at once where the last look left some.
    private static let sweepNanoseconds: Int64 = 1_000_000_000

    private let file: StoreFile
    private let database: Database
    private let table: any StateTable
    private let events: EventTables?
    private let begin: Statement
    private let commit: Statement
    private let fault: StoreFault
    private let metrics = SQLiteMetrics()
    private let logger: Logger

    private var gate = CommitGate()
    private var checkpoints = CheckpointPolicy()
    private var lastCommitEnd = MonotonicInstant.now
    private var nextSweep = MonotonicInstant.now
    private var lastFailure: StateError.Code?
    private var batch: [StateRequest] = []
    private var answers: [StateAnswer] = []
    /// Whether commits return after a flush. A connection begins so.
    private var flushes = true

    init(_ file: StoreFile, fault: StoreFault, logger: Logger) throws(StateError) {
        self.file = file
        (database, table) = try file.openWriter()
        do throws(SQLiteError) {
            begin = try database.prepare(file.access == .readOnly ? "BEGIN" : "BEGIN IMMEDIATE")
            commit = try database.prepare("COMMIT")
            events = try file.makeEventTables?(database)
        } catch {
            throw StateError(error)
        }
        self.fault = fault
        self.logger = logger
    }

    /// Works until the mailbox is closed and empty.
    func run(_ mailbox: LaneMailbox<StateRequest>) {
        while true {
            gather(mailbox)
            let idleEnd = file.sweepInterval.map {
                MonotonicInstant.now.advanced(byNanoseconds: Self.idleNanoseconds($0))
            }
            switch mailbox.wait(for: 1, until: idleEnd) {
            case .closed: return
            case .timedOut: sweepWhileIdle(mailbox)
            case .ready: commitBatch(mailbox)
            }
        }
    }

    private func gather(_ mailbox: LaneMailbox<StateRequest>) {
        guard gate.target > 1 else { return }
        let end = lastCommitEnd.advanced(byNanoseconds: CommitGate.waitNanosecondsMax)
        if mailbox.wait(for: gate.target, until: end) == .timedOut { metrics.gatherTimeouts.increment() }
        // Who doesn't come in time isn't waited for a second time.
        gate.committed(count: 0, waiting: 0)
    }

    // MARK: - Commit

    private func commitBatch(_ mailbox: LaneMailbox<StateRequest>) {
        let result = Result { () throws(StateError) in
            try file.lock?.acquire()
            defer { file.lock?.release() }
            mailbox.drain(into: &batch)
            try performBatch()
        }
        if batch.isEmpty { mailbox.drain(into: &batch) }
        gate.committed(count: batch.count, waiting: mailbox.count)
        switch result {
        case .success: deliver()
        case .failure(let error): refuseBatch(error)
        }
        endEvents(isCommitted: (try? result.get()) != nil)
        batch.removeAll(keepingCapacity: true)
        answers.removeAll(keepingCapacity: true)
        checkpointIfDue()
        lastCommitEnd = .now
    }

    private func performBatch() throws(StateError) {
        if let error = fault.error { throw error }
        let start = MonotonicInstant.now
        do throws(SQLiteError) {
            try setFlush(batch.contains { $0.needsFlush })
            try begin.run()
            let now = WallClock.milliseconds
            for request in batch { answers.append(try perform(request, now)) }
            if start >= nextSweep { try sweep(start, now) }
            try events?.flush()
            try commit.run()
        } catch {
            database.rollback()
            throw StateError(error)
        }
        metrics.commitBatchSize.record(batch.count)
        metrics.commitSeconds.recordNanoseconds(MonotonicInstant.now.nanoseconds - start.nanoseconds)
    }

    private func endEvents(isCommitted: Bool) {
        guard let appended = events?.end(), isCommitted, !appended.isEmpty else { return }
        metrics.eventsAppended.increment(by: appended.reduce(0) { $0 + $1.head - $1.oldHead })
        file.appended?(appended)
    }

    /// Chooses whether the next commit is flushed. One that isn't has written its pages to the log all the same, which
    /// the end of the process doesn't take back, and the next flush of the log, by whichever process, covers them.
    /// SQLite takes the choice between transactions only, and goes by it at the commit.
    private func setFlush(_ isWanted: Bool) throws(SQLiteError) {
        guard isWanted != flushes else { return }
        try database.execute("PRAGMA synchronous = \(isWanted ? "FULL" : "NORMAL")")
        flushes = isWanted
    }

    private func perform(_ request: StateRequest, _ now: Int64) throws(SQLiteError) -> StateAnswer {
        switch request {
        case .get(let namespace, let key, _):
            return try Self.read { () throws(SQLiteError) in .item(try table.item(namespace, key, now: now)) }
        case .getMany(let namespace, let keys, _):
            return try Self.read { () throws(SQLiteError) in .items(try table.items(namespace, keys, now: now)) }
        case .apply(let namespace, let writes, _):
            var results: [Result<Void, StateError>] = []
            results.reserveCapacity(writes.count)
            for write in writes {
                let refusal = try table.perform(write, in: namespace, now: now)
                results.append(refusal.map { .failure($0) } ?? .success(()))
            }
            return .applied(results)
        case .transact(let namespace, let writes, _):
            let refusal = try table.perform(all: writes, in: namespace, now: now)
            return .transacted(refusal.map { .failure($0) } ?? .success(()))
        case .statements(let work): return .done(try work.run(database))
        case .log(let work): return .done(try run(work))
        }
    }

    private func run(_ work: LaneWork<EventTables>) throws(SQLiteError) -> @Sendable () -> Void {
        guard let events else { preconditionFailure("Only a file with event logs gets work for them.") }
        return try work.run(events)
    }

    /// A row that can't be understood says nothing about the database, so it fails its own read and not the batch.
    private static func read(_ body: () throws(SQLiteError) -> StateAnswer) throws(SQLiteError) -> StateAnswer {
        do throws(SQLiteError) {
            return try body()
        } catch {
            guard error.code == .other else { throw error }
            return .refused(StateError(error))
        }
    }

    private func deliver() {
        if lastFailure != nil {
            lastFailure = nil
            logger.emit(.databaseWritesRecovered(file.path))
        }
        for (request, answer) in zip(batch, answers) { request.resume(with: answer) }
    }

    private func refuseBatch(_ error: StateError) {
        // One line when it begins and one when it is over, however many requests come between.
        if fault.note(error) {
            logger.emit(.databaseCorrupt(error.description))
        } else if lastFailure != error.code {
            logger.emit(.databaseWritesFailed(error.description))
        }
        lastFailure = error.code
        for request in batch { request.refuse(error) }
    }

    // MARK: - Expiry

    private func sweep(_ start: MonotonicInstant, _ now: Int64) throws(SQLiteError) {
        guard file.sweepInterval != nil else { return }
        let count = try table.expired.remove(limit: Self.expiredPerCommitMax, now: now)
        if count < Self.expiredPerCommitMax { nextSweep = start.advanced(byNanoseconds: Self.sweepNanoseconds) }
    }

    /// How long an idle lane sleeps before it looks for expired items. A shorter interval would keep it awake for
    /// nothing, and a longer one needn't fit into nanoseconds.
    static func idleNanoseconds(_ interval: Duration) -> Int64 {
        Int64(min(max(interval, .milliseconds(100)), .seconds(86_400)) / .nanoseconds(1))
    }

    /// Deletes what has expired while nobody writes; a store without such items is only read. A write that comes
    /// meanwhile isn't kept waiting until the last item is gone.
    private func sweepWhileIdle(_ mailbox: LaneMailbox<StateRequest>) {
        guard fault.error == nil, file.access != .readOnly else { return }
        do {
            while mailbox.count == 0, try table.expired.exist(now: WallClock.milliseconds) {
                try sweepOnce()
                checkpointIfDue()
            }
        } catch {
            database.rollback()
            let failure = (error as? SQLiteError).map { StateError($0) } ?? error as? StateError
            if let failure { refuseBatch(failure) }
        }
        database.releaseMemory()
    }

    private func sweepOnce() throws {
        try file.lock?.acquire()
        defer { file.lock?.release() }
        try begin.run()
        _ = try table.expired.remove(limit: Self.expiredPerCommitMax, now: WallClock.milliseconds)
        try commit.run()
    }

    // MARK: - Checkpoint

    private func checkpointIfDue() {
        let pages = database.logPages
        guard file.journal == .writeAheadLog, let mode = checkpoints.mode(logPages: pages) else { return }
        let start = MonotonicInstant.now
        do {
            try file.lock?.acquire()
            defer { file.lock?.release() }
            let (log, copied) = try database.checkpoint(mode)
            checkpoints.checkpointed(log: log, copied: copied)
        } catch {
            checkpoints.failed(log: pages)
            logger.emit(.databaseCheckpointFailed("\(error)"))
        }
        metrics.checkpointSeconds.recordNanoseconds(MonotonicInstant.now.nanoseconds - start.nanoseconds)
        metrics.logBytes.record(pages * 4096)
    }
}
