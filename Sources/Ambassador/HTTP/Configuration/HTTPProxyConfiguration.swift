// SPDX-License-Identifier: Apache-2.0

package import Core
package import Proxying

/// One address behind which HTTP servers stand, and which of them get which requests.
package struct HTTPProxyConfiguration: Sendable, Equatable {
    /// The key under which its settings are written, if that isn't its place in `ambassador.http`.
    package var key: String? = nil
    package var listen = PoolAddress.network(ListenAddress(host: "127.0.0.1", port: 8081))
    /// TLS of the listener.
    package var tls = TLSServerConfiguration()
    /// Sends whoever comes without TLS to this port of the same host, before any route is looked at.
    package var redirectToHTTPS: Int? = nil
    package var hsts = HSTSConfiguration()
    package var routes: NamedTable<RouteConfiguration> = [:]
    package var upstreams: NamedTable<UpstreamConfiguration> = [:]
    package var limits = HTTPProxyLimits()
    package var timeouts = HTTPProxyTimeouts()
    /// Whether CONNECT is passed on.
    package var allowsConnect = false
    package var proxyProtocol = ProxyProtocolAcceptance.off
    package var forwarding = ForwardingConfiguration()
    /// What `Server` of every response says; nil: what the upstream says.
    package var server: String? = nil
    package var accessLog = AccessLogConfiguration()
    package var metrics = HTTPMetricsConfiguration()
    /// Connections that wait to be accepted (listen(2)).
    package var backlog = 512
    /// Whether several processes may listen on one port (SO_REUSEPORT).
    package var sharesPort = false

    /// The name of the route of all who should have come with TLS (`redirect-to-https`).
    static let redirectionName = "redirect-to-https"

    package init() {}
}

/// Whether clients must say on each connection for whom they came, by the PROXY protocol.
package enum ProxyProtocolAcceptance: String, Sendable, CaseIterable {
    /// They may.
    case accept
    /// They must.
    case require
    /// Its bytes are no request.
    case off
}

/// Tells browsers to come with TLS only (RFC 6797); said over TLS alone.
package struct HSTSConfiguration: Sendable, Equatable {
    /// How long browsers remember it; zero is nothing said.
    package var age = Duration.zero
    /// Whether it is true of the names below the host's, too.
    package var includesSubdomains = false
    /// Whether browsers' makers may put the host on their lists.
    package var allowsPreload = false

    package init() {}
}

/// What one listener, one client or one request may take.
package struct HTTPProxyLimits: Sendable, Equatable {
    /// Connections of clients; more are refused with 503.
    package var clients = 10_000
    /// A request's head, 431, or an upstream's response's, 502.
    package var head = ByteCount.kibibytes(64)
    /// One line of a head: 414 or 431.
    package var line = ByteCount.kibibytes(16)
    /// Fields of a head: 431.
    package var fields = 200
    /// A request's body, 413; zero is no limit.
    package var body = ByteCount(bytes: 0)

    package init() {}
}

/// How long is waited for whom. What opens connections to upstreams has its time there (`connect-timeout`).
package struct HTTPProxyTimeouts: Sendable, Equatable {
    /// For a whole head, from its first byte on: 408.
    package var head = Duration.seconds(10)
    /// For the next bytes of a request's body, 408, and for a client to take some of its response.
    package var body = Duration.seconds(60)
    /// For the next request on a connection, which is closed then.
    package var idle = Duration.seconds(60)
    /// For an upstream's response to begin, 504, unless the route has a timeout of its own, or to go on, after which
    /// the client's connection is reset; zero is for ever.
    package var response = Duration.seconds(60)
    /// For either side of a tunnel or an upgraded connection to say something.
    package var tunnel = Duration.seconds(3600)

    package init() {}
}
