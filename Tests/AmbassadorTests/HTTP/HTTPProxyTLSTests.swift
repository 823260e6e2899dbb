// SPDX-License-Identifier: Apache-2.0

import Core
import Logging
import NIOCore
import TestKit
import Testing

@testable import Ambassador
@testable import Proxying

/// TLS on either side of the HTTP proxy.
@Suite(.timeLimit(.minutes(1))) struct HTTPProxyTLSTests {
    private static let made = Result { try TestCertificates() }
    private static let source = TLSSource(key: "tls") { _ in nil }

    /// What a client with TLS gets for a request to a server that answers with `answer` and goes.
    private static func ask(
        _ request: String, of answer: String, _ configure: (inout HTTPProxyConfiguration) -> Void = { _ in }
    ) async throws -> String {
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
        configure(&configuration)
        let group = EpollEventLoopGroup(count: 1, name: "test")
        let proxy = HTTPProxy(
            name: "web", configuration: configuration, tls: try TLSServer(configuration.tls, source), group: group,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let port = try await proxy.start()
        let text = try OpenSSLClient.exchange(request, port: port)
        await proxy.drain(within: .seconds(1))
        await group.shutdownGracefully()
        return text
    }

    @Test func `a body that ends with its connection ends within TLS, if it is whole`() async throws {
        let text = try await Self.ask(
            "GET / HTTP/1.0\r\nHost: a\r\n\r\n",
            of: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n0\r\n\r\n")
        #expect(text.contains("\r\n\r\npart") && text.hasSuffix("closed\n"), "\(text)")
    }

    @Test func `what the proxy says of TLS is said once`() async throws {
        let text = try await Self.ask(
            "GET / HTTP/1.0\r\nHost: a\r\n\r\n",
            of: "HTTP/1.1 200 OK\r\nstrict-transport-security: max-age=0\r\nContent-Length: 2\r\n\r\nok"
        ) { $0.hsts.age = .seconds(60) }
        let lines = text.lowercased().split(whereSeparator: \.isNewline).filter { $0.hasPrefix("strict-transport") }
        #expect(lines == ["strict-transport-security: max-age=60"])
    }

    @Test func `a body that was cut off never looks whole to a client with TLS`() async throws {
        let text = try await Self.ask(
            "GET / HTTP/1.0\r\nHost: a\r\n\r\n",
            of: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n")
        #expect(!text.contains("closed\n"), "\(text)")
    }

    // MARK: - Clients' certificates

    /// What the server is told when a client with or without a certificate asks so often, each time on a connection of
    /// its own that resumes the session before.
    private static func told(
        _ lines: [String], showing client: TestCertificates.Issued?, times: Int = 1,
        _ configure: (inout HTTPProxyConfiguration) -> Void = { _ in }
    ) async throws -> [[String]] {
        let server = try AnsweringServer { _, _ in AnsweringServer.text("hi") }
        defer { server.stop() }
        let made = try made.get()
        let issued = try made.issue("proxy")
        var tls = TLSServerConfiguration()
        (tls.certificate, tls.key, tls.ca) = (issued.certificate, issued.key, made.authority)
        tls.client = .request
        let head = (["GET / HTTP/1.1", "Host: a", "Connection: close"] + lines).joined(separator: "\r\n") + "\r\n\r\n"
        let session = made.path("session-\(server.port)")
        try await withProxy(
            [], tls: TLSServer(tls, source),
            {
                $0.upstreams["up"]?.servers["s"] = UpstreamServerConfiguration(
                    address: .network(host: "127.0.0.1", port: server.port))
                $0.forwarding.clientCertificateHeader = "X-Client-Subject"
                configure(&$0)
            }
        ) { proxy in
            for time in 0..<times {
                var arguments = client.map { ["-cert", $0.certificate, "-key", $0.key] } ?? []
                arguments += ["-sess_out", session] + (time > 0 ? ["-sess_in", session] : [])
                let text = try OpenSSLClient.exchange(head, port: proxy.port, arguments)
                #expect(text.contains("HTTP/1.1 200 OK"), "\(text)")
                #expect(time == 0 || text.contains("\nReused, TLSv1."), "\(text)")
            }
        }
        return server.requests.map { $0.filter { $0.lowercased().contains("subject") } }
    }

    @Test func `a server is told of the certificate that a client has shown, also in a resumed session`() async throws {
        let client = try Self.made.get().issue("client")
        let told = try await Self.told([], showing: client, times: 2)
        #expect(told == [["X-Client-Subject: CN=Test"], ["X-Client-Subject: CN=Test"]])
    }

    @Test(arguments: ["x-client-subject", "X_Client_Subject", "x-client_SUBJECT"])
    func `nobody else may say it`(name: String) async throws {
        let client = try Self.made.get().issue("client")
        #expect(try await Self.told(["\(name): CN=admin"], showing: client) == [["X-Client-Subject: CN=Test"]])
        #expect(try await Self.told(["\(name): CN=admin"], showing: nil) == [[]])
    }

    @Test(arguments: ["x-client-subject", "X_Client_Subject"])
    func `nor may a trailer`(name: String) async throws {
        for (trailer, status) in [(name, 400), (name + "s", 200), (String(name.dropLast()), 200)] {
            let server = try ScriptedServer.answering(ScriptedServer.ok)
            try await withProxy(
                [server],
                { $0.forwarding.clientCertificateHeader = "X-Client-Subject" }
            ) { proxy in
                let answer = try await proxy.client.onConnection { connection in
                    try connection.write("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
                    try connection.write("1\r\na\r\n0\r\nX-Sum: 1\r\n\(trailer): CN=admin\r\n\r\n")
                    return try connection.readAnswer()
                }
                #expect(answer.status == status)
            }
        }
    }

    @Test func `a route has its way with it`() async throws {
        let client = try Self.made.get().issue("client")
        let removed = try await Self.told([], showing: client) {
            $0.routes["all"]?.requestHeaders.remove = ["x-client-subject"]
        }
        #expect(removed == [[]])
        let set = try await Self.told([], showing: client) {
            $0.routes["all"]?.requestHeaders.set["x-client-subject"] = "somebody"
        }
        #expect(set == [["x-client-subject: somebody"]])
    }

    @Test func `without the setting nothing is told, and nothing removed`() async throws {
        let client = try Self.made.get().issue("client")
        let told = try await Self.told(["x-client-subject: CN=admin"], showing: client) {
            $0.forwarding.clientCertificateHeader = nil
        }
        #expect(told == [["x-client-subject: CN=admin"]])
    }
}
