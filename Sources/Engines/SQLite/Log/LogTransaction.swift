// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import SQLiteClient

/// What the open transaction has done to logs and streams.
///
/// The rows of logs and streams are read once and written once for each transaction, however many appends share it.
/// They are valid as long as the transaction is, since nobody else can write meanwhile.
struct LogTransaction {
    final class OpenLog {
        let namespace: String
        var row: LogRow
        /// The head before this transaction.
        let oldHead: Int64
        var streams: [ExactKey: OpenStream] = [:]

        init(_ namespace: String, _ row: LogRow) {
            self.namespace = namespace
            self.row = row
            oldHead = row.head
        }
    }

    final class OpenStream {
        let name: String
        var row: StreamRow
        var isChanged = false
        var wasAppendedTo = false

        init(_ name: String, _ row: StreamRow) {
            self.name = name
            self.row = row
        }
    }

    private let table: StreamTable
    private var logs: [ExactKey: OpenLog] = [:]

    init(_ table: StreamTable) { self.table = table }

    /// The log of a namespace, made if it is missing.
    mutating func log(_ namespace: String) throws(SQLiteError) -> OpenLog {
        if let log = logs[ExactKey(namespace)] { return log }
        let row = if let row = try table.log(namespace) { row } else { try table.makeLog(namespace) }
        let log = OpenLog(namespace, row)
        logs[ExactKey(namespace)] = log
        return log
    }

    /// A stream of a log; nil if it is missing.
    func stream(_ name: String, of log: OpenLog) throws(SQLiteError) -> OpenStream? {
        if let stream = log.streams[ExactKey(name)] { return stream }
        guard let row = try table.stream(name, ofLog: log.row.id) else { return nil }
        let stream = OpenStream(name, row)
        log.streams[ExactKey(name)] = stream
        return stream
    }

    func makeStream(_ name: String, of log: OpenLog) throws(SQLiteError) -> OpenStream {
        if let stream = try stream(name, of: log) { return stream }
        let stream = OpenStream(name, try table.makeStream(name, ofLog: log.row.id))
        log.streams[ExactKey(name)] = stream
        return stream
    }

    /// Writes the rows that have changed; to be called before the commit.
    func flush() throws(SQLiteError) {
        for log in logs.values {
            if log.row.head != log.oldHead { try table.setHead(log.row) }
            for stream in log.streams.values where stream.isChanged { try table.update(stream.row) }
        }
    }

    /// Forgets everything; to be called after the commit or the rollback. Answers what was appended.
    mutating func end() -> [AppendedBatch] {
        if logs.isEmpty { return [] }
        defer { logs.removeAll(keepingCapacity: true) }
        return logs.values.compactMap { log in
            guard log.row.head != log.oldHead else { return nil }
            return AppendedBatch(
                namespace: log.namespace, oldHead: log.oldHead, head: log.row.head,
                streams: log.streams.values.compactMap { $0.wasAppendedTo ? $0.name : nil })
        }
    }
}

/// What one commit appended to one log.
struct AppendedBatch: Sendable, Equatable {
    var namespace: String
    var oldHead: Int64
    var head: Int64
    var streams: [String]
}
