// SPDX-License-Identifier: Apache-2.0

import Core
import Logging
import NIOCore
import Proxying
import TestKit
import Testing
import WireProxyProtocol

@testable import Ambassador
@testable import Telemetry

/// What real requests through a real proxy leave behind.
@Suite struct HTTPProxyObservationTests {
    private func withProxy(
        _ configure: (inout HTTPProxyConfiguration) -> Void = { _ in }, accessLog: AccessLogFile? = nil,
        _ body: (HTTPProxy, ByteConnection, AnsweringServer) async throws -> Void
    ) async throws {
        let server = try AnsweringServer { _, _ in AnsweringServer.text("hello") }
        defer { server.stop() }
        var configuration = HTTPProxyConfiguration()
        configuration.listen = .network(ListenAddress(host: "127.0.0.1", port: 0))
        for name in ["v1", "v2"] {
            var upstream = UpstreamConfiguration()
            upstream.servers["one"] = UpstreamServerConfiguration(
                address: .network(host: "127.0.0.1", port: server.port))
            configuration.upstreams[name] = upstream
        }
        var route = RouteConfiguration()
        route.split = ["v1": 1, "v2": 1]
        configuration.routes["everything"] = route
        configure(&configuration)
        let group = EpollEventLoopGroup(count: 1, name: "test")
        let proxy = HTTPProxy(
            name: "web", configuration: configuration, accessLog: accessLog, group: group, logger: .silent)
        let port = try await proxy.start()
        let client = try ByteConnection(port: port)
        try await body(proxy, client, server)
        await proxy.drain(within: .seconds(1))
        await group.shutdownGracefully()
    }

    private func get(_ client: ByteConnection, _ lines: String..., path: String = "/a?b") throws {
        let head = ["GET \(path) HTTP/1.1", "Host: shop"] + lines
        try client.write(head.joined(separator: "\r\n") + "\r\n\r\n")
        var answer = ""
        while !answer.hasSuffix("hello") { answer += try client.read(count: 1) }
        #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
    }

    @Test func `requests are counted, and weights changed while running`() async throws {
        try await withProxy { proxy, client, _ in
            for _ in 0..<10 { try get(client) }
            let before = await proxy.snapshot()
            #expect(before.routes.first?.shares.map(\.requests) == [5, 5])
            #expect(before.routes.first?.shares.map(\.measured) == [0.5, 0.5])
            #expect(before.counts.clients.open == 1 && before.counts.inFlight == 0)
            try proxy.setSplit(route: "everything", weights: ["v1": 0, "v2": 1])
            await proxy.followed()
            #expect(await proxy.snapshot().routes.first?.shares.first?.weight == 0)
            for _ in 0..<10 { try get(client) }
            let after = await proxy.snapshot()
            #expect(after.routes.first?.shares.map(\.measured) == [0, 1])
            #expect(after.routes.first?.shares.map(\.requests) == [5, 15])
            var text: [UInt8] = []
            let metrics = await proxy.metrics(namespace: "shop")
            metrics.append(to: &text)
            let labels = #"{proxy="web",route="everything",upstream="v2",status="200"}"#
            let series = "outrigger_http_proxy_requests_total\(labels) 15\n"
            #expect(String(decoding: text, as: UTF8.self).contains(series))
            #expect(throws: SplitChangeError.self) { try proxy.setSplit(route: "nothing", weights: ["v1": 1]) }
        }
    }

    @Test func `weights that were set stay until the configuration has others for their route`() async throws {
        var read = HTTPProxyConfiguration()
        try await withProxy({ read = $0 }) { proxy, client, _ in
            try proxy.setSplit(route: "everything", weights: ["v1": 0, "v2": 1])
            #expect(await proxy.snapshot().routes.first?.written == ["v1": 1, "v2": 1])
            read.timeouts.idle = .seconds(7)
            await proxy.applied(read)
            #expect(await proxy.loops.ask { $0.settings.idleTime } == [7_000_000_000])
            for _ in 0..<4 { try get(client) }
            let kept = await proxy.snapshot()
            #expect(kept.routes.first?.shares.map(\.requests) == [0, 4])
            #expect(kept.routes.first?.written == ["v1": 1, "v2": 1])
            read.routes["everything"]?.split = ["v1": 1, "v2": 0]
            await proxy.applied(read)
            for _ in 0..<4 { try get(client) }
            let after = await proxy.snapshot()
            #expect(after.routes.first?.shares.map(\.requests) == [4, 4])
            #expect(after.routes.first?.written == nil)
        }
    }

    @Test func `each request has its line in the access log`() async throws {
        let path = TemporaryFile.path("proxy")
        let file = try AccessLogFile(path: path, proxy: "web", buffer: .mebibytes(1), logger: .silent)
        let format = AccessLogFormat(
            text: "%{client} %{method} %{target} %{status} %{origin} %{bytes-out} %{route} %{request.x} "
                + "%{response.content-type}")
        try await withProxy({ $0.accessLog.format = format ?? .json }, accessLog: file) { _, client, _ in
            try get(client, "x: 1")
            try client.write("GET / HTTP/1.1\r\nHost: shop\r\n bad\r\n\r\n")
            let answer = String(decoding: try client.receive(), as: UTF8.self)
            #expect(answer.hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
        }
        let lines = try TemporaryFile.take(path).split(separator: "\n")
        #expect(lines.first == "127.0.0.1 GET /a?b 200 application 5 everything 1 text/plain")
        #expect(lines.last?.hasPrefix("127.0.0.1 - - 400 client ") == true)
    }

    @Test(arguments: ["PROXY TCP4 192.0.2.7 192.0.2.1 51532 443\r\n"])
    func `whom the PROXY protocol names is the client, and is told to servers`(header: String) async throws {
        try await withProxy({ $0.proxyProtocol = .require }) { _, client, server in
            try client.write(header)
            try get(client)
            #expect(server.requests.first?.contains("X-Forwarded-For: 192.0.2.7") == true)
        }
    }

    @Test func `a server hears of the client by the PROXY protocol before each request`() async throws {
        try await withProxy({
            for name in ["v1", "v2"] { $0.upstreams[name]?.proxyProtocol = .v1 }
        }) { _, client, server in
            try client.write("GET / HTTP/1.1\r\nHost: shop\r\n\r\n")
            _ = try client.receive()
            #expect(server.requests.first?.first?.hasPrefix("PROXY TCP4 127.0.0.1 127.0.0.1 ") == true)
        }
    }

    @Test(arguments: [(nil, false, false), ("a", false, true), (nil, true, true)] as [(String?, Bool, Bool)])
    func `a listener is shown with TLS if it has any certificate`(
        _ certificate: String?, _ hasOthers: Bool, _ isTLS: Bool
    ) {
        var configuration = HTTPProxyConfiguration()
        configuration.tls.certificate = certificate
        if hasOthers { configuration.tls.certificates["shop"] = TLSCertificateConfiguration() }
        let snapshot = HTTPProxySnapshot(
            name: "web", listen: "a:1", configuration, order: [], counts: HTTPProxyCounts(), upstreams: [])
        #expect(snapshot.isTLS == isTLS)
    }
}
