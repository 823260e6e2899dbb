// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Core
import Logging
import SQLiteClient
import Telemetry

/// The reading lane of a store: each drained batch is read in one transaction.
///
/// The transaction begins after the batch was drained, so it sees every commit that was acknowledged before one of its
/// requests was posted.
final class StoreReader {
    private let database: Database
    private let table: any StateTable
    private let begin: Statement
    private let commit: Statement
    private let fault: StoreFault
    private let logger: Logger
    private var batch: [StateRequest] = []

    init(_ file: StoreFile, fault: StoreFault, logger: Logger) throws(StateError) {
        (database, table) = try file.openReader()
        do throws(SQLiteError) {
            begin = try database.prepare("BEGIN")
            commit = try database.prepare("COMMIT")
        } catch {
            throw StateError(error)
        }
        self.fault = fault
        self.logger = logger
    }

    /// Works until the mailbox is closed and empty.
    func run(_ mailbox: LaneMailbox<StateRequest>) {
        while mailbox.wait(for: 1) != .closed {
            mailbox.drain(into: &batch)
            answerBatch()
            batch.removeAll(keepingCapacity: true)
        }
    }

    private func answerBatch() {
        // A single read is a transaction by itself.
        let needsTransaction = if batch.count == 1, case .get = batch[0] { false } else { true }
        do throws(SQLiteError) {
            if needsTransaction { try begin.run() }
        } catch {
            let error = StateError(error)
            for request in batch { request.refuse(error) }
            return
        }
        let now = WallClock.milliseconds
        for request in batch {
            do throws(StateError) {
                if let error = fault.error { throw error }
                try answer(request, now)
            } catch {
                if fault.note(error) { logger.emit(.databaseCorrupt(error.description)) }
                request.refuse(error)
            }
        }
        // A read leaves nothing to lose when its end fails; the next BEGIN would tell.
        if needsTransaction, (try? commit.run()) == nil { database.rollback() }
    }

    private func answer(_ request: StateRequest, _ now: Int64) throws(StateError) {
        do throws(SQLiteError) {
            switch request {
            case .get(let namespace, let key, let answer):
                answer.resume(returning: .success(try table.item(namespace, key, now: now)))
            case .getMany(let namespace, let keys, let answer):
                answer.resume(returning: .success(try table.items(namespace, keys, now: now)))
            case .statements(let work): try work.run(database)()
            case .apply, .transact: preconditionFailure("Writes go to the writing lane.")
            }
        } catch {
            throw StateError(error)
        }
    }
}

extension StateTable {
    func items(_ namespace: String, _ keys: [String], now: Int64) throws(SQLiteError) -> [StateItem?] {
        var items: [StateItem?] = []
        items.reserveCapacity(keys.count)
        for key in keys { items.append(try item(namespace, key, now: now)) }
        return items
    }
}
