// SPDX-License-Identifier: Apache-2.0

import Core
import Logging
import NIOCore
import Proxying
import Telemetry
import TestKit

@testable import Ambassador

/// A proxy on a free port, with one route to one upstream of scripted servers.
final class ProxyUnderTest {
    let proxy: HTTPProxy
    let port: Int
    private let group: EpollEventLoopGroup

    init(
        _ servers: [ScriptedServer], tls: TLSServer? = nil, tracer: Tracer = .off, accessLog: AccessLogFile? = nil,
        _ configure: (inout HTTPProxyConfiguration) -> Void = { _ in }
    ) async throws {
        var upstream = UpstreamConfiguration()
        upstream.balance = .roundRobin
        for (index, server) in servers.enumerated() {
            upstream.servers["s\(index)"] = UpstreamServerConfiguration(
                address: .network(host: "127.0.0.1", port: server.port))
        }
        var configuration = HTTPProxyConfiguration()
        configuration.listen = .network(ListenAddress(host: "127.0.0.1", port: 0))
        configuration.upstreams["up"] = upstream
        var route = RouteConfiguration()
        route.to = "up"
        // A failure is to be seen, unless a test says otherwise.
        route.retry.attempts = 0
        configuration.routes["all"] = route
        configure(&configuration)
        group = EpollEventLoopGroup(count: 1, name: "test")
        proxy = HTTPProxy(
            name: "web", configuration: configuration, tls: tls, accessLog: accessLog, tracer: tracer, group: group,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        port = try await proxy.start()
    }

    var client: HTTPClient { HTTPClient(port: port) }

    /// Sends `text` and returns all that comes up to the end of the connection.
    func whole(_ text: String) async throws -> String {
        let port = port
        return try await HTTPClient(port: port).onConnection { connection in
            try connection.write(text)
            return connection.readToEnd()
        }
    }

    func end() async throws {
        await proxy.drain(within: .seconds(1))
        await group.shutdownGracefully()
    }
}

extension ScriptedServer {
    /// Answers every request on every connection with these bytes.
    static func answering(_ answer: String) throws -> ScriptedServer {
        try ScriptedServer { connection in
            while true {
                try connection.readHead()
                try connection.write(answer)
            }
        }
    }

    static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
}

/// Runs `body` with a proxy in front of servers, and ends both.
func withProxy(
    _ servers: [ScriptedServer], tls: TLSServer? = nil, tracer: Tracer = .off, accessLog: AccessLogFile? = nil,
    _ configure: (inout HTTPProxyConfiguration) -> Void = { _ in },
    _ body: (ProxyUnderTest) async throws -> Void
) async throws {
    let proxy = try await ProxyUnderTest(servers, tls: tls, tracer: tracer, accessLog: accessLog, configure)
    do { try await body(proxy) } catch {
        try await proxy.end()
        throw error
    }
    try await proxy.end()
    for server in servers { server.stop() }
}
