// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import SQLiteClient

/// The event logs in a database: what one connection can do with them, used on its lane only.
///
/// What changes something belongs to the transaction that the writing lane has open, whose end is `flush` and `end`.
final class EventTables {
    private let streams: StreamTable
    private let events: EventTable
    private let checkpoints: CheckpointTable
    private var transaction: LogTransaction

    init(_ database: Database) throws(SQLiteError) {
        streams = try StreamTable(database)
        events = try EventTable(database)
        checkpoints = try CheckpointTable(database)
        transaction = LogTransaction(streams)
    }

    /// Writes what the transaction still holds in memory; to be called before the commit.
    func flush() throws(SQLiteError) { try transaction.flush() }

    /// Ends the transaction, after its commit or its rollback; answers what it appended.
    func end() -> [AppendedBatch] { transaction.end() }

    // MARK: - Writing

    /// Makes one append if its expectation holds; answers why not otherwise, and leaves no trace then.
    func append(
        _ append: EventAppend, in namespace: String, now: Int64
    ) throws(SQLiteError) -> Result<AppendedEvents, EventLogError> {
        let log = try transaction.log(namespace)
        let known = try transaction.stream(append.stream, of: log)
        if let place = append.expectation.place {
            let row = known?.row ?? StreamRow(id: 0)
            let answer = try append.replay(from: place) { (id) throws(SQLiteError) in
                try events.event(withID: id, in: row, named: append.stream).map {
                    IdentifiedEvent(position: $0.position, revision: $0.revision, event: $0.event)
                }
            }
            if let answer { return answer }
        }
        if let refusal = append.expectation.refusal(nextRevision: known?.row.nextRevision ?? 0, append.stream) {
            return .failure(refusal)
        }
        let stream = if let known { known } else { try transaction.makeStream(append.stream, of: log) }
        return .success(try add(append, to: stream, of: log, now: now))
    }

    private func add(
        _ append: EventAppend, to stream: LogTransaction.OpenStream, of log: LogTransaction.OpenLog, now: Int64
    ) throws(SQLiteError) -> AppendedEvents {
        let result = AppendedEvents(
            firstPosition: log.row.head + 1, firstRevision: stream.row.nextRevision, count: append.events.count)
        for event in append.events {
            log.row.head += 1
            try events.add(
                event, key: EventKey.make(log: log.row.id, position: log.row.head), stream: stream.row.id,
                revision: stream.row.nextRevision, hasUniqueID: append.expectation.place != nil, now: now)
            stream.row.nextRevision += 1
            stream.row.count += 1
            stream.row.bytes += Int64(event.contentByteCount)
            stream.row.lastPosition = log.row.head
            stream.isChanged = true
            stream.wasAppendedTo = true
        }
        return result
    }

    /// Removes the oldest events of a stream up to `position`, `limit` of them at most.
    func trim(
        _ name: String, in namespace: String, through position: Int64, limit: Int
    ) throws(SQLiteError) -> Int {
        let log = try transaction.log(namespace)
        guard limit > 0, let stream = try transaction.stream(name, of: log) else { return 0 }
        let (count, bytes) = try events.trim(
            stream.row.id, through: EventKey.make(log: log.row.id, position: position),
            limit: min(limit, EventLogLimit.trimEventsMax))
        guard count > 0 else { return 0 }
        stream.row.count -= count
        stream.row.bytes -= bytes
        stream.isChanged = true
        return Int(count)
    }

    func save(_ saved: [Checkpoint], of consumer: String, in namespace: String) throws(SQLiteError) {
        let log = try transaction.log(namespace)
        for checkpoint in saved {
            let stream = try transaction.makeStream(checkpoint.stream, of: log)
            try checkpoints.save(checkpoint, of: consumer, stream: stream.row.id, log: log.row.id)
        }
    }

    func forget(_ consumer: String, in namespace: String) throws(SQLiteError) {
        guard let log = try streams.log(namespace) else { return }
        try checkpoints.remove(consumer, log: log.id)
    }
}

// MARK: - Reading

extension EventTables {
    func read(
        _ name: String, in namespace: String, after position: Int64, limit: EventReadLimit
    ) throws(SQLiteError) -> EventSlice {
        guard let (log, stream) = try find(name, in: namespace), stream.lastPosition > position else {
            return EventSlice(events: [], isAtEnd: true)
        }
        return try events.read(
            stream, named: name, above: EventKey.make(log: log.id, position: position),
            through: EventKey.make(log: log.id, position: .max), limit: limit)
    }

    func read(
        _ name: String, in namespace: String, from revision: Int64, limit: EventReadLimit
    ) throws(SQLiteError) -> EventSlice {
        guard let (log, stream) = try find(name, in: namespace), stream.count > 0, revision < stream.nextRevision else {
            return EventSlice(events: [], isAtEnd: true)
        }
        let key = try key(of: max(revision, stream.firstRevision), in: stream, log: log.id)
        return try events.read(
            stream, named: name, above: key - 1, through: EventKey.make(log: log.id, position: .max), limit: limit)
    }

    func readAll(
        in namespace: String, after position: Int64, limit: EventReadLimit
    ) throws(SQLiteError) -> EventSlice {
        guard let log = try streams.log(namespace), log.head > position else {
            return EventSlice(events: [], isAtEnd: true)
        }
        return try events.readAll(
            above: EventKey.make(log: log.id, position: position),
            through: EventKey.make(log: log.id, position: .max), limit: limit)
    }

    func extent(of name: String, in namespace: String) throws(SQLiteError) -> StreamExtent {
        guard let (log, stream) = try find(name, in: namespace) else {
            return StreamExtent(nextRevision: 0, count: 0, bytes: 0)
        }
        var extent = StreamExtent(nextRevision: stream.nextRevision, count: stream.count, bytes: stream.bytes)
        if stream.count > 0 {
            let first = try events.next(in: stream.id, from: EventKey.make(log: log.id, position: 0))
            extent.firstPosition = first.map { EventKey.position(of: $0.key) }
            extent.lastPosition = stream.lastPosition
        }
        return extent
    }

    func head(of namespace: String) throws(SQLiteError) -> Int64 { try streams.log(namespace)?.head ?? 0 }

    /// What was appended to logs since `heads`; in which streams, if those were `limit` events at most.
    func growth(since heads: [String: Int64], limit: Int) throws(SQLiteError) -> [LogGrowth] {
        var grown: [LogGrowth] = []
        for (namespace, head) in heads {
            guard let log = try streams.log(namespace), log.head > head else { continue }
            let names =
                if log.head - head > Int64(limit) {
                    nil as [String]?
                } else {
                    try streams.grown(
                        above: EventKey.make(log: log.id, position: head),
                        through: EventKey.make(log: log.id, position: log.head))
                }
            grown.append(LogGrowth(namespace: namespace, head: log.head, streams: names))
        }
        return grown
    }

    func checkpoints(of consumer: String, in namespace: String) throws(SQLiteError) -> [Checkpoint] {
        guard let log = try streams.log(namespace) else { return [] }
        return try checkpoints.all(of: consumer, log: log.id)
    }

    func consumers(of name: String, in namespace: String) throws(SQLiteError) -> [String] {
        guard let (_, stream) = try find(name, in: namespace) else { return [] }
        return try checkpoints.consumers(of: stream.id)
    }

    private func find(_ name: String, in namespace: String) throws(SQLiteError) -> (LogRow, StreamRow)? {
        guard let log = try streams.log(namespace), let stream = try streams.stream(name, ofLog: log.id) else {
            return nil
        }
        return (log, stream)
    }

    /// The key of the event that has `revision`, which hasn't been trimmed.
    ///
    /// Each revision has a larger position than the one before, so a search that halves the range finds it without an
    /// index of revisions. Two revisions are at least as far apart in positions, which narrows the range further: in a
    /// log of one stream the first look finds it.
    private func key(of revision: Int64, in stream: StreamRow, log: Int64) throws(SQLiteError) -> Int64 {
        guard let first = try events.next(in: stream.id, from: EventKey.make(log: log, position: 0)) else { return 0 }
        var low = first.key + (revision - first.revision)
        var high = EventKey.make(log: log, position: stream.lastPosition) - (stream.nextRevision - 1 - revision)
        while low < high {
            let middle = low + (high - low) / 2
            guard let found = try events.next(in: stream.id, from: middle) else { break }
            if found.revision == revision { return found.key }
            if found.revision < revision {
                low = found.key + (revision - found.revision)
            } else {
                high = min(middle - 1, found.key - (found.revision - revision))
            }
        }
        return low
    }
}
