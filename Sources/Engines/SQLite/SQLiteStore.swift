// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Core
import Logging
import SQLiteClient

/// An open database file with its lanes: what state stores and the registry of names stand on.
final class SQLiteStore: Sendable {
    private let file: StoreFile
    private let fault: StoreFault
    private let writer: Lane<StateRequest>
    /// The writing lane too, where one connection has to do everything.
    private let reader: Lane<StateRequest>

    private init(
        file: StoreFile, fault: StoreFault, writer: Lane<StateRequest>, reader: Lane<StateRequest>
    ) {
        self.file = file
        self.fault = fault
        self.writer = writer
        self.reader = reader
    }

    /// A store that nobody holds any more ends its threads; what they have acknowledged is on the disk.
    deinit {
        reader.mailbox.close()
        writer.mailbox.close()
    }

    static func open(_ file: StoreFile, logger: Logger) async throws(StateError) -> SQLiteStore {
        let fault = StoreFault()
        let writer = try await start("sqlite-write", file.waitingLimit) { () throws(StateError) in
            try StoreWriter(file, fault: fault, logger: logger).run
        }
        guard file.journal == .writeAheadLog else {
            return SQLiteStore(file: file, fault: fault, writer: writer, reader: writer)
        }
        do throws(StateError) {
            let reader = try await start("sqlite-read", file.waitingLimit) { () throws(StateError) in
                try StoreReader(file, fault: fault, logger: logger).run
            }
            return SQLiteStore(file: file, fault: fault, writer: writer, reader: reader)
        } catch {
            await writer.close()
            throw error
        }
    }

    /// Starts a lane whose connection `open` makes on the lane's own thread, and waits until it is open.
    private static func start(
        _ name: String, _ limit: LaneMailbox<StateRequest>.Limit,
        _ open: @escaping @Sendable () throws(StateError) -> (LaneMailbox<StateRequest>) -> Void
    ) async throws(StateError) -> Lane<StateRequest> {
        let lane = Lane<StateRequest>(name: name, limit: limit)
        let opened = await withCheckedContinuation { (opened: CheckedContinuation<Result<Void, StateError>, Never>) in
            let isStarted = lane.start { mailbox in
                let work: (LaneMailbox<StateRequest>) -> Void
                do throws(StateError) {
                    work = try open()
                } catch {
                    opened.resume(returning: .failure(error))
                    return
                }
                opened.resume(returning: .success(()))
                work(mailbox)
            }
            if !isStarted {
                opened.resume(returning: .failure(StateError(.unavailable, "the system refuses another thread")))
            }
        }
        try opened.get()
        return lane
    }

    /// Finishes what is queued and closes the file; later requests are answered with `unavailable`.
    func close() async {
        await reader.close()
        await writer.close()
    }

    // MARK: - Requests

    func read(_ request: StateRequest) { post(request, to: reader) }

    func write(_ request: StateRequest) { post(request, to: writer) }

    private func post(_ request: StateRequest, to lane: Lane<StateRequest>) {
        if let error = fault.error { return request.refuse(error) }
        switch lane.mailbox.post(request, bytes: request.byteCount) {
        case .accepted: break
        case .full: request.refuse(StateError(.overloaded, "too many requests wait for \(file.path)"))
        case .closed: request.refuse(StateError(.unavailable, "\(file.path) has been closed"))
        }
    }

    /// Runs statements on the reading lane.
    func read<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws(SQLiteError) -> Value
    ) async throws(StateError) -> Value {
        try await withUnsafeContinuation { answer in
            read(.statements(LaneWork(body, answer)))
        }.get()
    }

    /// Runs statements in a transaction that is committed when this returns.
    func write<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws(SQLiteError) -> Value
    ) async throws(StateError) -> Value {
        try await withUnsafeContinuation { answer in
            write(.statements(LaneWork(body, answer)))
        }.get()
    }
}
