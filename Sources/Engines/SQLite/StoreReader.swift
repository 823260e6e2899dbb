// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Core
import Logging
import NIOCore
import SQLiteClient
import Telemetry

/// The reading lane of a store: each drained batch is read in one transaction.
///
/// The transaction begins after the batch was drained, so it sees every commit that was acknowledged before one of its
/// requests was posted.
final class StoreReader {
    private let database: Database
    private let table: any StateTable
    private let events: EventTables?
    private let begin: Statement
    private let commit: Statement
    private let fault: StoreFault
    private let logger: Logger
    private var batch: [StateRequest] = []
    private var answers: [Result<StateAnswer, StateError>] = []

    /// A lane without work for so long gives its cache back: reading the pages again takes milliseconds.
    private static let idleNanoseconds: Int64 = 10_000_000_000

    init(_ file: StoreFile, fault: StoreFault, logger: Logger) throws(StateError) {
        (database, table) = try file.openReader()
        do throws(SQLiteError) {
            begin = try database.prepare("BEGIN")
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
        // Nil while there is no cache that could be given back.
        var idleEnd: MonotonicInstant?
        while true {
            switch mailbox.wait(for: 1, until: idleEnd) {
            case .closed: return
            case .timedOut:
                database.releaseMemory()
                idleEnd = nil
            case .ready:
                mailbox.drain(into: &batch)
                if batch.contains(where: { !$0.isProbe }) {
                    idleEnd = MonotonicInstant.now.advanced(byNanoseconds: Self.idleNanoseconds)
                }
                answerBatch()
            }
        }
    }

    /// Reads everything first and answers then: a task that is resumed between two reads wakes a thread of the pool
    /// that has gone to sleep again by the next one, which costs more than the read.
    private func answerBatch() {
        readBatch()
        for (request, answer) in zip(batch, answers) {
            switch answer {
            case .success(let answer): request.resume(with: answer)
            case .failure(let error): request.refuse(error)
            }
        }
        batch.removeAll(keepingCapacity: true)
        answers.removeAll(keepingCapacity: true)
    }

    private func readBatch() {
        // A single read is a transaction by itself.
        let needsTransaction = if batch.count == 1, case .get = batch[0] { false } else { true }
        do throws(SQLiteError) {
            if needsTransaction { try begin.run() }
        } catch {
            answers = Array(repeating: .failure(noted(StateError(error))), count: batch.count)
            return
        }
        let now = WallClock.milliseconds
        for request in batch {
            do throws(SQLiteError) {
                if let error = fault.error {
                    answers.append(.failure(error))
                } else {
                    answers.append(.success(try read(request, now)))
                }
            } catch {
                answers.append(.failure(noted(StateError(error))))
            }
        }
        // A read leaves nothing to lose when its end fails; the next BEGIN would tell.
        if needsTransaction, (try? commit.run()) == nil { database.rollback() }
    }

    private func read(_ request: StateRequest, _ now: Int64) throws(SQLiteError) -> StateAnswer {
        switch request {
        case .get(let namespace, let key, _): return .item(try table.item(namespace, key, now: now))
        case .getMany(let namespace, let keys, _): return .items(try table.items(namespace, keys, now: now))
        case .statements(let work): return .done(try work.run(database))
        case .log(let work):
            guard let events else { preconditionFailure("Only a file with event logs gets work for them.") }
            return .done(try work.run(events))
        case .apply, .transact: preconditionFailure("Writes go to the writing lane.")
        }
    }

    private func noted(_ error: StateError) -> StateError {
        if fault.note(error) { logger.emit(.databaseCorrupt(error.description)) }
        return error
    }
}

extension StateTable {
    func items(_ namespace: String, _ keys: [String], now: Int64) throws(SQLiteError) -> [StateItem?] {
        var items: [StateItem?] = []
        items.reserveCapacity(keys.count)
        var bytes = 0
        for key in keys {
            let item = try item(namespace, key, now: now)
            // Counted while reading: many keys of large values would fill the memory before anybody could refuse.
            bytes += item?.value.readableBytes ?? 0
            guard bytes <= StateReadLimit.bytesMax else {
                throw SQLiteError(.tooBig, message: "the values are too large together", file: "")
            }
            items.append(item)
        }
        return items
    }
}
