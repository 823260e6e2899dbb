// SPDX-License-Identifier: Apache-2.0

import Core
import TestKit
import Testing

@testable import Ambassador
@testable import Proxying

/// A route has its way with lines that the proxy adds itself.
struct OwnLinesTests {
    private static let names = ["x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "forwarded", "via"]

    /// The lines of these names that a server gets.
    private func told(
        _ headers: [(String, String)] = [], _ configure: (inout HTTPProxyConfiguration) -> Void
    ) async throws -> [String] {
        let server = try AnsweringServer { _, _ in AnsweringServer.text("hi") }
        defer { server.stop() }
        try await withProxy(
            [],
            {
                $0.upstreams["up"]?.servers["s"] = UpstreamServerConfiguration(
                    address: .network(host: "127.0.0.1", port: server.port))
                configure(&$0)
            }
        ) { _ = try await $0.client.send("GET", "/", headers: headers) }
        return server.requests.joined().filter { line in
            Self.names.contains { line.lowercased().replacing("_", with: "-").hasPrefix($0 + ":") }
        }
    }

    private static func trust(_ configuration: inout HTTPProxyConfiguration) {
        configuration.forwarding.trusted = [AddressRange(text: "127.0.0.1")].compactMap { $0 }
    }

    @Test func `what a route sets takes the place of what the proxy says of the client`() async throws {
        let set: NamedTable<String> = ["x-forwarded-proto": "https", "via": "1.1 edge"]
        let found = try await told { $0.routes["all"]?.requestHeaders.set = set }
        #expect(found == ["X-Forwarded-For: 127.0.0.1", "x-forwarded-proto: https", "via: 1.1 edge"])
        let trusted = try await told([("X-Forwarded-Proto", "ws"), ("X-Forwarded-For", "1.2.3.4"), ("Via", "a")]) {
            Self.trust(&$0)
            $0.routes["all"]?.requestHeaders.set = set
        }
        #expect(trusted == ["X-Forwarded-For: 1.2.3.4, 127.0.0.1", "x-forwarded-proto: https", "via: 1.1 edge"])
    }

    @Test func `what a route removes isn't said, by the client or by the proxy`() async throws {
        let lines = Self.names.map { ($0, "1.2.3.4") }
        for trusts in [false, true] {
            let found = try await told(lines) {
                if trusts { Self.trust(&$0) }
                $0.forwarding.format = .both
                $0.routes["all"]?.rewrite.host = "other"
                $0.routes["all"]?.requestHeaders.remove = Self.names
            }
            #expect(found == [])
        }
        let some = try await told {
            $0.forwarding.format = .both
            $0.routes["all"]?.rewrite.host = "other"
            $0.routes["all"]?.requestHeaders.remove = ["X-Forwarded-Host", "Via"]
        }
        #expect(
            some == [
                "X-Forwarded-For: 127.0.0.1", "X-Forwarded-Proto: http",
                "Forwarded: for=127.0.0.1;proto=http;host=\"localhost\"",
            ])
    }

    @Test func `what a route removes is removed where the fields pass as they came, too`() async throws {
        let lines = [("X-Forwarded-For", "1.2.3.4"), ("Forwarded", "for=1.2.3.4")]
        let found = try await told(lines) {
            $0.forwarding.policy = .off
            $0.forwarding.addsVia = false
            $0.routes["all"]?.requestHeaders.remove = ["x-forwarded-for"]
        }
        #expect(found == ["Forwarded: for=1.2.3.4"])
    }

    @Test(arguments: ["X_Forwarded_For", "x-forwarded_for", "X_Forwarded-Proto", "X_FORWARDED_HOST"])
    func `a name that servers read as one of these is one of these`(name: String) async throws {
        let own = ["X-Forwarded-For: 127.0.0.1", "X-Forwarded-Proto: http", "Via: 1.1 outrigger"]
        #expect(try await told([(name, "1.2.3.4")]) { _ in } == own)
        let passed = try await told([(name, "1.2.3.4")]) { $0.forwarding.policy = .off }
        #expect(passed == ["\(name): 1.2.3.4", "Via: 1.1 outrigger"])
    }

    // MARK: - Responses

    /// The lines of these names that a client gets of a server.
    private func answered(
        _ names: [String], _ server: String = "", _ configure: (inout HTTPProxyConfiguration) -> Void
    ) async throws -> [String] {
        let server = try ScriptedServer.answering("HTTP/1.1 200 OK\r\n\(server)Content-Length: 2\r\n\r\nok")
        var lines: [String] = []
        try await withProxy([server], configure) { proxy in
            let answer = try await proxy.client.send("GET", "/")
            lines = answer.headers.filter { names.contains($0.name.lowercased()) }.map { "\($0.name): \($0.value)" }
        }
        return lines
    }

    @Test func `what a route sets or removes of responses is no line of the proxy's either`() async throws {
        let set = try await answered(["server"], "Server: app\r\n") {
            $0.server = "y"
            $0.routes["all"]?.responseHeaders.set = ["server": "x"]
        }
        #expect(set == ["server: x"])
        let removed = try await answered(["server"], "Server: app\r\n") {
            $0.server = "y"
            $0.routes["all"]?.responseHeaders.remove = ["Server"]
        }
        #expect(removed == [])
        let own = try await answered(["server"], "Server: app\r\n") { $0.server = "y" }
        #expect(own == ["server: y"])
    }

    @Test func `what a route's own answer says takes the place of what all answers say`() async throws {
        let redirected = try await answered(["server", "date", "location"]) {
            $0.server = "y"
            $0.routes["all"]?.to = nil
            $0.routes["all"]?.redirect.to = "/there"
            $0.routes["all"]?.responseHeaders.set = ["server": "x", "location": "/elsewhere"]
            $0.routes["all"]?.responseHeaders.remove = ["date"]
        }
        #expect(redirected == ["server: x", "location: /elsewhere"])
        let answered = try await answered(["server", "date"]) {
            $0.server = "y"
            $0.routes["all"]?.to = nil
            $0.routes["all"]?.respond.status = 200
            $0.routes["all"]?.respond.headers = ["Date": "today"]
            $0.routes["all"]?.responseHeaders.remove = ["server"]
        }
        #expect(answered == ["Date: today"])
    }
}
