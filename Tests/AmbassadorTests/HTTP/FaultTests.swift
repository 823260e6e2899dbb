// SPDX-License-Identifier: Apache-2.0

import Core
import Foundation
import TestKit
import Testing

@testable import Ambassador

@Suite("Faults of HTTP", .serialized) struct FaultTests {
    private func withFault(
        _ configure: (inout FaultConfiguration) -> Void, _ body: (RouteUnderTest, AnsweringServer) async throws -> Void
    ) async throws {
        let server = try AnsweringServer { head, body in
            AnsweringServer.text(head[0].contains("/long") ? String(repeating: "a", count: 4000) : "v1 " + body)
        }
        var fault = FaultConfiguration()
        configure(&fault)
        let proxy = try await RouteUnderTest(servers: ["v1": server.port]) { $0.faults["fault"] = fault }
        try await body(proxy, server)
        try await proxy.end()
    }

    @Test func `the first two requests fail, on a connection that stays`() async throws {
        try await withFault({ $0.selection.first = 2 }) { (proxy, server) async throws in
            let request = HTTPClient.request("POST", "/", body: "hello")
            // A body that isn't read ends the connection.
            for _ in 0..<2 { #expect(try await proxy.client.exchange(request)[0].status == 503) }
            #expect(try await proxy.client.exchange(request)[0].text == "v1 hello")
            #expect(server.requests.count == 1 && proxy.proxy.faults.map(\.count) == [2])
            let get = HTTPClient.request("GET", "/")
            #expect(try await proxy.client.exchange(get + get, answers: 2).map(\.status) == [200, 200])
        }
    }

    @Test func `an abort without a body leaves the connection as it is`() async throws {
        try await withFault({
            $0.status = 500
            $0.header = ["x-fault": "*"]
        }) { (proxy, _) async throws in
            let bad = HTTPClient.request("GET", "/", headers: [("X-Fault", "1")])
            let good = HTTPClient.request("GET", "/")
            #expect(try await proxy.client.exchange(bad + good + bad, answers: 3).map(\.status) == [500, 200, 500])
        }
    }

    @Test func `a request is held up, with its body and what comes after it`() async throws {
        try await withFault({
            ($0.kind, $0.delay) = (.delay, .milliseconds(200))
            $0.selection.every = 2
        }) { (proxy, server) async throws in
            let start = ContinuousClock.now
            let requests = ["a", "b", "c", "d"].map { HTTPClient.request("POST", "/", body: $0) }
            let answers = try await proxy.client.exchange(requests.joined(), answers: 4)
            #expect(answers.map(\.text) == ["v1 a", "v1 b", "v1 c", "v1 d"])
            #expect(ContinuousClock.now - start >= .milliseconds(400))
            #expect(server.bodies == ["a", "b", "c", "d"])
        }
    }

    @Test func `a body that comes after the head is held up with it`() async throws {
        try await withFault({ ($0.kind, $0.delay) = (.delay, .milliseconds(100)) }) { (proxy, _) async throws in
            let text = try await proxy.client.onConnection { connection in
                try connection.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab")
                usleep(20_000)
                try connection.write("cd")
                return try connection.readAnswer(isHead: false).text
            }
            #expect(text == "v1 abcd")
        }
    }

    @Test func `a client that leaves while it is held up is forgotten`() async throws {
        try await withFault({ ($0.kind, $0.delay) = (.delay, .milliseconds(100)) }) { (proxy, server) async throws in
            do { try ByteConnection(port: proxy.port).write(HTTPClient.request("GET", "/")) }
            try await Task.sleep(for: .milliseconds(300))
            #expect(try await proxy.client.send("GET", "/").status == 200)
            #expect(server.requests.count <= 2)
        }
    }

    @Test func `a reset ends the connection with an error`() async throws {
        try await withFault({ $0.kind = .reset }) { (proxy, _) async throws in
            let connection = try ByteConnection(port: proxy.port)
            try connection.write(HTTPClient.request("GET", "/"))
            #expect(throws: POSIXError(.ECONNRESET)) { try connection.receive() }
        }
    }

    @Test func `a throttled response comes slowly and whole, and the next one too`() async throws {
        try await withFault({ ($0.kind, $0.rate) = (.throttle, ByteCount(bytes: 10_000)) }) { (proxy, _) async throws in
            let start = ContinuousClock.now
            let request = HTTPClient.request("GET", "/long")
            let answers = try await proxy.client.exchange(request + request, answers: 2)
            #expect(answers.allSatisfy { $0.body.count == 4000 })
            #expect(ContinuousClock.now - start >= .milliseconds(600))
        }
    }

    @Test func `a throttled response that ends its connection comes whole`() async throws {
        try await withFault({ ($0.kind, $0.rate) = (.throttle, ByteCount(bytes: 10_000)) }) { (proxy, _) async throws in
            let answer = try await proxy.client.send("GET", "/long", headers: [("Connection", "close")])
            #expect(answer.body.count == 4000)
        }
    }

    /// A proxy whose server answers with so much, a little of which comes through at once.
    private func withThrottle(
        _ bytesPerSecond: Int, of count: Int, _ configure: (inout HTTPProxyConfiguration) -> Void = { _ in },
        _ body: (ProxyUnderTest, SharedCount) async throws -> Void
    ) async throws {
        let sent = SharedCount()
        let server = try ScriptedServer { connection in
            try connection.readHead()
            try connection.write("HTTP/1.1 200 OK\r\nContent-Length: \(count)\r\n\r\n")
            let block = [UInt8](repeating: 120, count: min(count, 1 << 16))
            while sent.value < count {
                try connection.write(block)
                sent.add(block.count)
            }
        }
        var fault = FaultConfiguration()
        (fault.kind, fault.rate) = (.throttle, ByteCount(bytes: bytesPerSecond))
        try await withProxy(
            [server],
            {
                $0.routes["all"]?.faults["slow"] = fault
                configure(&$0)
            }
        ) { try await body($0, sent) }
    }

    @Test func `the last response of a connection may be slower than a server may be`() async throws {
        try await withThrottle(10_000, of: 8000, { $0.timeouts.response = .milliseconds(200) }) { proxy, _ in
            let answer = try await proxy.client.send("GET", "/", headers: [("Connection", "close")])
            #expect(answer.body.count == 8000)
        }
    }

    @Test func `what isn't a request is refused once, behind a response that is held back`() async throws {
        try await withThrottle(10_000, of: 4000) { proxy, _ in
            let text = try await proxy.client.onConnection { connection in
                try connection.write(HTTPClient.request("GET", "/"))
                for _ in 0..<3 {
                    usleep(50_000)
                    try connection.write("nonsense\r\n\r\n")
                }
                return connection.readToEnd()
            }
            #expect(text.components(separatedBy: "HTTP/1.1 400 ").count == 2, "\(text.suffix(300))")
        }
    }

    @Test func `a server waits while its response is held back`() async throws {
        try await withThrottle(1000, of: 64 << 20) { proxy, sent in
            let connection = try ByteConnection(port: proxy.port)
            try connection.write(HTTPClient.request("GET", "/"))
            try await Task.sleep(for: .seconds(1))
            // What the sockets between them hold, and not all of it.
            #expect(sent.value < 32 << 20)
            connection.resetAtEnd()
        }
    }
}
