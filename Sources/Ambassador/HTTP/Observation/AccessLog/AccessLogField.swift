// SPDX-License-Identifier: Apache-2.0

import WireHTTP

/// What the access log can say of a request.
package enum AccessLogField: Sendable, Equatable {
    /// When the request began, in UTC.
    case time
    /// Whom the request is from: the one that trusted proxies name, or who connected.
    case client
    /// Who connected.
    case peer
    case proxy
    case route
    case method
    /// The path with its query. Queries carry secrets, so JSON has only the path.
    case target
    case path
    case query
    case host
    case version
    case status
    /// See `ExchangeOrigin`.
    case origin
    /// Of the bodies.
    case bytesIn
    case bytesOut
    /// In seconds, from the request's head to the end of the answer.
    case duration
    case upstream
    case endpoint
    /// How many times the request was sent again.
    case retries
    /// Of `traceparent`, or the one that begins here and is recorded.
    case traceID
    case requestHeader(String)
    case responseHeader(String)
}

extension AccessLogField {
    /// The names of all that are no headers, in the order in which JSON has them.
    private static let plain: [(name: String, field: AccessLogField)] = [
        ("time", .time), ("client", .client), ("peer", .peer), ("proxy", .proxy), ("method", .method), ("host", .host),
        ("path", .path), ("query", .query), ("target", .target), ("protocol", .version), ("status", .status),
        ("origin", .origin), ("bytes-in", .bytesIn), ("bytes-out", .bytesOut), ("duration", .duration),
        ("route", .route), ("upstream", .upstream), ("endpoint", .endpoint), ("retries", .retries),
        ("trace-id", .traceID),
    ]
    private static let request = "request."
    private static let response = "response."

    /// For whoever reads the settings.
    static var names: [String] { plain.map(\.name) + [request + "HEADER", response + "HEADER"] }

    /// What JSON has without being told. `peer` is mostly `client`; queries carry secrets.
    static var ofJSON: [AccessLogField] { plain.map(\.field).filter { ![.peer, .query, .target].contains($0) } }

    init?(name: String) {
        if let found = Self.plain.first(where: { $0.name == name }) {
            self = found.field
        } else if name.hasPrefix(Self.request), Self.isHeaderName(String(name.dropFirst(Self.request.count))) {
            self = .requestHeader(name.dropFirst(Self.request.count).lowercased())
        } else if name.hasPrefix(Self.response), Self.isHeaderName(String(name.dropFirst(Self.response.count))) {
            self = .responseHeader(name.dropFirst(Self.response.count).lowercased())
        } else {
            return nil
        }
    }

    /// In JSON with underscores, as fields of other logs are.
    var jsonName: String {
        switch self {
        case .requestHeader(let name): Self.request + name
        case .responseHeader(let name): Self.response + name
        default:
            String((Self.plain.first { $0.field == self }?.name ?? "").map { $0 == "-" ? "_" : $0 })
        }
    }

    static func isHeaderName(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                "!#$%&'*+-.^_`|~".utf8.contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
            }
    }
}
