// SPDX-License-Identifier: Apache-2.0

import Core
import NIOCore
import WireHTTP
import WireProxyProtocol

/// Asks one endpoint whether it is well, over a connection that nothing else uses.
struct HealthCheck: Sendable {
    /// Why it isn't.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private let rules: HealthCheckConfiguration
    private let target: EndpointDescription.Identity
    private let eventLoopGroup: EpollEventLoopGroup
    /// Nil if only a connection is opened.
    private let upstream: HTTPUpstream?

    init(
        of target: EndpointDescription.Identity, _ configuration: UpstreamConfiguration, tls: TLSClient?,
        eventLoopGroup: EpollEventLoopGroup
    ) {
        rules = configuration.health
        self.target = target
        self.eventLoopGroup = eventLoopGroup
        var limits = HTTPUpstreamLimits()
        // Each check opens a connection of its own: whether that works is part of the question.
        limits.idleConnectionsMax = 0
        var opening = ByteBuffer()
        // The connection is our own, not a client's.
        if let version = configuration.proxyProtocol { opening.writeProxyProtocol(ProxyProtocolHeader(version, nil)) }
        upstream =
            rules.path == nil
            ? nil
            : HTTPUpstream(
                address: target.configured.listenAddress, at: target.address, opening: opening, tls: tls,
                limits: limits, eventLoopGroup: eventLoopGroup)
    }

    func perform() async throws(Failure) {
        if let upstream, let path = rules.path { return try await ask(upstream, for: path) }
        do {
            let (loop, target) = (eventLoopGroup.nextLoop(), StreamTarget.address(target.address))
            let connector = StreamConnector(loop, within: TimeAmount(rules.timeout))
            try await loop.flatSubmit { connector.connect(to: target) { _ in } }.get().close(promise: nil)
        } catch {
            throw Failure(description: RelayFailure(connecting: error).reason(target.configured.listenAddress))
        }
    }

    private func ask(_ upstream: HTTPUpstream, for path: String) async throws(Failure) {
        var fields: HTTPFields = ["user-agent": "outrigger-health"]
        if let host = rules.host { fields["host"] = host }
        let status: Int
        do throws(HTTPUpstreamError) {
            let request = HTTPRequest(HTTPRequestHead(.get, path, fields: fields))
            status = try await upstream.send(request, within: TimeAmount(rules.timeout)).head.status.code
        } catch {
            throw Failure(description: error.description)
        }
        guard rules.status.map({ $0 == status }) ?? (200..<400).contains(status) else {
            throw Failure(description: "it answers with status \(status)")
        }
    }
}

extension ServerAddress {
    /// What names the server in `Host`; a socket has no name but this one.
    var listenAddress: ListenAddress {
        switch self {
        case .network(let host, let port): ListenAddress(host: host, port: port)
        case .unix: ListenAddress(host: "localhost", port: 80)
        }
    }
}
