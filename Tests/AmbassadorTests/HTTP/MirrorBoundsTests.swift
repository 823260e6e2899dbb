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
}

extension RouteUnderTest {
    /// How the servers of an upstream do.
    fileprivate func endpoints(_ upstream: String) async throws -> [UpstreamSnapshot.Endpoint] {
        try #require(await proxy.snapshot().upstreams.first { $0.name == upstream }).endpoints
    }
}
