// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import NIOCore
import SQLiteClient

/// The embedded database's own table of state.
///
/// The row is the primary key's leaf (WITHOUT ROWID): one descent finds it, and a save changes one page. The value is
/// the last column, so that reading the ETag doesn't read a large value.
final class EmbeddedStateTable: StateTable {
    private let select: Statement
    private let selectETag: Statement
    private let upsert: Statement
    private let delete: Statement
    let expired: ExpiredRows
    private var etags = ETagSequence()

    static let creation = """
        CREATE TABLE state (
            namespace TEXT NOT NULL,
            key TEXT NOT NULL,
            etag INTEGER NOT NULL,
            expires_at INTEGER,
            value BLOB NOT NULL,
            PRIMARY KEY (namespace, key)
        ) WITHOUT ROWID;
        CREATE INDEX state_expires_at ON state (expires_at) WHERE expires_at IS NOT NULL;
        """

    init(_ database: Database) throws(SQLiteError) {
        let living = "namespace = ?1 AND key = ?2 AND (expires_at IS NULL OR expires_at > ?3)"
        select = try database.prepare("SELECT etag, expires_at, value FROM state WHERE \(living)")
        selectETag = try database.prepare("SELECT etag FROM state WHERE \(living)")
        upsert = try database.prepare(
            """
            INSERT INTO state (namespace, key, etag, expires_at, value) VALUES (?1, ?2, ?3, ?4, ?5)
            ON CONFLICT (namespace, key) DO UPDATE
            SET etag = excluded.etag, expires_at = excluded.expires_at, value = excluded.value
            """)
        delete = try database.prepare("DELETE FROM state WHERE namespace = ?1 AND key = ?2")
        expired = try ExpiredRows(
            database, select: "SELECT 1 FROM state WHERE expires_at <= ?1 LIMIT 1",
            delete: """
                DELETE FROM state WHERE (namespace, key) IN (
                    SELECT namespace, key FROM state WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)
                """)
    }

    func item(_ namespace: String, _ key: String, now: Int64) throws(SQLiteError) -> StateItem? {
        try bind(select, namespace, key)
        try select.bind(3, now)
        defer { select.reset() }
        guard try select.step() else { return nil }
        let value = select.withBytes(2) { ByteBuffer(bytes: $0) }
        return StateItem(
            value: value, etag: ETagSequence.text(select.integer(0)), expiresAtMilliseconds: select.optionalInteger(1))
    }

    func etag(_ namespace: String, _ key: String, now: Int64) throws(SQLiteError) -> String? {
        try bind(selectETag, namespace, key)
        try selectETag.bind(3, now)
        defer { selectETag.reset() }
        return try selectETag.step() ? ETagSequence.text(selectETag.integer(0)) : nil
    }

    func put(_ namespace: String, _ key: String, _ value: ByteBuffer, expiresAt: Int64?) throws(SQLiteError) {
        try bind(upsert, namespace, key)
        try upsert.bind(3, etags.next())
        try upsert.bind(4, expiresAt)
        let result = value.withUnsafeReadableBytes { bytes in
            // The bytes are borrowed until the statement has run, which is before this closure ends.
            Result { () throws(SQLiteError) in
                try upsert.bindBorrowed(5, blob: bytes)
                try upsert.run()
            }
        }
        try result.get()
    }

    func remove(_ namespace: String, _ key: String) throws(SQLiteError) {
        try bind(delete, namespace, key)
        try delete.run()
    }

    private func bind(_ statement: Statement, _ namespace: String, _ key: String) throws(SQLiteError) {
        try statement.bind(1, namespace)
        try statement.bind(2, key)
    }
}

/// ETags of one connection: consecutive numbers from a random start.
///
/// For an ETag to come twice on one key, a later start would have to draw, out of 2^60 numbers, a start just below one
/// that a client still holds. The 15 hexadecimal digits are the longest text that a Swift string holds without an
/// allocation.
struct ETagSequence {
    static let bits = 60
    private static var mask: Int64 { 1 << bits - 1 }
    private var last = Int64.random(in: 0...ETagSequence.mask)

    mutating func next() -> Int64 {
        last = (last + 1) & Self.mask
        return last
    }

    static func text(_ number: Int64) -> String {
        String(unsafeUninitializedCapacity: 15) { bytes in
            var rest = number & mask
            for index in stride(from: 14, through: 0, by: -1) {
                let digit = UInt8(rest & 0xF)
                bytes[index] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
                rest >>= 4
            }
            return 15
        }
    }
}
