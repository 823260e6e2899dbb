// SPDX-License-Identifier: Apache-2.0

import Core
import NIOCore
import TestKit
import Testing
import WireMemcached

@testable import Ambassador

/// A pool before servers that say what no memcached would, or not when it would.
@Suite("A memcached pool before odd servers")
struct MemcachedScriptedTests {
    @Test func `a server that answers what wasn't asked for loses its connection, and the command fails`() async throws
    {
        let server = try ScriptedServer { connection in
            _ = try connection.read(count: "get a\r\n".utf8.count)
            try connection.write(connection.number == 1 ? "STORED\r\n" : "END\r\n")
            _ = connection.readToEnd()
        }
        let pool = try await MemcachedPoolUnderTest(servers: [server.port])
        let client = try pool.connect()
        let reply = try client.memcached("get a\r\n")
        #expect(reply == "SERVER_ERROR server server1: its reply isn't understood: unexpected reply\r\n")
        try await Task.sleep(for: .milliseconds(200))
        #expect(try client.memcached("get a\r\n") == "END\r\n")
        #expect(server.connectionCount == 2)
        try await pool.end()
    }

    @Test func `what silences a reply never reaches a server, and hidden replies keep the order`() async throws {
        let expected = "set a 0 0 1\r\nx\r\nget b\r\nmg c v\r\nmg d v\r\nget e\r\n"
        let server = try ScriptedServer { connection in
            let commands = try connection.read(count: expected.utf8.count)
            // `noreply` hides even an error; `q` of `mg` hides a miss and nothing else.
            let replies = "SERVER_ERROR out of memory\r\nEND\r\nEN\r\nVA 1\r\nd\r\nEND\r\n"
            try connection.write(commands == expected ? replies : "ERROR\r\n")
            _ = connection.readToEnd()
        }
        let pool = try await MemcachedPoolUnderTest(servers: [server.port])
        let replies = try pool.connect().memcached(
            "set a 0 0 1 noreply\r\nx\r\nget b\r\nmg c v q\r\nmg d v q\r\nget e\r\n")
        #expect(replies == "END\r\nVA 1\r\nd\r\nEND\r\n")
        try await pool.end()
    }

    @Test func `hidden replies that come before their turn leave no trace`() async throws {
        func echo(_ pause: Bool) -> @Sendable (ServedConnection) throws -> Void {
            { connection in
                while true {
                    let command = try connection.read(count: "delete key:00\r\n".utf8.count)
                    if pause { try connection.write("") }
                    try connection.write(command.hasPrefix("delete") ? "DELETED\r\n" : "END\r\n")
                }
            }
        }
        let servers = try (0..<3).map { try ScriptedServer(echo($0 == 0)) }
        let pool = try await MemcachedPoolUnderTest(servers: servers.map(\.port))
        let client = try pool.connect()
        for _ in 0..<50 {
            let commands = (10..<99).map { $0 % 3 == 0 ? "delete key:\($0)\r\n" : "delete key:\($0) noreply\r\n" }
            let replies = try client.memcached(commands.joined())
            #expect(replies == String(repeating: "DELETED\r\n", count: (10..<99).count { $0 % 3 == 0 }))
        }
        try await pool.end()
    }

    @Test func `values in an order of the server's own are passed on, too`() async throws {
        let reply = "VALUE b 0 1\r\nb\r\nVALUE a 0 1\r\na\r\nEND\r\n"
        // Each server that is asked says that it has both.
        let servers = try (0..<2).map { _ in
            try ScriptedServer { connection in
                while try !connection.read(count: 1).hasPrefix("\n") {}
                try connection.write(reply)
                _ = connection.readToEnd()
            }
        }
        let pool = try await MemcachedPoolUnderTest(servers: servers.map(\.port))
        let keys = (0..<20).map { "k\($0)" }.joined(separator: " ")
        let replies = try pool.connect().memcached("get \(keys)\r\n")
        #expect(replies == String(repeating: "VALUE b 0 1\r\nb\r\nVALUE a 0 1\r\na\r\n", count: 2) + "END\r\n")
        try await pool.end()
    }

    @Test func `values of several servers may be as long as one server's`() async throws {
        let length = 65 << 20
        let servers = try (0..<2).map { _ in
            try ScriptedServer { connection in
                let line = String(decoding: connection.readSome(), as: UTF8.self)
                guard let key = line.split(whereSeparator: \.isWhitespace).dropFirst().first else { return }
                let value = [UInt8](repeating: 0x78, count: length)
                try connection.write(Array("VALUE \(key) 0 \(length)\r\n".utf8) + value + Array("\r\nEND\r\n".utf8))
                _ = connection.readToEnd()
            }
        }
        let pool = try await MemcachedPoolUnderTest(servers: servers.map(\.port)) { $0.limits.output = .mebibytes(256) }
        let client = try pool.connect()
        try client.write("get \((10..<30).map { "k\($0)" }.joined(separator: " "))\r\n")
        let head = "VALUE k10 0 \(length)\r\n".utf8.count
        let reply = try client.read(count: 2 * (head + length + 2) + 5)
        #expect(reply.hasPrefix("VALUE k") && reply.hasSuffix("x\r\nEND\r\n"))
        try await pool.end()
    }

    @Test func `a server's error that no server could have said is one of its command`() {
        var line = ByteBuffer(string: "get a b\r\n")
        var scanner = MemcachedCommandScanner()
        guard case .complete(let command) = scanner.scan(line.readableBytesUInt8Span) else {
            Issue.record("The command is whole.")
            return
        }
        var plan = MemcachedRetrieval.Plan(command, line.readableBytesUInt8Span)
        var keys = MemcachedKeys(command)
        for server in 0..<2 {
            guard let key = keys.next(in: line.readableBytesUInt8Span) else { return }
            plan.add(key, line.readableBytesUInt8Span, server: server)
        }
        let retrieval = MemcachedRetrieval(plan)
        _ = retrieval.take(0, ByteBuffer(string: "VALUE a 0 1\r\n1\r\nEND\r\n"), .value)
        let reason = String(repeating: "x", count: MemcachedLimits().replyLineBytesMax + 1)
        _ = retrieval.take(1, ByteBuffer(string: "SERVER_ERROR server b: \(reason)\r\n"), .refusal)
        line.clear()
        retrieval.write(into: &line)
        #expect(String(buffer: line) == "VALUE a 0 1\r\n1\r\nSERVER_ERROR a server's reply isn't understood\r\n")
    }

    @Test func `a pool without servers says so to each command, unless it is to be silent`() async throws {
        let pool = try await MemcachedPoolUnderTest(servers: [])
        let client = try pool.connect()
        let error = "SERVER_ERROR no server is available\r\n"
        for command in ["get a", "get a b", "stats", "flush_all", "mg a q", "version"] {
            #expect(try client.memcached(command + "\r\n") == error)
        }
        for command in ["delete a noreply", "flush_all noreply"] {
            #expect(try client.memcached(command + "\r\n") == "")
        }
        try await pool.end()
    }

    @Test func `clients above the limit are told so in memcached's words`() async throws {
        let server = try ScriptedServer { _ = $0.readToEnd() }
        let pool = try await MemcachedPoolUnderTest(servers: [server.port]) { $0.limits.clients = 1 }
        let first = try pool.connect()
        #expect(try first.memcached("") == "")
        #expect(try pool.connect().readToEnd() == "ERROR Too many open connections\r\n")
        try await pool.end()
    }
}
