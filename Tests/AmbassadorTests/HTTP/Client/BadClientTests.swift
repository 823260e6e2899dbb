// SPDX-License-Identifier: Apache-2.0

import Core
import Foundation
import TestKit
import Testing

@testable import Ambassador

struct BadClientTests {
    /// What must never reach a server, because two programs could read it in two ways.
    private static let refused: [(request: String, status: Int)] = [
        ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n", 501),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 501),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\nx", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\nx", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;a\u{1}\r\nx\r\n0\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\nx\n0\n\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n folded\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nX : 1\r\n\r\n", 400),
        ("GET / HTTP/1.1\nHost: a\n\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: 1\rY: 2\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: \u{0}\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        ("GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
        ("GET /\r\n\r\n", 400),
        ("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", 405),
    ]

    @Test(arguments: refused)
    func `a request that could be read in two ways is refused, and the connection ends`(
        _ request: String, _ status: Int
    ) async throws {
        let server = try ScriptedServer.answering(ScriptedServer.ok)
        try await withProxy([server]) { proxy in
            let text = request + "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
            let answer = try await proxy.whole(text)
            #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(answer)")
            #expect(answer.contains("connection: close"))
            #expect(answer.components(separatedBy: "HTTP/1.1 ").count == 2, "\(answer)")
        }
    }

    @Test func `a head that never ends is too large`() async throws {
        try await withProxy([try .answering(ScriptedServer.ok)]) { proxy in
            let line = "X-Filler: \(String(repeating: "x", count: 1000))\r\n"
            let answer = try await proxy.whole(
                "GET / HTTP/1.1\r\nHost: a\r\n" + String(repeating: line, count: 80))
            #expect(answer.hasPrefix("HTTP/1.1 431 "))
        }
    }

    @Test func `a target that never ends is too long`() async throws {
        try await withProxy([try .answering(ScriptedServer.ok)]) { proxy in
            let answer = try await proxy.whole("GET /" + String(repeating: "x", count: 20_000))
            #expect(answer.hasPrefix("HTTP/1.1 414 "))
        }
    }

    @Test func `a head that comes too slowly is a timeout`() async throws {
        let server = try ScriptedServer.answering(ScriptedServer.ok)
        try await withProxy(
            [server], { $0.timeouts.head = .milliseconds(200) }
        ) { proxy in
            let answer = try await proxy.whole("GET / HTTP/1.1\r\nHo")
            #expect(answer.hasPrefix("HTTP/1.1 408 "))
        }
    }

    @Test func `a body that stops is a timeout`() async throws {
        let server = try ScriptedServer.answering(ScriptedServer.ok)
        try await withProxy(
            [server],
            { proxy in
                proxy.timeouts.body = .milliseconds(200)
                proxy.timeouts.response = .seconds(60)
            }
        ) { proxy in
            let port = proxy.port
            let answer = try await HTTPClient(port: port).onConnection { connection in
                try connection.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nstart")
                return connection.readToEnd()
            }
            // The server may answer before the body is whole; then its answer goes out and the connection ends.
            #expect(answer.hasPrefix("HTTP/1.1 200 ") || answer.hasPrefix("HTTP/1.1 408 "))
        }
    }

    @Test func `a connection on which nothing is said ends without a word`() async throws {
        let server = try ScriptedServer.answering(ScriptedServer.ok)
        try await withProxy(
            [server], { $0.timeouts.head = .milliseconds(100) }
        ) { proxy in
            let answer = try await proxy.whole("")
            #expect(answer == "")
        }
    }

    @Test func `a body beyond the limit is too large, announced or not`() async throws {
        let server = try ScriptedServer.answering(ScriptedServer.ok)
        try await withProxy(
            [server], { $0.limits.body = ByteCount(bytes: 10) }
        ) { proxy in
            let announced = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n"
            let first = try await proxy.whole(announced)
            #expect(first.hasPrefix("HTTP/1.1 413 "))
            let chunks = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n01234567890\r\n"
            let second = try await proxy.whole(chunks)
            #expect(second.hasPrefix("HTTP/1.1 413 "))
            // What says where chunks end is no part of a body.
            let whole = chunks.replacing("b\r\n01234567890", with: "a\r\n0123456789") + "0\r\n\r\n"
            #expect(try await proxy.client.exchange(whole)[0].status == 200)
        }
    }

    @Test func `a client beyond the limit is told that the service is unavailable`() async throws {
        let server = try ScriptedServer.answering(ScriptedServer.ok)
        try await withProxy(
            [server], { $0.limits.clients = 1 }
        ) { proxy in
            let port = proxy.port
            let answer = try await proxy.client.onConnection { first in
                try first.write(HTTPClient.request("GET", "/"))
                _ = try first.readAnswer()
                let second = try HTTPConnection(port: port)
                defer { second.close() }
                return second.readToEnd()
            }
            #expect(answer.hasPrefix("HTTP/1.1 503 "))
        }
    }

    @Test func `a client that stops reading makes the server wait, and in the end is let go`() async throws {
        let server = try ScriptedServer { connection in
            try connection.readHead()
            try connection.write("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
            let block = [UInt8](repeating: 120, count: 1 << 16)
            for _ in 0..<10_000 { try connection.write(block) }
        }
        try await withProxy([server], { $0.timeouts.body = .milliseconds(300) }) { proxy in
            let port = proxy.port
            let received = try await HTTPClient(port: port).onConnection(receivedBytesMax: 1 << 16) { connection in
                try connection.write(HTTPClient.request("GET", "/"))
                Thread.sleep(forTimeInterval: 1.5)
                return connection.readToEnd().utf8.count
            }
            // Far less than the server has to say: what both sockets and the proxy's own limit hold.
            #expect(received < 64 << 20)
        }
    }

    @Test func `empty lines behind a request begin no other one, however they come`() async throws {
        try await withProxy(
            [try .answering(ScriptedServer.ok)],
            { configuration in
                configuration.timeouts.head = .milliseconds(200)
                configuration.timeouts.idle = .seconds(5)
            }
        ) { proxy in
            let (statuses, isSilent) = try await proxy.client.onConnection { connection in
                var statuses: [Int] = []
                for part in ["\r\n", "\r\n\r\n\r\n\r\n\r\n\r\n", "\r"] {
                    try connection.write(HTTPClient.request("GET", "/") + part)
                    try statuses.append(connection.readAnswer().status)
                }
                let isSilent = connection.isSilent(for: 600)
                try connection.write("\n\r\n" + HTTPClient.request("GET", "/"))
                try statuses.append(connection.readAnswer().status)
                return (statuses, isSilent)
            }
            #expect(statuses == [200, 200, 200, 200])
            #expect(isSilent)
        }
    }

    @Test func `empty lines don't keep a connection open`() async throws {
        try await withProxy([try .answering(ScriptedServer.ok)], { $0.timeouts.idle = .milliseconds(300) }) { proxy in
            let rest = try await proxy.client.onConnection { connection in
                try connection.write(HTTPClient.request("GET", "/"))
                _ = try connection.readAnswer()
                for _ in 0..<20 {
                    try? connection.write("\r\n")
                    Thread.sleep(forTimeInterval: 0.05)
                }
                return connection.readToEnd()
            }
            #expect(rest == "")
        }
    }
}
