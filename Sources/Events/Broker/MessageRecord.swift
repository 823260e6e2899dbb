// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import NIOCore

/// What an event's metadata says of a message; the log keeps it as bytes that it gives no meaning.
///
/// The format: one byte with the version (1), one with the number of fields before the headers that are present (see
/// `Flags`), then the fields. A text is its length in four bytes and its UTF-8; numbers have eight bytes, big endian.
struct MessageRecord: Sendable, Equatable {
    /// Why and from where a message came to be parked.
    struct Parking: Sendable, Equatable {
        var reason: String
        var tries: Int64
        var position: Int64
        var publishedAtMilliseconds: Int64
    }

    private struct Flags: OptionSet {
        let rawValue: UInt8
        static let onlyGroup = Flags(rawValue: 1)
        static let parking = Flags(rawValue: 2)
    }

    static let version: UInt8 = 1
    static let eventType = "message"

    var contentType: String
    var headers: [MessageHeader] = []
    /// The one group that the message is for: it was replayed there. Others pass it over.
    var onlyGroup: String?
    var parking: Parking?

    init(contentType: String, headers: [MessageHeader] = []) {
        self.contentType = contentType
        self.headers = headers
    }

    /// Reads the bytes of an event; ones that no broker of this version wrote are a message of unknown type.
    init(_ bytes: ByteBuffer) {
        self = Self.read(bytes) ?? MessageRecord(contentType: "application/octet-stream")
    }

    private static func read(_ bytes: ByteBuffer) -> MessageRecord? {
        var bytes = bytes
        guard bytes.readInteger(as: UInt8.self) == version, let raw = bytes.readInteger(as: UInt8.self) else {
            return nil
        }
        let flags = Flags(rawValue: raw)
        var record = MessageRecord(contentType: "")
        if flags.contains(.onlyGroup) {
            guard let group = bytes.readText() else { return nil }
            record.onlyGroup = group
        }
        if flags.contains(.parking) {
            guard let reason = bytes.readText(), let tries = bytes.readInteger(as: Int64.self),
                let position = bytes.readInteger(as: Int64.self), let time = bytes.readInteger(as: Int64.self)
            else { return nil }
            record.parking = Parking(reason: reason, tries: tries, position: position, publishedAtMilliseconds: time)
        }
        guard let contentType = bytes.readText() else { return nil }
        record.contentType = contentType
        while bytes.readableBytes > 0 {
            guard let name = bytes.readText(), let value = bytes.readText() else { return nil }
            record.headers.append(MessageHeader(name, value))
        }
        return record
    }

    var bytes: ByteBuffer {
        var flags: Flags = []
        if onlyGroup != nil { flags.insert(.onlyGroup) }
        if parking != nil { flags.insert(.parking) }
        var bytes = ByteBuffer()
        bytes.writeInteger(Self.version)
        bytes.writeInteger(flags.rawValue)
        if let onlyGroup { bytes.writeText(onlyGroup) }
        if let parking {
            bytes.writeText(parking.reason)
            bytes.writeInteger(parking.tries)
            bytes.writeInteger(parking.position)
            bytes.writeInteger(parking.publishedAtMilliseconds)
        }
        bytes.writeText(contentType)
        for header in headers {
            bytes.writeText(header.name)
            bytes.writeText(header.value)
        }
        return bytes
    }

    /// Whether a message is meant for a group, read without the rest.
    static func isMeant(_ event: StoredEvent, for group: String) -> Bool {
        let bytes = event.event.metadata
        guard let raw = bytes.getInteger(at: bytes.readerIndex + 1, as: UInt8.self),
            Flags(rawValue: raw).contains(.onlyGroup)
        else { return true }
        return MessageRecord(bytes).onlyGroup == group
    }
}

extension MessageRecord {
    /// The event of a message that is published now.
    static func event(_ message: BrokerMessage, now: Int64) -> NewEvent {
        NewEvent(
            id: message.id, type: eventType,
            key: message.partitionKey.flatMap { $0.isEmpty ? nil : $0 },
            metadata: MessageRecord(contentType: message.contentType, headers: message.metadata).bytes,
            data: message.data,
            expiresAtMilliseconds: message.timeToLiveSeconds.map { StateExpiry.milliseconds(after: $0, from: now) })
    }

    /// The message of a stored event.
    static func message(_ event: StoredEvent) -> BrokerMessage {
        let record = MessageRecord(event.event.metadata)
        // Rounded up: the publisher's clock was read a little before the log's.
        let seconds = event.event.expiresAtMilliseconds.map { expiry in
            (max(expiry - event.appendedAtMilliseconds, 0) + 999) / 1000
        }
        return BrokerMessage(
            data: event.event.data, contentType: record.contentType, id: event.event.id,
            partitionKey: event.event.key, timeToLiveSeconds: seconds, metadata: record.headers)
    }
}

extension ByteBuffer {
    fileprivate mutating func writeText(_ text: String) {
        writeInteger(UInt32(text.utf8.count))
        writeString(text)
    }

    fileprivate mutating func readText() -> String? {
        guard let length = readInteger(as: UInt32.self) else { return nil }
        return readString(length: Int(length))
    }
}
