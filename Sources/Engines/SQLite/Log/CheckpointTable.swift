// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import SQLiteClient

/// How far consumers are.
final class CheckpointTable {
    private let upsert: Statement
    private let select: Statement
    private let selectConsumers: Statement
    private let delete: Statement

    init(_ database: Database) throws(SQLiteError) {
        upsert = try database.prepare(
            """
            INSERT INTO event_checkpoints (stream, consumer, partition, log, position, owed)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            ON CONFLICT (stream, consumer, partition) DO UPDATE
            SET position = excluded.position, owed = excluded.owed
            """)
        select = try database.prepare(
            """
            SELECT name, partition, position, owed
            FROM event_checkpoints JOIN event_streams ON event_streams.id = stream
            WHERE event_checkpoints.log = ?1 AND consumer = ?2 ORDER BY name, partition
            """)
        selectConsumers = try database.prepare(
            "SELECT DISTINCT consumer FROM event_checkpoints WHERE stream = ?1 ORDER BY consumer")
        delete = try database.prepare("DELETE FROM event_checkpoints WHERE log = ?1 AND consumer = ?2")
    }

    func save(
        _ checkpoint: Checkpoint, of consumer: String, stream: Int64, log: Int64
    ) throws(SQLiteError) {
        try upsert.bind(1, stream)
        try upsert.bind(2, consumer)
        try upsert.bind(3, Int64(checkpoint.partition))
        try upsert.bind(4, log)
        try upsert.bind(5, checkpoint.position)
        let result = OwedEvent.bytes(checkpoint.owed).withUnsafeBytes { owed in
            // The bytes are borrowed until the statement has run, which is before this closure ends.
            Result { () throws(SQLiteError) in
                try upsert.bindBorrowed(6, blob: owed)
                try upsert.run()
            }
        }
        try result.get()
    }

    func all(of consumer: String, log: Int64) throws(SQLiteError) -> [Checkpoint] {
        try select.bind(1, log)
        try select.bind(2, consumer)
        defer { select.reset() }
        var checkpoints: [Checkpoint] = []
        while try select.step() {
            guard let owed = select.withBytes(3, OwedEvent.read) else {
                throw SQLiteError(.other, message: "a checkpoint's owed events can't be read", file: "")
            }
            checkpoints.append(
                Checkpoint(
                    stream: select.text(0), partition: Int(select.integer(1)), position: select.integer(2),
                    owed: owed))
        }
        return checkpoints
    }

    func consumers(of stream: Int64) throws(SQLiteError) -> [String] {
        try selectConsumers.bind(1, stream)
        defer { selectConsumers.reset() }
        var consumers: [String] = []
        while try selectConsumers.step() { consumers.append(selectConsumers.text(0)) }
        return consumers
    }

    func remove(_ consumer: String, log: Int64) throws(SQLiteError) {
        try delete.bind(1, log)
        try delete.bind(2, consumer)
        try delete.run()
    }
}

/// The form in a checkpoint's row: for each event eight bytes of its position and four of its tries, the least
/// significant first.
extension OwedEvent {
    private static let byteCount = 12

    static func bytes(_ events: [OwedEvent]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(events.count * byteCount)
        for event in events {
            withUnsafeBytes(of: event.position.littleEndian) { bytes.append(contentsOf: $0) }
            withUnsafeBytes(of: UInt32(clamping: event.attempts).littleEndian) { bytes.append(contentsOf: $0) }
        }
        return bytes
    }

    /// Nil if no program of ours wrote that.
    static func read(_ bytes: UnsafeRawBufferPointer) -> [OwedEvent]? {
        guard bytes.count.isMultiple(of: byteCount) else { return nil }
        return stride(from: 0, to: bytes.count, by: byteCount).map { start in
            OwedEvent(
                position: Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: start, as: Int64.self)),
                attempts: Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: start + 8, as: UInt32.self))))
        }
    }
}
