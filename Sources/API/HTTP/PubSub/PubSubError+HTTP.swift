// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Subscriptions
import WireHTTP

/// The only place in which an error of pub/sub becomes a status, a code and a text.
extension APIError {
    static let publishCode = "ERR_PUBSUB_PUBLISH_MESSAGE"

    static let pubSubNameMissing = APIError(.notFound, "ERR_PUBSUB_EMPTY", "pubsub name is empty")
    static let pubSubNotConfigured = APIError(
        .badRequest, "ERR_PUBSUB_NOT_CONFIGURED", "no pubsub is configured")

    static func pubSubNotFound(_ name: String) -> APIError {
        APIError(
            .notFound, "ERR_PUBSUB_NOT_FOUND", "pubsub \(name) is not found",
            details: [
                .resource(type: "pubsub", name: name), .errorInfo(reason: "DAPR_PUBSUB_NOT_FOUND", metadata: []),
            ])
    }

    static func topicMissing(pubsub: String) -> APIError {
        APIError(.notFound, "ERR_TOPIC_NAME_EMPTY", "topic is empty in pubsub \(pubsub)")
    }

    static func publish(_ error: PublishError) -> APIError {
        switch error.code {
        case .forbidden: APIError(.forbidden, "ERR_PUBSUB_FORBIDDEN", error.description)
        case .invalidMetadata: APIError(.badRequest, "ERR_PUBSUB_REQUEST_METADATA", error.description)
        case .invalidCloudEvent:
            APIError(
                .internalServerError, "ERR_PUBSUB_CLOUD_EVENTS_SER", "cannot create cloudevent: \(error.description)")
        case .invalidEntries: APIError(.badRequest, "ERR_PUBSUB_EVENTS_SER", error.description)
        }
    }

    static func publish(_ error: BrokerError, topic: String, pubsub: String) -> APIError {
        APIError(
            .internalServerError, publishCode,
            "error when publish to topic \(topic) in pubsub \(pubsub): \(error.advice)")
    }
}

extension BrokerError {
    /// What happened, and what the reader can do about it.
    fileprivate var advice: String {
        switch code {
        case .storageFull: "\(description); nothing was written: free space on the disk and try again"
        case .readOnly: "\(description); nothing was written: give the sidecar's user the right to write there"
        case .corrupt: "\(description); the file is not served: restore it from a copy, or move it away to begin anew"
        case .tooLarge: "\(description); nothing was written: publish it in parts"
        case .overloaded: "\(description); try again in a moment"
        case .unavailable: "\(description); try again when it is back"
        case .invalid, .failed: description
        }
    }
}
