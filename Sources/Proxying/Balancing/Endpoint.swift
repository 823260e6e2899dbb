// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// One address of an upstream's server, as it is found: what stays the same makes it the same endpoint.
package struct EndpointDescription: Sendable, Hashable {
    /// What makes an endpoint the same one after a change.
    package struct Identity: Sendable, Hashable {
        /// The server's name in the file.
        package var server: String
        /// As it is written in the file, where the host may be a name.
        package var configured: ServerAddress
        /// Where connections go.
        package var address: SocketAddress
    }

    package var identity: Identity
    package var weight: Int

    package init(server: String, configured: ServerAddress, address: SocketAddress, weight: Int = 1) {
        identity = Identity(server: server, configured: configured, address: address)
        self.weight = weight
    }

    /// What places it on a ring: the server's name, so that an address can change; of a host's many addresses each has
    /// a place of its own.
    var ringName: String {
        guard identity.configured.hostName != nil else { return identity.server }
        return "\(identity.server) \(identity.address.ipAddress ?? "")"
    }
}

/// One address of an upstream's server, as one event loop sees it: what is going on there and how it has done.
package final class Endpoint {
    package let identity: EndpointDescription.Identity
    package internal(set) var weight: Int
    let ringName: String

    // Safe: plain numbers of one loop's thread.
    @exclusivity(unchecked) package internal(set) var inFlight = 0
    // Safe: plain numbers of one loop's thread.
    @exclusivity(unchecked) package internal(set) var counters = EndpointCounters()
    // Safe: plain numbers of one loop's thread.
    @exclusivity(unchecked) package internal(set) var latency = PeakEWMA()
    // Safe: plain numbers of one loop's thread.
    @exclusivity(unchecked) var outlier = OutlierState()

    /// What active checks say; an endpoint that wasn't checked yet is well.
    package internal(set) var isHealthy = true
    /// It is no part of its upstream any more: what is in flight ends, and nothing begins.
    package internal(set) var isRemoved = false
    /// When it came, or came back; nil once it has its whole share.
    var slowStartBegan: Int64? = nil

    /// Its connections, made with the first request that goes there.
    // Safe: belongs to one loop's thread.
    @exclusivity(unchecked) package var connections: RelayConnections?

    init(_ description: EndpointDescription) {
        identity = description.identity
        weight = description.weight
        ringName = description.ringName
    }

    package var address: SocketAddress { identity.address }
    /// The same for people: `10.0.0.1:8080`, `[::1]:8080`, or the path of a socket.
    package private(set) lazy var text = identity.address.text
    /// Whether clients' failures have it left alone.
    package var isEjected: Bool { outlier.isEjected }
}

/// What one loop has counted of an endpoint.
package struct EndpointCounters: Sendable, Equatable {
    /// Tries that began.
    package var requests: UInt64 = 0
    /// Those of them that were second or later ones.
    package var retries: UInt64 = 0
    /// Statuses from 500, and requests without an answer.
    package var failures: UInt64 = 0
    package var connectFailures: UInt64 = 0
    package var timeouts: UInt64 = 0
    package var ejections: UInt64 = 0

    package init() {}

    package static func += (sum: inout EndpointCounters, other: EndpointCounters) {
        sum.requests += other.requests
        sum.retries += other.retries
        sum.failures += other.failures
        sum.connectFailures += other.connectFailures
        sum.timeouts += other.timeouts
        sum.ejections += other.ejections
    }
}

/// How a try ended.
package enum ExchangeOutcome: Sendable, Equatable {
    case answered(status: Int)
    /// No connection could be made; nothing was sent.
    case connectFailed
    /// The connection ended before the answer did.
    case reset
    case timedOut
    /// What came isn't HTTP.
    case malformed
    /// Whoever asked has gone; it says nothing of the endpoint.
    case abandoned
}
