// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Core
import SQLiteClient

/// The event log of one namespace in a SQLite file.
///
/// Appends go through the writing lane, where they share a commit with each other and with state; reads through the
/// reading lane, where those of one batch see one state of the log.
struct SQLiteEventLog: EventLog {
    let durability = StateDurability.synced
    private let store: SQLiteStore
    private let watches: AppendWatches
    private let groups: GroupFolder
    private let namespace: String

    init(_ store: SQLiteStore, watches: AppendWatches, groups: GroupFolder, namespace: String) {
        self.store = store
        self.watches = watches
        self.groups = groups
        self.namespace = namespace
    }

    // MARK: - Events

    func append(_ appends: [EventAppend]) async -> [Result<AppendedEvents, EventLogError>] {
        let refusals = appends.map(\.refusal)
        let allowed = zip(appends, refusals).compactMap { $1 == nil ? $0 : nil }
        var answers = await appendAllowed(allowed)[...]
        return refusals.map { refusal in
            if let refusal { .failure(refusal) } else { answers.removeFirst() }
        }
    }

    private func appendAllowed(_ appends: [EventAppend]) async -> [Result<AppendedEvents, EventLogError>] {
        if appends.isEmpty { return [] }
        let namespace = namespace
        do throws(EventLogError) {
            return try await write(bytes: appends.reduce(0) { $0 + $1.byteCount }) { (tables) throws(SQLiteError) in
                let now = WallClock.milliseconds
                var answers: [Result<AppendedEvents, EventLogError>] = []
                answers.reserveCapacity(appends.count)
                for append in appends { answers.append(try tables.append(append, in: namespace, now: now)) }
                return answers
            }
        } catch {
            return appends.map { _ in .failure(error) }
        }
    }

    func read(
        _ stream: String, after position: Int64, limit: EventReadLimit
    ) async throws(EventLogError) -> EventSlice {
        let namespace = namespace
        return try await read { (tables) throws(SQLiteError) in
            try tables.read(stream, in: namespace, after: position, limit: limit)
        }
    }

    func read(
        _ stream: String, from revision: Int64, limit: EventReadLimit
    ) async throws(EventLogError) -> EventSlice {
        let namespace = namespace
        return try await read { (tables) throws(SQLiteError) in
            try tables.read(stream, in: namespace, from: revision, limit: limit)
        }
    }

    func readAll(after position: Int64, limit: EventReadLimit) async throws(EventLogError) -> EventSlice {
        let namespace = namespace
        return try await read { (tables) throws(SQLiteError) in
            try tables.readAll(in: namespace, after: position, limit: limit)
        }
    }

    func extent(of stream: String) async throws(EventLogError) -> StreamExtent {
        let namespace = namespace
        return try await read { (tables) throws(SQLiteError) in try tables.extent(of: stream, in: namespace) }
    }

    func head() async throws(EventLogError) -> Int64 {
        let namespace = namespace
        return try await read { (tables) throws(SQLiteError) in try tables.head(of: namespace) }
    }

    /// Not flushed: after a crash of the machine the events may be there again, and are trimmed again.
    func trim(_ stream: String, through position: Int64, limit: Int) async throws(EventLogError) -> Int {
        let namespace = namespace
        return try await write(isFlushed: false) { (tables) throws(SQLiteError) in
            try tables.trim(stream, in: namespace, through: position, limit: limit)
        }
    }

    // MARK: - Consumers

    func checkpoints(of consumer: String) async throws(EventLogError) -> [Checkpoint] {
        let namespace = namespace
        return try await read { (tables) throws(SQLiteError) in try tables.checkpoints(of: consumer, in: namespace) }
    }

    func save(_ checkpoints: [Checkpoint], of consumer: String) async throws(EventLogError) {
        if checkpoints.isEmpty { return }
        guard checkpoints.allSatisfy({ $0.owed.count <= EventLogLimit.owedEventsMax }) else {
            throw EventLogError(.tooLarge, "a checkpoint owes more than \(EventLogLimit.owedEventsMax) events")
        }
        let namespace = namespace
        let bytes = checkpoints.reduce(0) { $0 + MemoryLayout<Checkpoint>.stride + 16 * $1.owed.count }
        try await write(bytes: bytes, isFlushed: false) { (tables) throws(SQLiteError) in
            try tables.save(checkpoints, of: consumer, in: namespace)
        }
    }

    func consumers(of stream: String) async throws(EventLogError) -> [String] {
        let namespace = namespace
        return try await read { (tables) throws(SQLiteError) in try tables.consumers(of: stream, in: namespace) }
    }

    func forget(_ consumer: String) async throws(EventLogError) {
        let namespace = namespace
        try await write { (tables) throws(SQLiteError) in try tables.forget(consumer, in: namespace) }
    }

    func watch(_ notify: @escaping @Sendable (Set<String>) -> Void) async throws(EventLogError) -> any EventWatch {
        let head = try await head()
        return try watches.watch(namespace, from: head, notify)
    }

    func join(group: String) async throws(EventLogError) -> any GroupMember {
        try groups.join(group, in: namespace)
    }

    // MARK: - Lanes

    private func read<Value: Sendable>(
        _ body: @escaping @Sendable (EventTables) throws(SQLiteError) -> Value
    ) async throws(EventLogError) -> Value {
        let result = await withUnsafeContinuation { answer in store.read(.log(LaneWork(body, answer))) }
        return try result.mapError { EventLogError($0) }.get()
    }

    private func write<Value: Sendable>(
        bytes: Int = 0, isFlushed: Bool = true, _ body: @escaping @Sendable (EventTables) throws(SQLiteError) -> Value
    ) async throws(EventLogError) -> Value {
        let result = await withUnsafeContinuation { answer in
            var work = LaneWork(body, answer)
            work.byteCount = bytes
            work.needsFlush = isFlushed
            store.write(.log(work))
        }
        return try result.mapError { EventLogError($0) }.get()
    }
}
