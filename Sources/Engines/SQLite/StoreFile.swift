// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Core
import SQLiteClient

/// One database file with state in it: where it is, how its connections are set up, and which layout it has.
struct StoreFile: Sendable {
    enum Journal: Sendable {
        /// Readers and the writer don't hinder each other: a lane for each.
        case writeAheadLog
        /// Readers and the writer exclude each other, or the database lives in one connection: one lane for both.
        case rollback, memory
    }

    /// A check of the whole file of 15 MB takes 20 ms from memory and a few times that from a disk; a start has 200 ms.
    static let checkedBytesMax: Int64 = 16 << 20

    /// What SQLite opens; errors name it.
    var path: String
    var journal = Journal.writeAheadLog
    var access = Database.Access.readWriteCreate
    /// Held around commits and checkpoints; nil where nobody else can have the file.
    var lock: WriteLock?
    /// Statements for each connection beyond those that every store needs.
    var pragmas: [String] = []
    /// Longer than any other program of the house holds a lock; programs that don't know the lock file may hold it so
    /// long.
    var busyTimeoutMilliseconds: Int32 = 2000
    /// How often expired items are looked for while nothing is written; nil if never.
    var sweepInterval: Duration? = .seconds(60)
    /// What may wait for each lane. Each waiting request is a suspended API call, so this bounds those too; the bytes
    /// are 32 of the largest values that the API takes.
    var waitingLimit = LaneMailbox<StateRequest>.Limit(requests: 4096, bytes: 128 << 20)
    /// Refuses what must not be opened. It only reads.
    var check: @Sendable (Database) throws(SQLiteError) -> Void
    /// Brings the file to the newest form; called under the lock.
    var migrate: @Sendable (Database) throws(SQLiteError) -> Void
    var makeTable: @Sendable (Database) throws(SQLiteError) -> any StateTable
    /// The tables of event logs, if the file has any.
    var makeEventTables: (@Sendable (Database) throws(SQLiteError) -> EventTables)?
    /// Told what each commit appended to event logs, on the writing lane.
    var appended: (@Sendable ([AppendedBatch]) -> Void)?

    /// The connection that writes. The first one on a file checks it and brings it up to date, with other writers
    /// locked out.
    func openWriter() throws(StateError) -> (Database, any StateTable) {
        try lock?.acquire()
        defer { lock?.release() }
        do throws(SQLiteError) {
            let database = try connect(access)
            try check(database)
            try setUp(database)
            try verify(database)
            if access != .readOnly { try migrate(database) }
            return (database, try makeTable(database))
        } catch {
            throw StateError(error)
        }
    }

    /// A connection that only reads; the writer has been opened before.
    func openReader() throws(StateError) -> (Database, any StateTable) {
        do throws(SQLiteError) {
            let database = try connect(access == .readOnly ? .readOnly : .readWrite)
            try setUp(database)
            // What the connection may do is bounded here too; SQLite itself needs to write the log's index.
            try database.execute("PRAGMA query_only = ON")
            return (database, try makeTable(database))
        } catch {
            throw StateError(error)
        }
    }

    private func connect(_ access: Database.Access) throws(SQLiteError) -> Database {
        let database = try Database(path: path, access: access)
        guard access == .readOnly || !database.isReadOnly else {
            throw SQLiteError(.readOnly, message: "the file can't be opened for writing", file: path)
        }
        try database.disableCheckpointOnClose()
        database.setBusyTimeout(milliseconds: busyTimeoutMilliseconds)
        return database
    }

    private func setUp(_ database: Database) throws(SQLiteError) {
        if access != .readOnly {
            let wanted =
                switch journal {
                case .writeAheadLog: "wal"
                case .rollback: "delete"
                case .memory: "memory"
                }
            let mode = try database.text("PRAGMA journal_mode = \(wanted)")
            guard mode == wanted else {
                throw SQLiteError(.cannotOpen, message: "the journal mode \(wanted) can't be had", file: path)
            }
        }
        database.watchLog()
        // FULL: a commit returns after the log was flushed. Deleted content isn't overwritten with zeros, which
        // Debian's SQLite does by default at the price of more pages per commit. Cells are checked when a page is read.
        // 8 MB hold the inner pages of about a million rows, so that a read touches one page that isn't cached; it is
        // given back when the lane is idle.
        try database.execute(
            """
            PRAGMA synchronous = FULL;
            PRAGMA secure_delete = OFF;
            PRAGMA temp_store = MEMORY;
            PRAGMA trusted_schema = OFF;
            PRAGMA cell_size_check = ON;
            PRAGMA cache_size = -8000;
            PRAGMA journal_size_limit = \(CheckpointPolicy.logPagesMax * 4096);
            """)
        for pragma in pragmas { try database.execute(pragma) }
    }

    /// Reads the whole file if it is small, so that a damaged one isn't served at all.
    private func verify(_ database: Database) throws(SQLiteError) {
        let pages = try database.integer("PRAGMA page_count") ?? 0
        let pageSize = try database.integer("PRAGMA page_size") ?? 0
        guard journal != .memory, pages * pageSize <= Self.checkedBytesMax else { return }
        let finding = try database.text("PRAGMA quick_check(1)")
        database.releaseMemory()
        guard finding == "ok" else {
            throw SQLiteError(.corrupt, message: finding ?? "the check of the file gave no answer", file: path)
        }
    }
}
