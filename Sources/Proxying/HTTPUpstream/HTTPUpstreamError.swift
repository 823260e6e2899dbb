// SPDX-License-Identifier: Apache-2.0

package import WireHTTP

/// Why an upstream gave no response.
package enum HTTPUpstreamError: Error, Sendable, CustomStringConvertible {
    /// No connection could be made; nothing was sent.
    case unreachable(String)
    /// The connection ended before a response; the upstream may have seen the request.
    case closed
    /// TLS ended the connection; the upstream may have seen the request.
    case insecure(TLSFailure)
    /// No response came within the time.
    case timedOut
    /// What came isn't HTTP/1.
    case malformed(HTTPSyntaxError)
    /// As many connections are open as there may be; nothing was sent.
    case overloaded(limit: Int)
    /// Whoever asked has gone.
    case cancelled

    package var description: String {
        switch self {
        case .unreachable(let reason): reason
        case .closed: "the connection was closed before a response"
        case .insecure(let failure): failure.description
        case .timedOut: "no response came in time"
        case .malformed(let error): "the response is not HTTP/1.1: \(error.description)"
        case .overloaded(let limit): "all \(limit) connections are in use"
        case .cancelled: "the request was cancelled"
        }
    }

    /// Whether the upstream can't have seen the request.
    package var isUnsent: Bool {
        switch self {
        case .unreachable, .overloaded: true
        case .closed, .insecure, .timedOut, .malformed, .cancelled: false
        }
    }
}

/// What an upstream may take of us.
package struct HTTPUpstreamLimits: Sendable {
    /// Connections that are open at once, for each event loop.
    package var connectionsMax = 1024
    /// Connections that are kept for later, for each event loop.
    package var idleConnectionsMax = 128
    /// A connection that was idle for so long isn't used again (see `RelayConnectionRules.idleTime`).
    package var idleSeconds = 3
    package var connectSeconds = 5
    /// A body of a known length up to this is read before the response is given out.
    package var gatheredBytesMax = 64 << 10

    package init() {}
}
