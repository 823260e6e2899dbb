// SPDX-License-Identifier: Apache-2.0

internal import BuildingBlocks
internal import NIOCore
internal import Telemetry
internal import WireCloudEvents
internal import WireHTTP

/// A message as the app gets it.
struct DeliverableEvent {
    var message: ReceivedMessage
    /// The CloudEvent in JSON.
    var envelope: ByteBuffer
    var attributes: ReceivedCloudEvent
    var path = ""

    /// Takes a message's CloudEvent, or puts one around a message for a subscriber of raw payloads.
    init(_ message: ReceivedMessage, of declaration: SubscriptionDeclaration) throws(UnwantedMessage) {
        self.message = message
        envelope =
            declaration.options.isRaw ? Self.wrap(message, pubsub: declaration.pubsub) : message.message.data
        guard let attributes = envelope.withUnsafeReadableBytes({ try? ReceivedCloudEvent.read($0) }) else {
            throw UnwantedMessage(reason: "the message is no CloudEvent, and the subscription isn't for raw payloads")
        }
        self.attributes = attributes
    }

    /// The id is the one that the message got at random when it was published, so that each try has the same.
    private static func wrap(_ message: ReceivedMessage, pubsub: String) -> ByteBuffer {
        var event = CloudEvent(
            id: message.message.id, source: CloudEvent.rawSource, topic: message.topic, pubsubName: pubsub)
        for header in message.message.metadata {
            switch header.name.lowercased() {
            case "traceparent": event.traceParent = header.value
            case "tracestate": event.traceState = header.value
            default: break
            }
        }
        let json = message.message.data.withUnsafeReadableBytes {
            event.json(data: $0, contentType: CloudEvent.binaryContentType)
        }
        return ByteBuffer(bytes: json)
    }

    /// Where the publisher was in its trace; nil if it said nothing that is a trace context.
    var traceContext: TraceContext? {
        attributes.traceParent.flatMap { TraceContext(traceparent: $0, state: attributes.traceState ?? "") }
    }

    /// The content type, the trace context, and the message's metadata. `span`: the delivery's own, if it is recorded;
    /// otherwise the app gets what the publisher sent, whatever that is.
    func headers(_ span: TraceContext?) -> [MessageHeader] {
        var headers = [MessageHeader("content-type", CloudEvent.contentType)]
        let parent = span?.traceparent ?? attributes.traceParent
        let state = span.map(\.state) ?? attributes.traceState
        if let parent { headers.append(MessageHeader("traceparent", parent)) }
        if let state, !state.isEmpty { headers.append(MessageHeader("tracestate", state)) }
        return headers.filter(\.isSafe) + message.message.metadata.filter { $0.isSafe && !$0.isReserved }
    }
}

extension MessageHeader {
    /// Headers that are the sidecar's or the connection's business, whatever a publisher says.
    private static let reserved: Set<String> = [
        "connection", "content-encoding", "content-length", "content-type", "dapr-api-token", "expect", "host",
        "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "traceparent", "tracestate", "trailer",
        "transfer-encoding", "upgrade",
    ]

    fileprivate var isReserved: Bool { Self.reserved.contains(name.lowercased()) }

    /// Whether this may stand in a request's head: a token, and a value that neither ends a line nor is cut by one
    /// (RFC 9110, section 5). A publisher is another app, so what it names may be anything.
    fileprivate var isSafe: Bool { HTTPFields.isName(name) && HTTPFields.isValue(value) }
}
