// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import FoundationEssentials
import NIOCore
import SQLiteClient

/// The layout that Dapr's `state.sqlite` has in its files, so that a file can go from one to the other and back.
///
/// A value that is JSON text is stored as that text, any other as base64 with `is_binary` set. ETags are random UUIDs.
/// Times are UTC texts as SQLite writes them; ours have milliseconds, which Dapr's comparisons order rightly.
final class DaprStateTable: StateTable {
    private let database: Database
    private let select: Statement
    private let selectETag: Statement
    private let upsert: Statement
    private let delete: Statement
    let expired: ExpiredRows
    private let validate: Statement

    private static let timeFormat = "'%Y-%m-%d %H:%M:%f'"

    /// `name` is a validated identifier.
    init(_ database: Database, name: String) throws(SQLiteError) {
        self.database = database
        let now = Self.text(ofMilliseconds: "?2")
        let living = "key = ?1 AND (expiration_time IS NULL OR expiration_time > \(now))"
        select = try database.prepare(
            """
            SELECT value, is_binary, etag,
                CAST(round((julianday(expiration_time) - 2440587.5) * 86400000.0) AS INTEGER)
            FROM \(name) WHERE \(living)
            """)
        selectETag = try database.prepare("SELECT etag FROM \(name) WHERE \(living)")
        upsert = try database.prepare(
            """
            INSERT OR REPLACE INTO \(name) (key, value, is_binary, etag, expiration_time, update_time)
            VALUES (?1, ?2, ?3, ?4, \(Self.text(ofMilliseconds: "?5")), CURRENT_TIMESTAMP)
            """)
        delete = try database.prepare("DELETE FROM \(name) WHERE key = ?1")
        let hasExpired = "expiration_time IS NOT NULL AND expiration_time <= \(Self.text(ofMilliseconds: "?1"))"
        expired = try ExpiredRows(
            database, select: "SELECT 1 FROM \(name) WHERE \(hasExpired) LIMIT 1",
            delete: "DELETE FROM \(name) WHERE rowid IN (SELECT rowid FROM \(name) WHERE \(hasExpired) LIMIT ?2)")
        validate = try database.prepare("SELECT json_valid(?1)")
    }

    /// The expression that makes Dapr's text of a time in milliseconds; the latest time that SQLite knows stands for
    /// later ones.
    private static func text(ofMilliseconds parameter: String) -> String {
        "strftime(\(timeFormat), min(\(parameter), 253402300799000) / 1000.0, 'unixepoch')"
    }

    func item(_ namespace: String, _ key: String, now: Int64) throws(SQLiteError) -> StateItem? {
        try select.bind(1, key)
        try select.bind(2, now)
        defer { select.reset() }
        guard try select.step() else { return nil }
        var value = select.withBytes(0) { ByteBuffer(bytes: $0) }
        if select.integer(1) != 0 {
            guard let decoded = Data(base64Encoded: Data(value.readableBytesView)) else {
                throw SQLiteError(.other, message: "a value that should be base64 isn't", file: database.path)
            }
            value = ByteBuffer(bytes: decoded)
        }
        return StateItem(
            value: value, etag: select.text(2), expiresAtMilliseconds: select.optionalInteger(3))
    }

    func etag(_ namespace: String, _ key: String, now: Int64) throws(SQLiteError) -> String? {
        try selectETag.bind(1, key)
        try selectETag.bind(2, now)
        defer { selectETag.reset() }
        return try selectETag.step() ? selectETag.text(0) : nil
    }

    func put(_ namespace: String, _ key: String, _ value: ByteBuffer, expiresAt: Int64?) throws(SQLiteError) {
        let isText = try isJSON(value)
        let stored = isText ? value : ByteBuffer(bytes: Data(value.readableBytesView).base64EncodedData())
        try upsert.bind(1, key)
        try upsert.bind(3, isText ? 0 : 1)
        try upsert.bind(4, UUID().uuidString.lowercased())
        try upsert.bind(5, expiresAt)
        let result = stored.withUnsafeReadableBytes { bytes in
            // The bytes are borrowed until the statement has run, which is before this closure ends.
            Result { () throws(SQLiteError) in
                try upsert.bindBorrowed(2, text: bytes)
                try upsert.run()
            }
        }
        try result.get()
    }

    func remove(_ namespace: String, _ key: String) throws(SQLiteError) {
        try delete.bind(1, key)
        try delete.run()
    }

    /// Whether the value can be stored as text: valid UTF-8 with one JSON value and no zero byte, at which SQLite's
    /// check would stop.
    private func isJSON(_ value: ByteBuffer) throws(SQLiteError) -> Bool {
        let isText = value.withUnsafeReadableBytes { bytes in
            !bytes.isEmpty && !bytes.contains(0) && String(validating: bytes, as: UTF8.self) != nil
        }
        guard isText else { return false }
        let result = value.withUnsafeReadableBytes { bytes in
            Result { () throws(SQLiteError) in
                try validate.bindBorrowed(1, text: bytes)
                defer { validate.reset() }
                return try validate.step() && validate.integer(0) == 1
            }
        }
        return try result.get()
    }
}

/// The tables of a file in Dapr's layout, made as Dapr makes them.
struct DaprStateSchema: Sendable {
    /// Dapr's count of migrations, kept under `migrations` in the metadata table.
    private static let level: Int64 = 1

    var tableName: String
    var metadataTableName: String

    /// Refuses a file that a later migration of Dapr has changed. It only reads.
    func check(_ database: Database) throws(SQLiteError) {
        guard try database.integer(exists(metadataTableName)) == 1 else { return }
        let level = try database.integer(
            "SELECT CAST(value AS INTEGER) FROM \(metadataTableName) WHERE key = 'migrations'")
        guard level ?? 0 <= Self.level else {
            throw SQLiteError(
                .wrongSchema, message: "the file was migrated by a newer version of Dapr", file: database.path)
        }
    }

    func migrate(_ database: Database) throws(SQLiteError) {
        let level = "SELECT value FROM \(metadataTableName) WHERE key = 'migrations'"
        if try database.integer(exists(metadataTableName)) == 1, try database.integer(level) != nil { return }
        do throws(SQLiteError) {
            try database.execute(
                """
                BEGIN IMMEDIATE;
                CREATE TABLE IF NOT EXISTS \(metadataTableName) (key text NOT NULL PRIMARY KEY, value text NOT NULL);
                CREATE TABLE IF NOT EXISTS \(tableName) (
                    key TEXT NOT NULL PRIMARY KEY,
                    value TEXT NOT NULL,
                    is_binary BOOLEAN NOT NULL,
                    etag TEXT NOT NULL,
                    expiration_time TIMESTAMP DEFAULT NULL,
                    update_time TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
                );
                REPLACE INTO \(metadataTableName) (key, value) VALUES ('migrations', '\(Self.level)');
                COMMIT;
                """)
        } catch {
            database.rollback()
            throw error
        }
    }

    private func exists(_ table: String) -> String {
        "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = '\(table)')"
    }
}
