// SPDX-License-Identifier: Apache-2.0

import Core
import Logging
import NIOCore
import NIOPosix
import TestKit
import Testing

@testable import Ambassador
@testable import Proxying

/// TLS on either side of the HTTP proxy.
@Suite(.timeLimit(.minutes(1))) struct HTTPProxyTLSTests {
    private static let made = Result { try TestCertificates() }
    private static let source = TLSSource(key: "tls") { _ in nil }

    /// What a client with TLS gets for a request to a server that answers with `answer` and goes.
    private static func ask(_ request: String, of answer: String) async throws -> String {
        let server = try ScriptedServer { connection in
            _ = try connection.readHead()
            try connection.write(answer)
        }
        defer { server.stop() }
        let issued = try made.get().issue("proxy")
        var configuration = HTTPProxyConfiguration()
        configuration.listen = .network(ListenAddress(host: "127.0.0.1", port: 0))
        (configuration.tls.certificate, configuration.tls.key) = (issued.certificate, issued.key)
        var (route, upstream, address) = (RouteConfiguration(), UpstreamConfiguration(), UpstreamServerConfiguration())
        route.to = "app"
        address.address = .network(host: "127.0.0.1", port: server.port)
        upstream.servers["app"] = address
        configuration.routes["all"] = route
        configuration.upstreams["app"] = upstream
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let proxy = HTTPProxy(
            name: "web", configuration: configuration, tls: try TLSServer(configuration.tls, source), group: group,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let port = try await proxy.start()
        let text = try OpenSSLClient.exchange(request, port: port)
        await proxy.drain(within: .seconds(1))
        try await group.shutdownGracefully()
        return text
    }

    @Test func `a body that ends with its connection ends within TLS, if it is whole`() async throws {
        let text = try await Self.ask(
            "GET / HTTP/1.0\r\nHost: a\r\n\r\n",
            of: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n0\r\n\r\n")
        #expect(text.contains("\r\n\r\npart") && text.hasSuffix("closed\n"), "\(text)")
    }

    @Test func `a body that was cut off never looks whole to a client with TLS`() async throws {
        let text = try await Self.ask(
            "GET / HTTP/1.0\r\nHost: a\r\n\r\n",
            of: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n")
        #expect(!text.contains("closed\n"), "\(text)")
    }
}
