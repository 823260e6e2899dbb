// SPDX-License-Identifier: Apache-2.0

internal import BuildingBlocks
internal import Core
internal import NIOCore
internal import WireCloudEvents

/// The body of a call that brings many events.
enum BulkEnvelope {
    static let type = "com.dapr.event.sent.bulk"

    static func json(of events: [DeliverableEvent], _ declaration: SubscriptionDeclaration) -> ByteBuffer {
        let bytes = events.reduce(256) { $0 + $1.envelope.readableBytes + 256 }
        var json = JSONWriter(capacity: bytes)
        json.beginObject()
        json.field("id", UniqueID.random())
        json.key("entries")
        json.beginArray()
        for event in events { write(event, isRaw: declaration.options.isRaw, to: &json) }
        json.endArray()
        json.key("metadata")
        json.beginObject()
        json.endObject()
        json.field("topic", declaration.topic)
        json.field("pubsubname", declaration.pubsub)
        json.field("type", type)
        json.endObject()
        return ByteBuffer(bytes: json.bytes)
    }

    /// A raw payload is in base 64, without an envelope of its own.
    private static func write(_ event: DeliverableEvent, isRaw: Bool, to json: inout JSONWriter) {
        json.beginObject()
        json.field("entryId", event.message.position)
        json.key("event")
        if isRaw {
            json.string(event.message.message.data.withUnsafeReadableBytes { Base64.text(of: $0) })
        } else {
            json.raw(event.envelope.readableBytesView)
        }
        json.field("contentType", isRaw ? CloudEvent.binaryContentType : CloudEvent.contentType)
        json.key("metadata")
        json.beginObject()
        for header in event.message.message.metadata { json.field(header.name, header.value) }
        json.endObject()
        json.endObject()
    }
}
