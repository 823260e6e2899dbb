// SPDX-License-Identifier: Apache-2.0

import WireHTTP

/// What the API can be asked for. The raw value is the label `route` of its metrics, so the set is small and fixed.
enum Route: String, CaseIterable, Sendable {
    case getState = "/v1.0/state/{store}/{key}"
    case saveState = "/v1.0/state/{store}"
    case bulkGetState = "/v1.0/state/{store}/bulk"
    case transactState = "/v1.0/state/{store}/transaction"
    case queryState = "/v1.0-alpha1/state/{store}/query"
    case health = "/v1.0/healthz"
    case outboundHealth = "/v1.0/healthz/outbound"
    case metadata = "/v1.0/metadata"
    case setMetadata = "/v1.0/metadata/{key}"
    case shutdown = "/v1.0/shutdown"
    case publish = "/v1.0/publish/{pubsub}/{topic}"
    case publishBulk = "/v1.0/publish/bulk/{pubsub}/{topic}"
    case invoke = "/v1.0/invoke/{app}/method"
    /// A part of Dapr's API that isn't built.
    case unimplemented = "unimplemented"
    case unknown = "unknown"

    /// The place of the route's metrics.
    var index: Int {
        switch self {
        case .getState: 0
        case .saveState: 1
        case .bulkGetState: 2
        case .transactState: 3
        case .queryState: 4
        case .health: 5
        case .outboundHealth: 6
        case .metadata: 7
        case .setMetadata: 8
        case .shutdown: 9
        case .publish: 10
        case .publishBulk: 11
        case .invoke: 12
        case .unimplemented: 13
        case .unknown: 14
        }
    }
}

/// A method as far as routes tell them apart. The raw value is the label `method` of the metrics.
enum RouteMethod: String, CaseIterable, Sendable {
    case get = "GET"
    case post = "POST"
    case put = "PUT"
    case delete = "DELETE"
    case other = "other"

    init(_ method: HTTPMethod) {
        self =
            switch method {
            case .get: .get
            case .post: .post
            case .put: .put
            case .delete: .delete
            default: .other
            }
    }

    /// Dapr takes both wherever a body is sent to a state store.
    var isPostOrPut: Bool { self == .post || self == .put }

    var index: Int {
        switch self {
        case .get: 0
        case .post: 1
        case .put: 2
        case .delete: 3
        case .other: 4
        }
    }
}
