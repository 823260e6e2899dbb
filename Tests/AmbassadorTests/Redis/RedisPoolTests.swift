// SPDX-License-Identifier: Apache-2.0

import Core
import Foundation
import NIOCore
import TestKit
import Testing

@testable import Ambassador

@Suite("A Redis pool", .serialized)
struct RedisPoolTests {
    /// Answers each command `GET key` with its key, as fast as it can.
    static func echo(_ connection: ServedConnection) throws {
        while true { try connection.write(reply(to: try readGet(connection))) }
    }

    static func readGet(_ connection: ServedConnection) throws -> String {
        // "*2\r\n$3\r\nGET\r\n$8\r\nkey-0001\r\n", of fixed length.
        let text = try connection.read(count: 27)
        return String(decoding: Array(text.utf8)[17..<25], as: UTF8.self)
    }

    static func reply(to key: String) -> String { "$\(key.utf8.count)\r\n\(key)\r\n" }

    static func key(_ number: Int) -> String {
        let digits = "\(number)"
        return "key-" + String(repeating: "0", count: 4 - digits.count) + digits
    }

    @Test func `a pipeline over three servers is answered in its order`() async throws {
        let servers = try (0..<3).map { _ in try ScriptedServer(Self.echo) }
        let pool = try await RedisPoolUnderTest(servers: servers.map(\.port))
        let client = try pool.connect()
        let keys = (0..<300).map(Self.key)
        let expected = keys.map(Self.reply).joined()
        #expect(try client.ask(keys.map { command("GET", $0) }.joined(), count: expected.utf8.count) == expected)
        #expect(servers.allSatisfy { $0.connectionCount == 1 })
        try await pool.end()
    }

    @Test func `a command may come one byte at a time`() async throws {
        let server = try ScriptedServer(Self.echo)
        let pool = try await RedisPoolUnderTest(servers: [server.port])
        let client = try pool.connect()
        for byte in command("GET", Self.key(7)).utf8 { try client.write([byte]) }
        #expect(try client.read(count: 14) == Self.reply(to: Self.key(7)))
        try await pool.end()
    }

    @Test func `a server that dies fails just the commands that were on it, once`() async throws {
        // Answers one command whole and half of the next, then is gone; the second connection is well.
        let server = try ScriptedServer { connection in
            if connection.number > 1 { return try Self.echo(connection) }
            let first = try Self.readGet(connection)
            _ = try Self.readGet(connection)
            try connection.write(Self.reply(to: first) + "$8\r\nkey")
            connection.reset()
        }
        let pool = try await RedisPoolUnderTest(servers: [server.port])
        let client = try pool.connect()
        try client.write(command("GET", Self.key(1)) + command("GET", Self.key(2)))
        let text = try client.read(count: 14 + 5)
        #expect(text.hasPrefix(Self.reply(to: Self.key(1)) + "-ERR server server1: "), "\(text)")
        #expect(text.hasSuffix("\r\n") && text.split(separator: "\r\n").count == 3, "\(text)")
        // The connection is opened anew after a short pause.
        try await Task.sleep(for: .milliseconds(200))
        #expect(try client.ask(command("GET", Self.key(3)), count: 14) == Self.reply(to: Self.key(3)))
        try await pool.end()
    }

    @Test func `a server that answers garbage is disconnected, and its commands fail`() async throws {
        let server = try ScriptedServer { connection in
            if connection.number > 1 { return try Self.echo(connection) }
            _ = try Self.readGet(connection)
            try connection.write("HTTP/1.1 400 Bad Request\r\n\r\n")
            _ = connection.readToEnd()
        }
        let pool = try await RedisPoolUnderTest(servers: [server.port])
        let client = try pool.connect()
        let text = try client.ask(command("GET", Self.key(1)), count: 20)
        #expect(text.hasPrefix("-ERR server server1: its reply isn't understood"), "\(text)")
        try await Task.sleep(for: .milliseconds(200))
        #expect(try client.ask(command("GET", Self.key(2)), count: 14) == Self.reply(to: Self.key(2)))
        try await pool.end()
    }

    @Test func `a server that doesn't answer in time fails its commands`() async throws {
        let server = try ScriptedServer { connection in _ = connection.readToEnd() }
        let pool = try await RedisPoolUnderTest(servers: [server.port]) { $0.pool.timeout = .milliseconds(100) }
        let client = try pool.connect()
        let text = try client.ask(command("GET", Self.key(1)), count: 20)
        #expect(text == "-ERR server server1: it didn't answer in time\r\n", "\(text)")
        #expect(await pool.pool.snapshot().servers[0].counters.timeouts == 1)
        try await pool.end()
    }

    @Test func `a server that nobody listens for is said so, at once`() async throws {
        let port = try FreePort.next()
        let pool = try await RedisPoolUnderTest(servers: [port])
        let client = try pool.connect()
        for _ in 0..<3 {
            let text = try client.ask(command("GET", Self.key(1)), count: 20)
            #expect(text == "-ERR server server1: Connection refused\r\n", "\(text)")
        }
        try await pool.end()
    }

    @Test func `as with twemproxy, a refused command closes the connection behind the replies that are due`()
        async throws
    {
        let server = try ScriptedServer(ShardedEcho.serve)
        let pool = try await RedisPoolUnderTest(servers: [server.port]) { $0.compatibility = .twemproxy }
        for refused in [command("CONFIG", "GET", "save"), command("NOTHING"), command("GET")] {
            let client = try pool.connect()
            try client.write(command("GET", "key-0001") + refused + command("GET", "key-0002"))
            #expect(try client.readToEnd() == ShardedEcho.reply(to: "key-0001"))
        }
        #expect(await pool.pool.snapshot().clients.failed == 3)
        try await pool.end()
    }

    @Test(arguments: [
        ("*1\r\n+PING\r\n", "-ERR Protocol error: expected '$', got '+'\r\n"),
        ("*-5\r\n", "-ERR Protocol error: invalid multibulk length\r\n"),
        ("*1\r\n$-9\r\n", "-ERR Protocol error: invalid bulk length\r\n"),
        ("SET a \"b\r\n", "-ERR Protocol error: unbalanced quotes in request\r\n"),
    ])
    func `a malformed command is answered after those before it, and only its client is closed`(
        _ bytes: String, _ error: String
    ) async throws {
        let server = try ScriptedServer(Self.echo)
        let pool = try await RedisPoolUnderTest(servers: [server.port])
        let (client, other) = (try pool.connect(), try pool.connect())
        try client.write(command("GET", Self.key(1)) + bytes + command("GET", Self.key(2)))
        #expect(try client.readToEnd() == Self.reply(to: Self.key(1)) + error)
        #expect(try other.ask(command("GET", Self.key(3)), count: 14) == Self.reply(to: Self.key(3)))
        try await pool.end()
    }

    @Test func `one client too many is told so`() async throws {
        let server = try ScriptedServer(Self.echo)
        let pool = try await RedisPoolUnderTest(servers: [server.port]) { $0.pool.limits.clients = 2 }
        let clients = try (0..<2).map { _ in try pool.connect() }
        for client in clients { _ = try client.ask(command("GET", Self.key(1)), count: 14) }
        #expect(try pool.connect().readToEnd() == "-ERR max number of clients reached\r\n")
        #expect(try clients[0].ask(command("GET", Self.key(2)), count: 14) == Self.reply(to: Self.key(2)))
        try await pool.end()
    }

    @Test func `a client that never reads is closed at its limit, and others go on`() async throws {
        let value = String(repeating: "v", count: 100_000)
        let server = try ScriptedServer { connection in
            while true {
                let key = try Self.readGet(connection)
                try connection.write(Self.reply(to: key == Self.key(0) ? value : key))
            }
        }
        let pool = try await RedisPoolUnderTest(servers: [server.port]) {
            $0.pool.limits.output = .mebibytes(1)
            $0.pool.limits.pipeline = 1_000
        }
        let (greedy, other) = (try pool.connect(), try pool.connect())
        try greedy.write(String(repeating: command("GET", Self.key(0)), count: 500))
        let deadline = ContinuousClock.now + .seconds(10)
        while await pool.pool.snapshot().clients.overOutput == 0, ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(20))
        }
        #expect(await pool.pool.snapshot().clients.overOutput == 1)
        #expect(try other.ask(command("GET", Self.key(3)), count: 14) == Self.reply(to: Self.key(3)))
        try await pool.end()
    }

    @Test func `a pipeline that is longer than the limit is answered whole`() async throws {
        let server = try ScriptedServer(Self.echo)
        let pool = try await RedisPoolUnderTest(servers: [server.port]) { $0.pool.limits.pipeline = 8 }
        let client = try pool.connect()
        let keys = (0..<1_000).map(Self.key)
        let expected = keys.map(Self.reply).joined()
        #expect(try client.ask(keys.map { command("GET", $0) }.joined(), count: expected.utf8.count) == expected)
        try await pool.end()
    }

    @Test func `a client that has sent all it will still gets its replies`() async throws {
        let server = try ScriptedServer { connection in
            let key = try Self.readGet(connection)
            Thread.sleep(forTimeInterval: 0.1)
            try connection.write(Self.reply(to: key))
            _ = connection.readToEnd()
        }
        let pool = try await RedisPoolUnderTest(servers: [server.port])
        let client = try pool.connect()
        try client.write(command("GET", Self.key(1)))
        client.endSending()
        #expect(try client.readToEnd() == Self.reply(to: Self.key(1)))
        try await pool.end()
    }

    @Test func `the end of a pool lets replies that are due arrive`() async throws {
        let server = try ScriptedServer { connection in
            let key = try Self.readGet(connection)
            Thread.sleep(forTimeInterval: 0.2)
            try connection.write(Self.reply(to: key))
            _ = connection.readToEnd()
        }
        let pool = try await RedisPoolUnderTest(servers: [server.port])
        let client = try pool.connect()
        try client.write(command("GET", Self.key(1)))
        try await Task.sleep(for: .milliseconds(50))
        try await pool.end()
        #expect(try client.readToEnd() == Self.reply(to: Self.key(1)))
    }
}
