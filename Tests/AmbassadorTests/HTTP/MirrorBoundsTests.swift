// SPDX-License-Identifier: Apache-2.0

import Core
import Proxying
import TestKit
import Testing

@testable import Ambassador

/// What a mirror may take, of memory and of the real servers.
@Suite("The bounds of mirrors", .serialized) struct MirrorBoundsTests {
    private func withMirror(
        _ primary: Int, shadow: Int, changing change: (inout HTTPProxyConfiguration) -> Void = { _ in },
        _ configure: (inout MirrorConfiguration) -> Void = { _ in }, _ body: (RouteUnderTest) async throws -> Void
    ) async throws {
        let proxy = try await RouteUnderTest(servers: ["v1": primary, "shadow": shadow], changing: change) { route in
            route.mirror.to = "shadow"
            configure(&route.mirror)
        }
        try await body(proxy)
        try await proxy.end()
    }

    private func answering(_ text: String = "a") throws -> AnsweringServer {
        try AnsweringServer { _, _ in AnsweringServer.text(text) }
    }

    /// Answers requests, and none that is asked again.
    private func silentWhenAskedAgain() throws -> ScriptedServer {
        try ScriptedServer { connection in
            while try !connection.readHead().contains("x-mirrored: again") {
                try connection.write(AnsweringServer.text("a"))
            }
            _ = connection.readToEnd()
        }
    }

    // MARK: - What is asked again

    @Test func `a server that doesn't answer what is asked again isn't left alone`() async throws {
        let (primary, shadow) = (try silentWhenAskedAgain(), try answering())
        let second = UpstreamServerConfiguration(address: .network(host: "127.0.0.1", port: primary.port))
        try await withMirror(
            primary.port, shadow: shadow.port, changing: { $0.upstreams["v1"]?.servers["two"] = second },
            {
                $0.compare = true
                $0.timeout = .seconds(1)
            }
        ) { proxy in
            for _ in 0..<20 { #expect(try await proxy.client.send("GET", "/").status == 200) }
            #expect(try await proxy.mirror { $0.counters.repeated == 20 }.counters.repeated == 20)
            #expect(try await eventually { try await proxy.endpoints("v1").allSatisfy { $0.inFlight == 0 } })
            let endpoints = try await proxy.endpoints("v1")
            #expect(endpoints.count == 2 && endpoints.allSatisfy { $0.counters.ejections == 0 && !$0.isEjected })
            #expect(endpoints.allSatisfy { $0.counters.failures == 0 })
        }
    }

    @Test("What is asked again leaves requests their room", arguments: ["requests", "connections"])
    func room(limit: String) async throws {
        let (primary, shadow) = (try silentWhenAskedAgain(), try answering())
        try await withMirror(
            primary.port, shadow: shadow.port,
            changing: {
                if limit == "requests" { $0.upstreams["v1"]?.limits.requests = 4 }
                if limit == "connections" { $0.upstreams["v1"]?.limits.connections = 4 }
                $0.upstreams["v1"]?.limits.pending = 0
            },
            { $0.compare = true }
        ) { proxy in
            for _ in 0..<10 { #expect(try await proxy.client.send("GET", "/").status == 200) }
            let counters = try await proxy.mirror { $0.counters.answered == 10 }.counters
            #expect(counters.answered == 10 && (1...2).contains(counters.repeated))
        }
    }

    @Test func `a copy has its place until all that was asked for is there`() async throws {
        let (primary, shadow) = (try silentWhenAskedAgain(), try answering())
        try await withMirror(
            primary.port, shadow: shadow.port,
            {
                $0.compare = true
                $0.queue = 1
                $0.timeout = .seconds(1)
            }
        ) { proxy in
            _ = try await proxy.client.send("GET", "/")
            #expect(try await proxy.mirror { $0.counters.answered == 1 }.counters.repeated == 1)
            _ = try await proxy.client.send("GET", "/")
            #expect(try await proxy.mirror { $0.counters.full == 1 }.counters.sent == 1)
            #expect(try await eventually { try await proxy.endpoints("v1").allSatisfy { $0.inFlight == 0 } })
            _ = try await proxy.client.send("GET", "/")
            #expect(try await proxy.mirror { $0.counters.answered == 2 }.counters.full == 1)
        }
    }

    // MARK: - What is kept

    @Test func `what is kept of requests that pass is as much as of those that wait`() async throws {
        let (primary, shadow) = (try answering(), try answering())
        try await withMirror(
            primary.port, shadow: shadow.port,
            {
                $0.queue = 2
                $0.body = .kibibytes(1)
            }
        ) { proxy in
            let clients = try (0..<5).map { _ in try ByteConnection(port: proxy.port) }
            for client in clients {
                try client.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n")
                try client.write(String(repeating: "a", count: 900))
            }
            // Two of them fit.
            #expect(try await proxy.mirror { $0.counters.full == 3 }.counters.full == 3)
            for client in clients {
                try client.write(String(repeating: "a", count: 100))
                #expect(String(decoding: try client.receive(), as: UTF8.self).hasPrefix("HTTP/1.1 200 OK\r\n"))
            }
            #expect(try await proxy.mirror { $0.counters.answered == 2 }.counters.sent == 2)
            // What they held is free again.
            _ = try await proxy.client.send("POST", "/", body: String(repeating: "b", count: 1000))
            #expect(try await proxy.mirror { $0.counters.answered == 3 }.counters.full == 3)
        }
    }

    @Test func `answers are compared up to the length that is set`() async throws {
        let long = String(repeating: "a", count: 2 << 20)
        let (primary, shadow) = (try answering(long), try answering(long))
        try await withMirror(
            primary.port, shadow: shadow.port,
            {
                $0.compare = true
                $0.body = .mebibytes(4)
            }
        ) { proxy in
            #expect(try await proxy.client.send("GET", "/").body.count == 2 << 20)
            let report = try #require(try await proxy.mirror { $0.report?.compared == 1 }.report)
            #expect(report.equal == 1 && report.measured == 1 && report.dropped == 0)
        }
    }

    @Test func `a head that the proxy's own fields make longer than may come is copied like others`() async throws {
        let (primary, shadow) = (try answering(), try answering())
        try await withMirror(primary.port, shadow: shadow.port) { proxy in
            let fields = (2...200).map { "X-\($0): 1\r\n" }.joined()
            let long = "GET / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n"
            let answers = try await proxy.client.exchange(long)
            let counters = try await proxy.mirror { $0.counters.answered == 1 }.counters
            #expect(answers.map(\.status) == [200] && counters.answered == 1 && counters.long == 0)
            #expect((shadow.requests.first?.count ?? 0) > 200)
        }
    }

    // MARK: - What isn't sent

    /// The second request is over before the first one's copy would go.
    private static let two = String(repeating: "GET / HTTP/1.1\r\nHost: a\r\n\r\n", count: 2)

    @Test func `copies that wait for one that isn't sent aren't left behind`() async throws {
        let (primary, shadow) = (try answering(), try answering())
        try await withMirror(
            primary.port, shadow: shadow.port, changing: { $0.upstreams["shadow"]?.limits.requests = 0 }
        ) { proxy in
            #expect(try await proxy.client.exchange(Self.two, answers: 2).map(\.status) == [200, 200])
            let counters = try await proxy.mirror { $0.counters.full == 2 }.counters
            #expect(counters.full == 2 && counters.sent == 0)
            #expect(await proxy.heldCopies == 0)
        }
    }

    @Test func `a copy whose head isn't HTTP any more is counted`() async throws {
        let (primary, shadow) = (try answering(), try answering())
        let proxy = try await RouteUnderTest(servers: ["v1": primary.port, "shadow": shadow.port]) { route in
            route.mirror.to = "shadow"
            // What is read from a file may not say that.
            route.requestHeaders.add["Host"] = "b"
        }
        _ = try await proxy.client.exchange(Self.two, answers: 2)
        let counters = try await proxy.mirror { $0.counters.failed == 2 }.counters
        #expect(counters.failed == 2 && counters.sent == 0)
        #expect(await proxy.heldCopies == 0)
        try await proxy.end()
    }
}

extension RouteUnderTest {
    /// How the servers of an upstream do.
    fileprivate func endpoints(_ upstream: String) async throws -> [UpstreamSnapshot.Endpoint] {
        try #require(await proxy.snapshot().upstreams.first { $0.name == upstream }).endpoints
    }
}
