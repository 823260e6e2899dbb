// SPDX-License-Identifier: Apache-2.0

import Core
import Proxying
import TestKit
import Testing

@testable import Ambassador

/// Clients behind proxies that are trusted are told apart by what those say.
struct StickyAddressTests {
    /// Which of two servers answers each client, as an upstream's or as one of two upstreams.
    private func places(
        of clients: [String], _ configure: (inout HTTPProxyConfiguration) -> Void
    ) async throws -> [String] {
        let servers = try (0..<2).map { index in
            try ScriptedServer.answering("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n\(index)")
        }
        var places: [String] = []
        try await withProxy(servers, configure) { proxy in
            for client in clients {
                places.append(try await proxy.client.send("GET", "/", headers: [("X-Forwarded-For", client)]).text)
            }
        }
        return places
    }

    private static let clients = (0..<20).map { "192.0.2.\($0)" }
    private static let twice = (clients + clients)

    private static func trust(_ configuration: inout HTTPProxyConfiguration) {
        configuration.forwarding.trusted = [AddressRange(text: "127.0.0.1")].compactMap { $0 }
    }

    private static func split(_ configuration: inout HTTPProxyConfiguration) {
        var second = UpstreamConfiguration()
        second.servers["s1"] = configuration.upstreams["up"]?.servers["s1"]
        configuration.upstreams["down"] = second
        configuration.upstreams["up"]?.servers["s1"] = nil
        configuration.routes["all"]?.to = nil
        configuration.routes["all"]?.split = ["up": 1, "down": 1]
        configuration.routes["all"]?.sticky.address = true
    }

    private static func hash(_ configuration: inout HTTPProxyConfiguration) {
        configuration.upstreams["up"]?.balance = .ringHash
        configuration.upstreams["up"]?.hash.address = true
    }

    @Test(arguments: [true, false])
    func `each client stays where it is, and not all are at one place`(isSplit: Bool) async throws {
        let places = try await places(of: Self.twice) {
            Self.trust(&$0)
            isSplit ? Self.split(&$0) : Self.hash(&$0)
        }
        #expect(places.prefix(20) == places.suffix(20))
        #expect(Set(places) == ["0", "1"])
    }

    @Test(arguments: [true, false])
    func `who isn't trusted is one client, whatever it says`(isSplit: Bool) async throws {
        let places = try await places(of: Self.clients) { isSplit ? Self.split(&$0) : Self.hash(&$0) }
        #expect(Set(places).count == 1)
    }
}
