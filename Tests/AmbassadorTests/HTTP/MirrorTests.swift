// SPDX-License-Identifier: Apache-2.0

import Core
import Proxying
import TestKit
import Testing
import WireProxyProtocol

@testable import Ambassador
@testable import Telemetry

@Suite("Mirrors", .serialized) struct MirrorTests {
    private func withMirror(
        _ primary: AnsweringServer, shadow: Int, _ configure: (inout MirrorConfiguration) -> Void = { _ in },
        _ body: (RouteUnderTest) async throws -> Void
    ) async throws {
        let proxy = try await RouteUnderTest(servers: ["v1": primary.port, "shadow": shadow]) { route in
            route.mirror.to = "shadow"
            configure(&route.mirror)
        }
        try await body(proxy)
        try await proxy.end()
    }

    private func echo() throws -> AnsweringServer {
        try AnsweringServer { _, body in AnsweringServer.text("v1 " + body) }
    }

    @Test func `a copy has the request's head, host and body, and a mark`() async throws {
        let (primary, shadow) = (try echo(), try AnsweringServer { _, _ in AnsweringServer.text("shadow") })
        try await withMirror(primary, shadow: shadow.port) { proxy in
            let answer = try await proxy.client.send(
                "POST", "/a?b=1", headers: [("X-User", "7"), ("Expect", "nothing")], body: "hello")
            #expect(answer.text == "v1 hello")
            #expect(try await proxy.mirror { $0.counters.answered == 1 }.counters.sent == 1)
            let copy = try #require(shadow.requests.first)
            #expect(copy.first == "POST /a?b=1 HTTP/1.1" && shadow.bodies == ["hello"])
            #expect(copy.contains("host: localhost") && copy.contains("X-User: 7"))
            #expect(copy.contains("x-mirrored: shadow") && !copy.contains { $0.hasPrefix("Expect") })
            #expect(primary.requests.allSatisfy { !$0.contains("x-mirrored: shadow") })
        }
    }

    @Test func `copies go over a connection that stays`() async throws {
        let (primary, shadow) = (try echo(), try echo())
        try await withMirror(primary, shadow: shadow.port) { proxy in
            for number in 1...10 {
                _ = try await proxy.client.send("GET", "/")
                _ = try await proxy.mirror { $0.counters.answered == number }
            }
            #expect(shadow.connectionCount == 1)
        }
    }

    @Test func `a part of the requests is copied, of the methods that are named`() async throws {
        let (primary, shadow) = (try echo(), try echo())
        try await withMirror(
            primary, shadow: shadow.port,
            {
                $0.percent = Percentage(50) ?? .none
                $0.methods = ["PUT"]
            }
        ) { proxy in
            for _ in 0..<100 { _ = try await proxy.client.send("PUT", "/", body: "x") }
            _ = try await proxy.client.send("GET", "/")
            #expect(await eventually { await proxy.heldCopies == 0 })
            #expect((25...75).contains(shadow.requests.count))
            #expect(shadow.requests.allSatisfy { $0.first == "PUT / HTTP/1.1" })
        }
    }

    @Test("Copies go to all servers of a shadow that chooses by a hash", arguments: [BalanceKind.ringHash, .maglev])
    func servers(balance: BalanceKind) async throws {
        let (primary, shadow, other) = (try echo(), try echo(), try echo())
        try await withMirror(primary, shadow: shadow.port) { proxy in
            var changed = proxy.configuration
            changed.upstreams["shadow"]?.balance = balance
            changed.upstreams["shadow"]?.servers["two"] = UpstreamServerConfiguration(
                address: .network(host: "127.0.0.1", port: other.port))
            await proxy.proxy.applied(changed)
            for number in 1...40 {
                _ = try await proxy.client.send("GET", "/")
                _ = try await proxy.mirror { $0.counters.answered == number }
            }
            #expect(!shadow.requests.isEmpty && !other.requests.isEmpty)
        }
    }

    @Test func `a copy isn't copied, and another host may be named`() async throws {
        let (primary, shadow) = (try echo(), try echo())
        try await withMirror(primary, shadow: shadow.port, { $0.host = "next.example" }) { proxy in
            _ = try await proxy.client.send("GET", "/", headers: [("X-Mirrored", "shadow")])
            _ = try await proxy.client.send("GET", "/")
            #expect(try await proxy.mirror { $0.counters.answered == 1 }.counters.sent == 1)
            #expect(shadow.requests.first?.contains("host: next.example") == true)
        }
    }

    @Test func `what is too long isn't copied`() async throws {
        let (primary, shadow) = (try echo(), try echo())
        try await withMirror(primary, shadow: shadow.port, { $0.body = .kibibytes(1) }) { proxy in
            let long = String(repeating: "a", count: 2000)
            #expect(try await proxy.client.send("POST", "/", body: long).text == "v1 " + long)
            #expect(try await proxy.mirror { $0.counters.long == 1 }.counters.sent == 0)
            let chunks =
                "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "7d0\r\n\(long)\r\n0\r\n\r\n"
            let other = try ScriptedServer { connection in
                _ = try connection.readHead()
                _ = try connection.read(count: 2012)
                try connection.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            }
            let proxy = try await RouteUnderTest(servers: ["v1": other.port, "shadow": shadow.port]) {
                $0.mirror.to = "shadow"
                $0.mirror.body = .kibibytes(1)
            }
            #expect(try await proxy.client.exchange(chunks)[0].status == 200)
            #expect(try await proxy.mirror { $0.counters.long == 1 }.counters.sent == 0)
            try await proxy.end()
        }
    }

    @Test func `a dead shadow costs a try now and then, and no request`() async throws {
        let primary = try echo()
        try await withMirror(primary, shadow: try FreePort.next()) { proxy in
            for _ in 0..<50 { #expect(try await proxy.client.send("GET", "/").status == 200) }
            let snapshot = try await proxy.mirror { $0.counters.unreachable == 50 }
            #expect(snapshot.counters.unreachable == 50 && snapshot.counters.sent < 10)
        }
    }

    @Test func `a shadow that never answers holds as many copies as may be, for its time`() async throws {
        let silent = try ScriptedServer { _ = $0.readToEnd() }
        let primary = try echo()
        try await withMirror(
            primary, shadow: silent.port,
            {
                $0.queue = 3
                $0.timeout = .seconds(2)
            }
        ) { proxy in
            for _ in 0..<10 { #expect(try await proxy.client.send("GET", "/").status == 200) }
            let counters = try await proxy.mirror { $0.counters.expired == 3 }.counters
            #expect(counters.sent == 3 && counters.expired == 3 && counters.full == 7)
        }
    }

    @Test func `a shadow that breaks off or doesn't speak HTTP is counted`() async throws {
        let broken = try ScriptedServer { connection in
            _ = try connection.readHead()
            try connection.write(
                connection.number == 1 ? "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc" : "what?\r\n\r\n")
        }
        let primary = try echo()
        try await withMirror(primary, shadow: broken.port) { proxy in
            for number in 1...2 {
                _ = try await proxy.client.send("GET", "/")
                #expect(try await proxy.mirror { $0.counters.failed == number }.counters.failed == number)
            }
        }
    }

    @Test func `answers are compared, and what differs anyway is noise`() async throws {
        let primary = try AnsweringServer { _, _ in
            AnsweringServer.json(#"{"price":1,"time":\#(Int.random(in: 1...1_000_000_000))}"#)
        }
        let shadow = try AnsweringServer { _, _ in AnsweringServer.json(#"{"price":2,"time":0}"#) }
        try await withMirror(primary, shadow: shadow.port, { $0.compare = true }) { proxy in
            for _ in 0..<5 { _ = try await proxy.client.send("GET", "/items?token=1") }
            // What isn't safe isn't copied where answers are compared.
            _ = try await proxy.client.send("POST", "/items", body: "x")
            let report = try #require(try await proxy.mirror { $0.report?.compared == 5 }.report)
            #expect(report.different == 5 && report.measured == 5)
            #expect(report.places.filter(\.isReported).map { "\($0.place)" } == ["$.price"])
            #expect(report.samples.first?.path == "/items" && report.samples.first?.differences.count == 1)
            #expect(primary.requests.count { $0.contains("x-mirrored: again") } == 5)
            #expect(primary.requests.count == 11 && shadow.requests.count == 5)
        }
    }

    @Test func `noise is measured now and then if that is enough`() async throws {
        let (primary, shadow) = (try echo(), try echo())
        try await withMirror(
            primary, shadow: shadow.port,
            {
                $0.compare = true
                $0.noiseEvery = 3
            }
        ) { proxy in
            for _ in 0..<6 { _ = try await proxy.client.send("GET", "/") }
            let snapshot = try await proxy.mirror { $0.report?.compared == 6 }
            #expect(snapshot.report?.equal == 6 && snapshot.report?.measured == 2 && snapshot.counters.repeated == 2)
        }
    }

    @Test func `answers that are too long aren't compared`() async throws {
        let long = String(repeating: "a", count: 3000)
        let primary = try AnsweringServer { head, _ in AnsweringServer.text(head[0].contains("/p") ? long : "a") }
        let shadow = try AnsweringServer { head, _ in AnsweringServer.text(head[0].contains("/s") ? long : "a") }
        try await withMirror(
            primary, shadow: shadow.port,
            {
                $0.compare = true
                $0.body = .kibibytes(1)
            }
        ) { proxy in
            for path in ["/p", "/s", "/"] { #expect(try await proxy.client.send("GET", path).status == 200) }
            let snapshot = try await proxy.mirror { $0.report?.compared == 1 }
            #expect(snapshot.counters.longResponses == 2 && snapshot.report?.equal == 1)
            #expect(
                snapshot.report?.summary
                    == "1 compared: 1 equal, 0 noise, 0 different (0.0 %); not compared: 2 too long")
            var text: [UInt8] = []
            await proxy.proxy.metrics(namespace: "").append(to: &text)
            let metrics = String(decoding: text, as: UTF8.self)
            let compared = #"outrigger_http_proxy_compared_total{proxy="web",route="all",outcome="#
            for line in [
                compared + #""long"} 2"#, compared + #""equal"} 1"#, compared + #""dropped"} 0"#,
                compared + #""unreadable"} 0"#, #"outrigger_http_proxy_repeated_total{proxy="web",route="all"} 2"#,
            ] { #expect(metrics.contains(line + "\n"), "\(line)") }
            #expect(try await proxy.mirror { $0.counters.answered == 3 }.counters.answered == 3)
        }
    }

    @Test func `what is known stays known while other things change`() async throws {
        let (primary, shadow) = (try echo(), try echo())
        try await withMirror(primary, shadow: shadow.port, { $0.compare = true }) { proxy in
            _ = try await proxy.client.send("GET", "/")
            _ = try await proxy.mirror { $0.report?.compared == 1 }
            var changed = proxy.configuration
            changed.routes["all"]?.timeout = .seconds(7)
            await proxy.proxy.applied(changed)
            #expect(await proxy.proxy.loops.ask { $0.table.routes[0].timeoutNanoseconds } == [7_000_000_000])
            _ = try await proxy.client.send("GET", "/")
            let snapshot = try await proxy.mirror { $0.report?.compared == 2 }
            #expect(snapshot.report?.compared == 2 && snapshot.counters.sent == 2)
        }
    }

    @Test func `a shadow that speaks the PROXY protocol hears it first`() async throws {
        let (primary, shadow) = (try echo(), try AnsweringServer { _, _ in AnsweringServer.text("shadow") })
        try await withMirror(primary, shadow: shadow.port) { proxy in
            var changed = proxy.configuration
            changed.upstreams["shadow"]?.proxyProtocol = .v1
            await proxy.proxy.applied(changed)
            _ = try await proxy.client.send("GET", "/")
            #expect(try await proxy.mirror { $0.counters.answered == 1 }.counters.answered == 1)
            #expect(shadow.requests.first?.prefix(2) == ["PROXY UNKNOWN", "GET / HTTP/1.1"])
        }
    }
}
