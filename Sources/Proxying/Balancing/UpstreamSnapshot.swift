// SPDX-License-Identifier: Apache-2.0

internal import Core
import NIOCore

/// What can be said of an upstream at one moment, by one event loop or by all of them together.
package struct UpstreamSnapshot: Sendable, Equatable {
    package struct Endpoint: Sendable, Equatable {
        /// The server's name in the file.
        package var server: String
        /// The server's address as it is written in the file.
        package var configured: String
        /// Where connections go: `10.0.0.1:8080`, or a path.
        package var address: String
        package var weight: Int
        /// The part of all requests that it should get at the moment, from 0 to 1.
        package var share: Double
        /// What active checks say.
        package var isHealthy: Bool
        /// Whether clients' failures have it left alone, on any loop.
        package var isEjected: Bool
        /// How much of the pause is left, in nanoseconds.
        package var ejectedFor: Int64
        package var inFlight: Int
        package var connections: Int
        /// Requests that wait for a connection.
        package var waiting: Int
        /// The average of its latencies in nanoseconds, with `ewma` only; 0 if there is none. Of several loops
        /// the longest.
        package var latency: Double
        package var counters: EndpointCounters
        /// How many loops say so.
        package var loops = 1
    }

    package var name: String
    package var balance: BalanceKind
    package var endpoints: [Endpoint]
    /// So few endpoints are well that all are used, on any loop.
    package var isPanicking: Bool
    package var requests: Int
    package var retries: Int
    package var refusals: CircuitBreaker.Refusals

    /// Adds what another loop says. Endpoints that only one of them has yet are shown, too.
    package mutating func add(_ other: UpstreamSnapshot) {
        isPanicking = isPanicking || other.isPanicking
        requests += other.requests
        retries += other.retries
        refusals += other.refusals
        for endpoint in other.endpoints {
            if let index = endpoints.firstIndex(where: { $0.isSame(as: endpoint) }) {
                endpoints[index].add(endpoint)
            } else {
                endpoints.append(endpoint)
            }
        }
    }
}

extension UpstreamSnapshot.Endpoint {
    fileprivate func isSame(as other: Self) -> Bool {
        server == other.server && configured == other.configured && address == other.address
    }

    fileprivate mutating func add(_ other: Self) {
        isHealthy = isHealthy && other.isHealthy
        isEjected = isEjected || other.isEjected
        ejectedFor = max(ejectedFor, other.ejectedFor)
        inFlight += other.inFlight
        connections += other.connections
        waiting += other.waiting
        latency = max(latency, other.latency)
        counters += other.counters
        // Loops may judge differently; each has about as many requests.
        share = (share * Double(loops) + other.share * Double(other.loops)) / Double(loops + other.loops)
        loops += other.loops
    }
}

extension Upstream {
    /// What this loop can say now.
    package func snapshot(now: Int64) -> UpstreamSnapshot {
        // Whoever looks sees pauses that are over as over, though no request came since.
        if now >= choiceEnds { chooseAnew(now) }
        let shares = Dictionary(zip(choice.members.map { ObjectIdentifier($0) }, choice.shares)) { first, _ in first }
        return UpstreamSnapshot(
            name: name, balance: configuration.balance,
            endpoints: endpoints.map { $0.snapshot(share: shares[ObjectIdentifier($0)] ?? 0, now: now) },
            isPanicking: isPanicking, requests: breaker.requests, retries: breaker.retries,
            refusals: breaker.refusals)
    }
}

extension Endpoint {
    fileprivate func snapshot(share: Double, now: Int64) -> UpstreamSnapshot.Endpoint {
        UpstreamSnapshot.Endpoint(
            server: identity.server, configured: identity.configured.description, address: identity.address.text,
            weight: weight, share: share, isHealthy: isHealthy, isEjected: isEjected,
            ejectedFor: outlier.ejectedUntil.map { max(0, $0 - now) } ?? 0, inFlight: inFlight,
            connections: connections?.connectionCount ?? 0, waiting: connections?.waitingCount ?? 0,
            latency: latency.cost(now), counters: counters)
    }
}

extension SocketAddress {
    /// `10.0.0.1:8080`, `[::1]:8080`, or the path of a socket.
    var text: String {
        if let ipAddress { return ListenAddress(host: ipAddress, port: port ?? 0).description }
        return pathname ?? description
    }
}
