// SPDX-License-Identifier: Apache-2.0

package import Core
package import WireProxyProtocol

/// Servers that can stand in for each other, and how requests are spread over them.
package struct UpstreamConfiguration: Sendable, Equatable {
    /// By their names, in the order of the file.
    package var servers: NamedTable<UpstreamServerConfiguration> = [:]
    package var balance = BalanceKind.leastRequest
    package var hash = BalanceKeyConfiguration()
    /// TLS towards the servers.
    package var tls = TLSClientConfiguration()
    /// Tells the servers on each connection who the client is; nil: it doesn't.
    package var proxyProtocol: ProxyProtocolVersion? = nil
    package var host = UpstreamHost.preserve
    /// How long a connection may take to open, with TLS's handshake.
    package var connectTimeout = Duration.seconds(5)
    package var keepalive = UpstreamKeepalive()
    /// How often the names of servers are looked up again; zero is only at the start.
    package var resolveInterval = Duration.seconds(5)
    package var addresses = AddressFamily.preferIPv4
    package var health = HealthCheckConfiguration()
    package var ejection = OutlierConfiguration()
    /// How long a server that is new or has come back takes to its whole share; zero is not at all.
    package var slowStart = Duration.zero
    /// If fewer endpoints than this, in percent, are well, all are used: better all of them badly than the few that are
    /// left to death. Zero: only if none is.
    package var panicBelow = 50
    package var limits = UpstreamLimits()
    package var retryBudget = RetryBudgetConfiguration()

    package init() {}
}

/// One server of an upstream. If a name has several addresses, each of them is an endpoint with this weight.
package struct UpstreamServerConfiguration: Sendable, Equatable {
    package static let weights = 1...1000

    package var address: ServerAddress
    /// How many times the requests of a server of weight 1 it gets.
    package var weight: Int

    /// A server whose address isn't known yet: settings begin with it, and the check asks for the address.
    package init() { self.init(address: .network(host: "127.0.0.1", port: 1)) }

    package init(address: ServerAddress, weight: Int = 1) {
        self.address = address
        self.weight = weight
    }
}

/// Which endpoint gets a request.
package enum BalanceKind: String, Sendable, CaseIterable {
    /// One after the other, each as often as its weight says.
    case roundRobin = "round-robin"
    /// Of two that are drawn by weight, the one with fewer requests in flight for its weight.
    case leastRequest = "least-request"
    /// Of two that are drawn by weight, the one that would answer sooner by its latest latencies and its requests in
    /// flight.
    case ewma
    /// The one that the request's hash meets first on a circle.
    case ringHash = "ring-hash"
    /// The one that the request's hash has in a table: more even than a ring, and moves a little more.
    case maglev
    /// Any, by weight.
    case random

    /// Whether the request's own hash decides.
    package var isByHash: Bool { self == .ringHash || self == .maglev }
}

/// What of a request is hashed for `ring-hash` and `maglev`; the client's address if nothing is said.
package struct BalanceKeyConfiguration: Sendable, Equatable {
    package var header: String? = nil
    package var cookie: String? = nil
    /// A parameter of the query.
    package var query: String? = nil
    /// The path without its query.
    package var path = false
    package var address = false

    package init() {}
}

/// Which `Host` a server sees.
package enum UpstreamHost: String, Sendable, CaseIterable {
    /// The client's.
    case preserve
    /// The server's own address, as it is written in the file.
    case server
}

/// Which of a name's addresses are endpoints.
package enum AddressFamily: String, Sendable, CaseIterable {
    /// Those of IPv4; without one, those of IPv6.
    case preferIPv4 = "prefer-ipv4"
    /// Those of IPv6; without one, those of IPv4.
    case preferIPv6 = "prefer-ipv6"
    case all
}

/// How connections to servers are used again.
package struct UpstreamKeepalive: Sendable, Equatable {
    /// A connection that was idle for so long isn't used again. Servers close idle ones after 5 s (Node, uvicorn) or
    /// later; a request that meets such an end is lost, so ours comes first.
    package var idle = Duration.seconds(3)
    /// Idle connections that are kept for each server, for each event loop.
    package var connections = 128
    /// Requests after which a connection is closed; 0 is no limit.
    package var requests = 0

    package init() {}
}

/// Asking servers whether they are well. Off without a path, unless `connect` says otherwise.
package struct HealthCheckConfiguration: Sendable, Equatable {
    /// What is asked for with GET.
    package var path: String? = nil
    /// Without a path: whether a connection opens.
    package var connect = false
    package var interval = Duration.seconds(5)
    package var timeout = Duration.seconds(2)
    /// Answers in a row that bring a server back.
    package var healthy = 2
    /// Failures in a row that take one out; the first check of all decides alone.
    package var unhealthy = 3
    /// The status of a server that is well; nil: any from 200 to 399.
    package var status: Int? = nil
    /// The request's `Host`; nil: the server's address.
    package var host: String? = nil

    package init() {}

    package var isOn: Bool { path != nil || connect }
}

/// Leaving servers alone that fail the requests of clients.
package struct OutlierConfiguration: Sendable, Equatable {
    package var enabled = true
    /// Answers from 500 in a row, or requests without an answer.
    package var consecutive5xx = 5
    /// Connections in a row that couldn't be made.
    package var consecutiveConnectFailures = 3
    /// The first pause; the n-th is n times as long.
    package var pause = Duration.seconds(30)
    package var pauseMax = Duration.seconds(300)
    /// How long a server must do well for its next pause to be one step shorter.
    package var interval = Duration.seconds(10)
    /// The most servers that are left alone at once, in percent of all; one of several always may.
    package var shareMax = 50

    package init() {}
}

/// Circuit breakers: what an upstream may hold at once, for each event loop. Beyond it requests are refused, by name.
package struct UpstreamLimits: Sendable, Equatable {
    /// Connections to each server.
    package var connections = 1024
    /// Requests that wait for a connection to one server.
    package var pending = 1024
    /// Requests in flight, with those that wait.
    package var requests = 10_000
    /// Second and later tries in flight.
    package var retries = 64

    package init() {}
}

/// How much load retries may add.
package struct RetryBudgetConfiguration: Sendable, Equatable {
    /// In percent of the requests of the last 10 seconds.
    package var share = 20
    /// Retries in a second that are allowed however few requests there are.
    package var minimum = 3

    package init() {}
}
