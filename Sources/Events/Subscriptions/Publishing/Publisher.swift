// SPDX-License-Identifier: Apache-2.0

package import BuildingBlocks
internal import Core
package import NIOCore
internal import WireCloudEvents

/// Makes messages for a broker of what an app publishes to one pub/sub component.
package struct Publisher: Sendable {
    private let pubsub: String
    private let appID: String
    private let features: BrokerFeatures
    private let scopes: TopicScopes

    package init(pubsub: String, appID: String, features: BrokerFeatures, scopes: TopicScopes = TopicScopes()) {
        self.pubsub = pubsub
        self.appID = appID
        self.features = features
        self.scopes = scopes
    }

    /// Refuses a topic that the component's scopes don't give the app.
    package func checkScope(of topic: String) throws(PublishError) {
        guard scopes.mayPublish(to: topic) else {
            throw PublishError(.forbidden, "topic \(topic) is not allowed for app id \(appID)")
        }
    }

    /// Makes the message of one publish.
    ///
    /// - Parameters:
    ///   - contentType: as the app sent it; empty if it sent none.
    ///   - metadata: the app's metadata, without the prefix that they have in a query.
    ///   - traceParent: the trace context of the call.
    package func message(
        _ body: ByteBuffer, contentType: String, metadata: [MessageHeader] = [], topic: String,
        traceParent: String? = nil, traceState: String? = nil
    ) throws(PublishError) -> BrokerMessage {
        try checkScope(of: topic)
        var options = try PublishOptions(metadata)
        guard !options.isRaw else {
            // Without an envelope the trace context travels beside the message.
            options.rest += [("traceparent", traceParent), ("tracestate", traceState)].compactMap { name, value in
                value.map { MessageHeader(name, $0) }
            }
            let type = contentType.isEmpty ? CloudEvent.binaryContentType : contentType
            return options.message(body, contentType: type, id: UniqueID.random())
        }
        var event = CloudEvent(source: appID, topic: topic, pubsubName: pubsub)
        event.traceParent = traceParent
        event.traceState = traceState
        // What the envelope says needn't be said beside it.
        options.rest.removeAll { event.override($0.name, with: $0.value) }
        if let seconds = options.timeToLiveSeconds, !features.contains(.timeToLive) {
            event.expiration = Self.expiration(after: seconds, from: event.time)
        }
        let (json, id) = try Self.envelope(event, around: body, contentType)
        return options.message(ByteBuffer(bytes: json), contentType: CloudEvent.contentType, id: id)
    }

    private static func envelope(
        _ event: CloudEvent, around body: ByteBuffer, _ contentType: String
    ) throws(PublishError) -> (json: [UInt8], id: String) {
        guard DataForm.isCloudEvent(contentType) else {
            return (body.withUnsafeReadableBytes { event.json(data: $0, contentType: contentType) }, event.id)
        }
        let completed = body.withUnsafeReadableBytes { bytes in
            Result { () throws(CloudEventError) in try event.completing(bytes) }
        }
        do { return try completed.get() } catch { throw PublishError(.invalidCloudEvent, error.description) }
    }

    /// A time beyond the calendar of RFC 3339 is its last second.
    private static func expiration(after seconds: Int64, from now: UTCTime) -> UTCTime {
        let last: Int64 = 253_402_300_799
        let (time, overflow) = now.seconds.addingReportingOverflow(seconds)
        return UTCTime(seconds: overflow ? last : min(time, last), nanoseconds: now.nanoseconds)
    }
}

/// The metadata of a publish that mean something to the sidecar. Their case doesn't matter.
private struct PublishOptions {
    var isRaw = false
    var timeToLiveSeconds: Int64?
    var partitionKey: String?
    /// Everything else, for the message to carry.
    var rest: [MessageHeader] = []

    init(_ metadata: [MessageHeader]) throws(PublishError) {
        for header in metadata {
            switch header.name.lowercased() {
            case "rawpayload":
                guard let isRaw = TruthText.value(header.value) else {
                    throw PublishError(.invalidMetadata, "rawPayload is neither true nor false")
                }
                self.isRaw = isRaw
            case "ttlinseconds":
                guard let seconds = Int64(header.value), seconds > 0 else {
                    throw PublishError(.invalidMetadata, "ttlInSeconds is no whole number above zero")
                }
                timeToLiveSeconds = seconds
            case "partitionkey": partitionKey = header.value.isEmpty ? nil : header.value
            default: rest.append(header)
            }
        }
    }

    func message(_ data: ByteBuffer, contentType: String, id: String) -> BrokerMessage {
        BrokerMessage(
            data: data, contentType: contentType, id: id, partitionKey: partitionKey,
            timeToLiveSeconds: timeToLiveSeconds, metadata: rest)
    }
}

/// Why something can't be published as it is. It quotes no data.
package struct PublishError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: String, Sendable, CaseIterable {
        /// The component's scopes don't give the app the topic.
        case forbidden
        /// A key of the metadata has a wrong value.
        case invalidMetadata
        /// What was sent as a CloudEvent isn't one.
        case invalidCloudEvent
        /// The body of a bulk isn't the list that it should be.
        case invalidEntries
    }

    package var code: Code
    package var description: String

    package init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }
}
