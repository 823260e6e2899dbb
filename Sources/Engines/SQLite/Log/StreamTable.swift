// SPDX-License-Identifier: Apache-2.0

import SQLiteClient

/// A log's row: its number, and the position of its newest event.
struct LogRow {
    var id: Int64
    var head: Int64
}

/// A stream's row. Positions and revisions go on from here even when every event has been trimmed.
struct StreamRow {
    var id: Int64
    var nextRevision: Int64 = 0
    /// Events that haven't been trimmed, and their bytes.
    var count: Int64 = 0
    var bytes: Int64 = 0
    /// Of the newest event that was ever appended; 0 before the first.
    var lastPosition: Int64 = 0

    /// The revision of the oldest event that hasn't been trimmed.
    var firstRevision: Int64 { nextRevision - count }
}

/// The rows of logs and streams, by name.
final class StreamTable {
    private let selectLog: Statement
    private let insertLog: Statement
    private let updateLog: Statement
    private let select: Statement
    private let insert: Statement
    private let update: Statement
    private let selectGrown: Statement

    init(_ database: Database) throws(SQLiteError) {
        selectLog = try database.prepare("SELECT id, head FROM event_logs WHERE namespace = ?1")
        insertLog = try database.prepare("INSERT INTO event_logs (namespace, head) VALUES (?1, 0) RETURNING id")
        updateLog = try database.prepare("UPDATE event_logs SET head = ?2 WHERE id = ?1")
        select = try database.prepare(
            """
            SELECT id, next_revision, count, bytes, last_position FROM event_streams WHERE log = ?1 AND name = ?2
            """)
        insert = try database.prepare(
            """
            INSERT INTO event_streams (log, name, next_revision, count, bytes, last_position)
            VALUES (?1, ?2, 0, 0, 0, 0) RETURNING id
            """)
        update = try database.prepare(
            """
            UPDATE event_streams SET next_revision = ?2, count = ?3, bytes = ?4, last_position = ?5 WHERE id = ?1
            """)
        selectGrown = try database.prepare(
            """
            SELECT name FROM event_streams
            WHERE id IN (SELECT DISTINCT stream FROM events WHERE key > ?1 AND key <= ?2)
            """)
    }

    func log(_ namespace: String) throws(SQLiteError) -> LogRow? {
        try selectLog.bind(1, namespace)
        defer { selectLog.reset() }
        return try selectLog.step() ? LogRow(id: selectLog.integer(0), head: selectLog.integer(1)) : nil
    }

    func makeLog(_ namespace: String) throws(SQLiteError) -> LogRow {
        try insertLog.bind(1, namespace)
        let id = try newID(insertLog)
        guard id <= EventKey.logMax else {
            throw SQLiteError(.full, message: "the file has as many logs as it takes", file: "")
        }
        return LogRow(id: id, head: 0)
    }

    func setHead(_ row: LogRow) throws(SQLiteError) {
        try updateLog.bind(1, row.id)
        try updateLog.bind(2, row.head)
        try updateLog.run()
    }

    func stream(_ name: String, ofLog log: Int64) throws(SQLiteError) -> StreamRow? {
        try select.bind(1, log)
        try select.bind(2, name)
        defer { select.reset() }
        guard try select.step() else { return nil }
        return StreamRow(
            id: select.integer(0), nextRevision: select.integer(1), count: select.integer(2),
            bytes: select.integer(3), lastPosition: select.integer(4))
    }

    func makeStream(_ name: String, ofLog log: Int64) throws(SQLiteError) -> StreamRow {
        try insert.bind(1, log)
        try insert.bind(2, name)
        return StreamRow(id: try newID(insert))
    }

    func update(_ row: StreamRow) throws(SQLiteError) {
        try update.bind(1, row.id)
        try update.bind(2, row.nextRevision)
        try update.bind(3, row.count)
        try update.bind(4, row.bytes)
        try update.bind(5, row.lastPosition)
        try update.run()
    }

    /// The streams of the events with keys above `first`, up to `last`.
    func grown(above first: Int64, through last: Int64) throws(SQLiteError) -> [String] {
        try selectGrown.bind(1, first)
        try selectGrown.bind(2, last)
        defer { selectGrown.reset() }
        var names: [String] = []
        while try selectGrown.step() { names.append(selectGrown.text(0)) }
        return names
    }

    private func newID(_ statement: Statement) throws(SQLiteError) -> Int64 {
        defer { statement.reset() }
        return try statement.step() ? statement.integer(0) : 0
    }
}
