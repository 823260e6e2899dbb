// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import NIOCore
import SQLiteClient

/// The rows of events.
final class EventTable {
    private let insert: Statement
    private let selectStream: Statement
    private let selectAll: Statement
    private let selectID: Statement
    private let selectNext: Statement
    private let selectTrimmed: Statement
    private let delete: Statement

    private static let columns = """
        key, revision, appended_at, expires_at, events.id, type, event_key, metadata, data
        """

    init(_ database: Database) throws(SQLiteError) {
        insert = try database.prepare(
            """
            INSERT INTO events (
                key, stream, revision, has_unique_id, appended_at, expires_at, id, type, event_key, metadata, data)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
            """)
        selectStream = try database.prepare(
            """
            SELECT \(Self.columns) FROM events WHERE stream = ?1 AND key > ?2 AND key <= ?3 ORDER BY key LIMIT ?4
            """)
        selectAll = try database.prepare(
            """
            SELECT \(Self.columns), name FROM events CROSS JOIN event_streams ON event_streams.id = events.stream
            WHERE key > ?2 AND key <= ?3 ORDER BY key LIMIT ?4
            """)
        selectID = try database.prepare(
            "SELECT \(Self.columns) FROM events WHERE stream = ?1 AND id = ?2 AND has_unique_id = 1")
        selectNext = try database.prepare(
            "SELECT key, revision FROM events WHERE stream = ?1 AND key >= ?2 ORDER BY key LIMIT 1")
        selectTrimmed = try database.prepare(
            """
            SELECT count(*), sum(size), max(key) FROM (
                SELECT key, length(metadata) + length(data) AS size FROM events
                WHERE stream = ?1 AND key <= ?2 ORDER BY key LIMIT ?3)
            """)
        delete = try database.prepare("DELETE FROM events WHERE stream = ?1 AND key <= ?2")
    }

    // MARK: - Writing

    func add(
        _ event: NewEvent, key: Int64, stream: Int64, revision: Int64, hasUniqueID: Bool, now: Int64
    ) throws(SQLiteError) {
        try insert.bind(1, key)
        try insert.bind(2, stream)
        try insert.bind(3, revision)
        try insert.bind(4, hasUniqueID ? 1 : 0)
        try insert.bind(5, now)
        try insert.bind(6, event.expiresAtMilliseconds)
        try insert.bind(7, event.id)
        try insert.bind(8, event.type)
        if let key = event.key { try insert.bind(9, key) } else { try insert.bindNull(9) }
        let result = event.metadata.withUnsafeReadableBytes { metadata in
            event.data.withUnsafeReadableBytes { data in
                // The bytes are borrowed until the statement has run, which is before these closures end.
                Result { () throws(SQLiteError) in
                    try insert.bindBorrowed(10, blob: metadata)
                    try insert.bindBorrowed(11, blob: data)
                    try insert.run()
                }
            }
        }
        try result.get()
    }

    /// Removes the oldest events of a stream up to the key `last`, `limit` of them at most; says how many and how many
    /// bytes that were.
    func trim(_ stream: Int64, through last: Int64, limit: Int) throws(SQLiteError) -> (count: Int64, bytes: Int64) {
        try selectTrimmed.bind(1, stream)
        try selectTrimmed.bind(2, last)
        try selectTrimmed.bind(3, Int64(limit))
        defer { selectTrimmed.reset() }
        guard try selectTrimmed.step(), selectTrimmed.integer(0) > 0 else { return (0, 0) }
        let (count, bytes, end) = (selectTrimmed.integer(0), selectTrimmed.integer(1), selectTrimmed.integer(2))
        selectTrimmed.reset()
        try delete.bind(1, stream)
        try delete.bind(2, end)
        try delete.run()
        return (count, bytes)
    }

    // MARK: - Reading

    /// The events of a stream with keys above `first`, up to `last`.
    func read(
        _ stream: StreamRow, named name: String, above first: Int64, through last: Int64, limit: EventReadLimit
    ) throws(SQLiteError) -> EventSlice {
        try selectStream.bind(1, stream.id)
        return try read(selectStream, above: first, through: last, limit: limit) { _ in name }
    }

    /// The events of all streams with keys above `first`, up to `last`.
    func readAll(above first: Int64, through last: Int64, limit: EventReadLimit) throws(SQLiteError) -> EventSlice {
        try read(selectAll, above: first, through: last, limit: limit) { $0.text(9) }
    }

    private func read(
        _ select: Statement, above first: Int64, through last: Int64, limit: EventReadLimit,
        _ name: (Statement) -> String
    ) throws(SQLiteError) -> EventSlice {
        let countMax = min(max(limit.count, 1), EventLogLimit.readEventsMax)
        let bytesMax = min(limit.bytes, EventLogLimit.readBytesMax)
        try select.bind(2, first)
        try select.bind(3, last)
        // One more than is answered, to know whether that was the end.
        try select.bind(4, Int64(countMax + 1))
        defer { select.reset() }
        var events: [StoredEvent] = []
        var bytes = 0
        while try select.step() {
            bytes += select.withBytes(7) { $0.count } + select.withBytes(8) { $0.count }
            if events.count == countMax || (bytes > bytesMax && !events.isEmpty) {
                return EventSlice(events: events, isAtEnd: false)
            }
            events.append(Self.event(select, stream: name(select)))
        }
        return EventSlice(events: events, isAtEnd: true)
    }

    /// The event of a stream that was appended to an expected revision under this id.
    func event(withID id: String, in stream: StreamRow, named name: String) throws(SQLiteError) -> StoredEvent? {
        try selectID.bind(1, stream.id)
        try selectID.bind(2, id)
        defer { selectID.reset() }
        return try selectID.step() ? Self.event(selectID, stream: name) : nil
    }

    /// The first event of a stream with `key` or a larger one.
    func next(in stream: Int64, from key: Int64) throws(SQLiteError) -> (key: Int64, revision: Int64)? {
        try selectNext.bind(1, stream)
        try selectNext.bind(2, key)
        defer { selectNext.reset() }
        return try selectNext.step() ? (selectNext.integer(0), selectNext.integer(1)) : nil
    }

    private static func event(_ row: Statement, stream: String) -> StoredEvent {
        StoredEvent(
            position: EventKey.position(of: row.integer(0)), stream: stream, revision: row.integer(1),
            appendedAtMilliseconds: row.integer(2),
            event: NewEvent(
                id: row.text(4), type: row.text(5), key: row.isNull(6) ? nil : row.text(6),
                metadata: row.withBytes(7) { ByteBuffer(bytes: $0) }, data: row.withBytes(8) { ByteBuffer(bytes: $0) },
                expiresAtMilliseconds: row.optionalInteger(3)))
    }
}
