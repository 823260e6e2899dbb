// SPDX-License-Identifier: Apache-2.0

import Core
import Foundation
import Proxying
import TestKit
import Testing

@testable import Ambassador

struct HTTPProxyClientTests {
    /// A server that answers with the head and the body of the request.
    private func echo() throws -> ScriptedServer {
        try ScriptedServer { connection in
            while true {
                let head = try connection.readHead()
                let length = head.first { $0.lowercased().hasPrefix("content-length: ") }
                let body = try connection.read(count: length.flatMap { Int($0.dropFirst(16)) } ?? 0)
                let text = head.joined(separator: "\n") + "\n\n" + body
                try connection.write("HTTP/1.1 200 OK\r\nContent-Length: \(text.utf8.count)\r\n\r\n\(text)")
            }
        }
    }

    @Test func `a request goes on as it came, and says for whom`() async throws {
        try await withProxy([try echo()]) { proxy in
            let answer = try await proxy.client.send(
                "POST", "/a?b=c", headers: [("X-User", "u"), ("Keep-Alive", "5"), ("TE", "trailers")], body: "body")
            let lines = answer.text.components(separatedBy: "\n")
            #expect(lines.first == "POST /a?b=c HTTP/1.1")
            #expect(lines.contains("Host: localhost"))
            #expect(lines.contains("X-User: u"))
            #expect(lines.contains("X-Forwarded-For: 127.0.0.1"))
            #expect(lines.contains("X-Forwarded-Proto: http"))
            #expect(lines.contains("Via: 1.1 outrigger"))
            #expect(!lines.contains { $0.hasPrefix("Keep-Alive") || $0.hasPrefix("TE") })
            #expect(lines.last == "body")
        }
    }

    @Test func `a head that comes byte by byte is read like one that comes whole`() async throws {
        try await withProxy([try echo()]) { proxy in
            let answer = try await proxy.client.onConnection { connection in
                for byte in HTTPClient.request("GET", "/slow") { try connection.write(String(byte)) }
                return try connection.readAnswer()
            }
            #expect(answer.text.hasPrefix("GET /slow HTTP/1.1"))
        }
    }

    @Test func `requests that are sent at once are answered in their order, over one connection to the server`()
        async throws
    {
        let server = try echo()
        try await withProxy([server]) { proxy in
            let text = (0..<20).map { HTTPClient.request("POST", "/\($0)", body: "b\($0)") }.joined()
            let answers = try await proxy.client.exchange(text, answers: 20)
            for (index, answer) in answers.enumerated() {
                #expect(answer.text.hasPrefix("POST /\(index) "))
                #expect(answer.text.hasSuffix("b\(index)"))
            }
            #expect(server.connectionCount == 1)
        }
    }

    @Test func `a large body passes whole both ways`() async throws {
        try await withProxy([try echo()]) { proxy in
            let body = String(repeating: "0123456789abcdef", count: 1 << 16)
            let answer = try await proxy.client.send("PUT", "/", body: body)
            #expect(answer.text.hasSuffix("\n\n" + body))
        }
    }

    @Test func `chunks and trailers pass as they came`() async throws {
        let server = try ScriptedServer { connection in
            try connection.readHead()
            let body = "3\r\nabc\r\n0\r\nX-Sum: 6\r\n\r\n"
            let received = try connection.read(count: body.utf8.count)
            #expect(received == body)
            try connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body)
        }
        try await withProxy([server]) { proxy in
            let answer = try await proxy.whole(
                "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + "3\r\nabc\r\n0\r\nX-Sum: 6\r\n\r\n")
            #expect(answer.hasSuffix("3\r\nabc\r\n0\r\nX-Sum: 6\r\n\r\n"))
        }
    }

    @Test func `a response up to the end of the server's connection becomes chunks, and the client's stays`()
        async throws
    {
        let server = try ScriptedServer { connection in
            try connection.readHead()
            try connection.write("HTTP/1.0 200 OK\r\n\r\nall of it")
        }
        try await withProxy([server]) { proxy in
            let request = HTTPClient.request("GET", "/")
            let answers = try await proxy.client.exchange(request + request, answers: 2)
            #expect(answers.map(\.text) == ["all of it", "all of it"])
        }
    }

    @Test func `a client of HTTP/1.0 gets no chunks`() async throws {
        let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
        try await withProxy([try .answering(chunked)]) { proxy in
            let answer = try await proxy.whole("GET / HTTP/1.0\r\n\r\n")
            #expect(answer.hasSuffix("\r\n\r\nabcde"))
            #expect(!answer.lowercased().contains("transfer-encoding"))
        }
    }

    @Test func `an answer to HEAD has no body, whatever it says`() async throws {
        try await withProxy([try .answering("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")]) { proxy in
            let answers = try await proxy.client.onConnection { connection in
                try (0..<2).map { _ in
                    try connection.write(HTTPClient.request("HEAD", "/"))
                    return try connection.readAnswer(isHead: true)
                }
            }
            #expect(answers.map(\.status) == [200, 200])
        }
    }

    @Test func `an upgraded connection is a tunnel, to which early bytes belong`() async throws {
        let server = try ScriptedServer { connection in
            let head = try connection.readHead()
            #expect(head.contains("connection: upgrade"))
            #expect(head.contains("Upgrade: echo"))
            try connection.write("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
            while true {
                let bytes = connection.readSome()
                if bytes.isEmpty { return }
                try connection.write(bytes)
            }
        }
        try await withProxy([server]) { proxy in
            let answer = try await proxy.client.onConnection { connection in
                try connection.write(
                    "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nearly")
                Thread.sleep(forTimeInterval: 0.2)
                try connection.write(" late")
                connection.endWriting()
                return connection.readToEnd()
            }
            #expect(answer.hasSuffix("\r\n\r\nearly late"))
        }
    }

    @Test func `HTTP/2 without TLS is no upgrade that passes`() async throws {
        try await withProxy([try echo()]) { proxy in
            let answer = try await proxy.client.send(
                "GET", "/",
                headers: [("Connection", "Upgrade, HTTP2-Settings"), ("Upgrade", "h2c"), ("HTTP2-Settings", "AAA")])
            #expect(answer.status == 200)
            #expect(!answer.text.lowercased().contains("h2c"))
            #expect(!answer.text.lowercased().contains("http2-settings"))
        }
    }

    @Test func `100 Continue passes before the body does`() async throws {
        let server = try ScriptedServer { connection in
            try connection.readHead()
            try connection.write("HTTP/1.1 100 Continue\r\n\r\n")
            let body = try connection.read(count: 4)
            try connection.write("HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
        }
        try await withProxy([server]) { proxy in
            let answer = try await proxy.client.onConnection { connection in
                try connection.write(
                    "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
                let first = try connection.readAnswer(isHead: true)
                #expect(first.status == 100)
                try connection.write("body")
                return try connection.readAnswer()
            }
            #expect(answer.text == "body")
        }
    }

    @Test func `a field that Connection names ends here, and none that frames or routes may be`() async throws {
        try await withProxy([try echo()]) { proxy in
            let hop = try await proxy.client.send(
                "POST", "/", headers: [("Connection", "X-Hop"), ("X-Hop", "1")], body: "body")
            #expect(!hop.text.contains("X-Hop"))
            #expect(hop.text.hasSuffix("\n\nbody"))
            let framing = try await proxy.client.send(
                "POST", "/", headers: [("Connection", "Content-Length")], body: "body")
            #expect(framing.status == 400)
        }
    }

    @Test func `a connection that the server closed while it was idle costs no request`() async throws {
        let server = try ScriptedServer { connection in
            try connection.readHead()
            try connection.write(ScriptedServer.ok)
        }
        try await withProxy([server]) { proxy in
            for _ in 0..<50 {
                let answer = try await proxy.client.send("GET", "/")
                #expect(answer.status == 200)
            }
        }
    }

    @Test func `another server gets the request that one refused`() async throws {
        let dead = try FreePort.next()
        let server = try echo()
        try await withProxy(
            [server, try echo()],
            { configuration in
                configuration.upstreams["up"]?.servers["s1"]?.address = .network(host: "127.0.0.1", port: dead)
                configuration.routes["all"]?.retry.attempts = 1
            }
        ) { proxy in
            for index in 0..<10 {
                let answer = try await proxy.client.send("POST", "/\(index)", body: "b")
                #expect(answer.status == 200)
            }
        }
    }

    @Test func `a status that the rules name is tried again elsewhere`() async throws {
        let bad = try ScriptedServer.answering("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")
        try await withProxy(
            [bad, try echo()],
            { configuration in
                configuration.routes["all"]?.retry.attempts = 1
                configuration.routes["all"]?.retry.on = [.gatewayError]
            }
        ) { proxy in
            for _ in 0..<4 {
                let answer = try await proxy.client.send("GET", "/")
                #expect(answer.status == 200)
            }
            // What isn't idempotent isn't done twice.
            let statuses = try await [proxy.client.send("POST", "/").status, proxy.client.send("POST", "/").status]
            #expect(Set(statuses) == [200, 503])
        }
    }

    @Test func `a new configuration holds for the next request of a connection that is open`() async throws {
        let (old, new) = (
            try ScriptedServer.answering("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nold"),
            try ScriptedServer.answering("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nnew")
        )
        var changed = HTTPProxyConfiguration()
        try await withProxy([old], { changed = $0 }) { proxy in
            changed.upstreams["up"]?.servers["s0"]?.address = .network(host: "127.0.0.1", port: new.port)
            let (configuration, room) = (changed, proxy.proxy)
            let answers = try await proxy.client.onConnection { connection in
                let request = HTTPClient.request("GET", "/")
                try connection.write(request)
                let first = try connection.readAnswer().text
                room.apply(configuration, upstreamTLS: [:])
                var next = first
                for _ in 0..<200 where next == first {
                    Thread.sleep(forTimeInterval: 0.05)
                    try connection.write(request)
                    next = try connection.readAnswer().text
                }
                return [first, next]
            }
            #expect(answers == ["old", "new"])
        }
    }

    @Test(arguments: [BalanceKind.ringHash, .maglev])
    func `requests that say the same go to the same server, if that is how an upstream is balanced`(
        _ balance: BalanceKind
    ) async throws {
        let servers = try (0..<4).map { index in
            try ScriptedServer.answering("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n\(index)")
        }
        try await withProxy(
            servers,
            { configuration in
                configuration.upstreams["up"]?.balance = balance
                configuration.upstreams["up"]?.hash.header = "X-User"
            }
        ) { proxy in
            var places: Set<String> = []
            for user in 0..<20 {
                let first = try await proxy.client.send("GET", "/", headers: [("X-User", "user-\(user)")]).text
                let second = try await proxy.client.send("GET", "/", headers: [("x-user", "user-\(user)")]).text
                #expect(first == second)
                places.insert(first)
            }
            #expect(places.count > 1)
        }
    }
}
