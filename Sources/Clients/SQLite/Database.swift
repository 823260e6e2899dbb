// SPDX-License-Identifier: Apache-2.0

import CSQLite
import Glibc

/// One connection to one database file. It belongs to one thread: SQLite's own mutexes are off.
package final class Database {
    package enum Access: Sendable { case readWriteCreate, readWrite, readOnly }

    package enum CheckpointMode: Sendable {
        /// Waits a few milliseconds for readers of an older state, and copies what they leave.
        case full
        /// Waits ten times as long, and until no reader needs the log, so that the next commit begins it anew.
        case restart

        var code: Int32 {
            switch self {
            case .full: SQLITE_CHECKPOINT_FULL
            case .restart: SQLITE_CHECKPOINT_RESTART
            }
        }

        /// How often a reader's end is looked for, 0.2 ms apart: a batch of reads takes less than a millisecond.
        var tries: Int {
            switch self {
            case .full: 25
            case .restart: 250
            }
        }
    }

    package let path: String
    let handle: OpaquePointer
    private var busyTimeout: Int32 = 0
    /// Where the hook of the write-ahead log leaves the log's length; nil until `watchLog`.
    private var logFrames: UnsafeMutablePointer<Int32>?

    /// Opens `path`: a file's path, a `file:` URI, or `:memory:`. SQLite touches the file with the first statement.
    package init(path: String, access: Access = .readWriteCreate) throws(SQLiteError) {
        self.path = path
        var flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI | SQLITE_OPEN_EXRESCODE
        switch access {
        case .readWriteCreate: flags |= SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
        case .readWrite: flags |= SQLITE_OPEN_READWRITE
        case .readOnly: flags |= SQLITE_OPEN_READONLY
        }
        var opened: OpaquePointer?
        let result = sqlite3_open_v2(path, &opened, flags, nil)
        guard result == SQLITE_OK, let opened else {
            let error = SQLiteError(result: result, connection: opened, file: path)
            sqlite3_close_v2(opened)
            throw error
        }
        handle = opened
    }

    deinit {
        sqlite3_close_v2(handle)
        logFrames?.deallocate()
    }

    /// Leaves the write-ahead log as it is when the last connection closes, so that no checkpoint runs unlocked.
    package func disableCheckpointOnClose() throws(SQLiteError) {
        try check(outrigger_sqlite3_db_config_bool(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nil))
    }

    /// How long a call waits for another connection's lock before it fails with `busy`.
    package func setBusyTimeout(milliseconds: Int32) {
        busyTimeout = milliseconds
        sqlite3_busy_timeout(handle, milliseconds)
    }

    /// Runs statements that return no rows, or whose rows don't matter.
    package func execute(_ sql: String) throws(SQLiteError) {
        try check(sqlite3_exec(handle, sql, nil, nil, nil))
    }

    package func prepare(_ sql: String) throws(SQLiteError) -> Statement {
        var statement: OpaquePointer?
        try check(sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil))
        guard let statement else {
            throw SQLiteError(.other, message: "a statement without text was prepared", file: path)
        }
        return Statement(statement, database: self)
    }

    /// The first column of the first row, as an integer; nil without a row.
    package func integer(_ sql: String) throws(SQLiteError) -> Int64? {
        let statement = try prepare(sql)
        return try statement.step() ? statement.integer(0) : nil
    }

    /// The first column of the first row, as text; nil without a row.
    package func text(_ sql: String) throws(SQLiteError) -> String? {
        let statement = try prepare(sql)
        return try statement.step() ? statement.text(0) : nil
    }

    /// The rows that the last statement changed.
    package var changes: Int { Int(sqlite3_changes(handle)) }

    /// Whether the file can't be written; SQLite falls back to reading when it may not open the file for more.
    package var isReadOnly: Bool { sqlite3_db_readonly(handle, "main") == 1 }

    /// Whether a transaction is open; SQLite ends one by itself after some errors.
    package var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

    /// Ends an open transaction without keeping anything of it.
    package func rollback() {
        if isInTransaction { sqlite3_exec(handle, "ROLLBACK", nil, nil, nil) }
    }

    /// Gives the cached pages back to the operating system.
    package func releaseMemory() {
        sqlite3_db_release_memory(handle)
        outrigger_release_free_memory()
    }

    func check(_ result: Int32) throws(SQLiteError) {
        guard result == SQLITE_OK else {
            throw SQLiteError(result: result, connection: handle, file: path)
        }
    }
}

// MARK: - Write-ahead log

extension Database {
    /// Starts counting the log's frames; turns SQLite's automatic checkpoints off, which use the same hook.
    package func watchLog() {
        sqlite3_wal_autocheckpoint(handle, 0)
        let frames = logFrames ?? .allocate(capacity: 1)
        frames.initialize(to: 0)
        logFrames = frames
        _ = sqlite3_wal_hook(
            handle,
            { pointer, _, _, count in
                pointer?.assumingMemoryBound(to: Int32.self).pointee = count
                return SQLITE_OK
            }, frames)
    }

    /// The log's length in pages after this connection's last commit.
    package var logPages: Int { logFrames.map { Int($0.pointee) } ?? 0 }

    /// Copies pages from the log into the file; says how many the log has and how many of them are in the file.
    package func checkpoint(_ mode: CheckpointMode) throws(SQLiteError) -> (log: Int, copied: Int) {
        var log: Int32 = 0
        var copied: Int32 = 0
        // SQLite's own wait sleeps up to 100 ms at a time, in which a thousand readers could come and go.
        sqlite3_busy_handler(
            handle,
            { limit, count in
                usleep(200)
                return Int(count) < Int(bitPattern: limit) ? 1 : 0
            }, UnsafeMutableRawPointer(bitPattern: mode.tries))
        defer { sqlite3_busy_timeout(handle, busyTimeout) }
        let result = sqlite3_wal_checkpoint_v2(handle, nil, mode.code, &log, &copied)
        // A reader that holds pages back makes the answer `busy`; the pages that could be copied were.
        if result & 0xFF != SQLITE_BUSY { try check(result) }
        return (Int(log), Int(copied))
    }
}
