// SPDX-License-Identifier: Apache-2.0

import Core
import TestKit
import Testing

@testable import Ambassador

/// Three real servers behind one pool.
@Suite("Commands over three Redis servers", .serialized, .enabled(if: RedisServer.isInstalled))
final class RedisCommandsTests {
    let servers: [RedisServer]
    let pool: RedisPoolUnderTest
    let client: ByteConnection

    init() async throws {
        servers = try (0..<3).map { _ in try RedisServer() }
        pool = try await RedisPoolUnderTest(servers: servers.map(\.port))
        client = try pool.connect()
    }

    private func expect(
        _ words: String..., gives reply: String, _ location: Testing.SourceLocation = #_sourceLocation
    ) throws {
        let text = Self.text(words)
        let found = try client.ask(text, count: reply.utf8.count)
        #expect(found == reply, sourceLocation: location)
    }

    private let keys = (1...12).map { "key:\($0)" }

    private func fill() throws {
        let pairs = keys.flatMap { [$0, "value of \($0)"] }
        #expect(try client.ask(Self.text(["MSET"] + pairs), count: 5) == "+OK\r\n")
    }

    private static func text(_ words: [String]) -> String {
        words.reduce("*\(words.count)\r\n") { $0 + "$\($1.utf8.count)\r\n\($1)\r\n" }
    }

    @Test func `keys are spread over all servers`() async throws {
        try fill()
        let snapshot = await pool.pool.snapshot()
        #expect(snapshot.servers.allSatisfy { $0.counters.requests > 0 })
        for key in keys {
            let server = try #require(await pool.pool.server(of: Array(key.utf8)))
            let index = try #require(snapshot.servers.firstIndex { $0.name == server.name })
            let direct = try ByteConnection(port: servers[index].port)
            #expect(try direct.ask(command("EXISTS", key), count: 4) == ":1\r\n")
        }
        try await pool.end()
    }

    @Test func `MGET answers in the order of the keys, with nulls for what isn't there`() async throws {
        try fill()
        let values = keys.map { "$\("value of \($0)".utf8.count)\r\nvalue of \($0)\r\n" }
        let reply = "*13\r\n" + values.joined() + "$-1\r\n"
        #expect(try client.ask(Self.text(["MGET"] + keys + ["missing"]), count: reply.utf8.count) == reply)
        try await pool.end()
    }

    @Test func `commands that count add up what the servers count`() async throws {
        try fill()
        for name in ["EXISTS", "TOUCH"] {
            #expect(try client.ask(Self.text([name] + keys + ["missing"]), count: 5) == ":12\r\n")
        }
        try expect("DBSIZE", gives: ":12\r\n")
        #expect(try client.ask(Self.text(["DEL"] + keys.prefix(5)), count: 4) == ":5\r\n")
        #expect(try client.ask(Self.text(["UNLINK"] + keys), count: 4) == ":7\r\n")
        try expect("DBSIZE", gives: ":0\r\n")
        try await pool.end()
    }

    @Test func `keys of several servers in one command that can't be split are refused, never misplaced`() async throws
    {
        try fill()
        let reply = "-CROSSSLOT Keys in request don't hash to the same slot\r\n"
        #expect(try client.ask(Self.text(["SUNION"] + keys), count: reply.utf8.count) == reply)
        try await pool.end()
    }

    @Test func `a scan walks all servers and finds each key once`() async throws {
        try fill()
        var found: [String] = []
        var cursor = "0"
        repeat {
            try client.write(command("SCAN", cursor, "COUNT", "100"))
            var text = ""
            repeat { text += String(decoding: try client.receive(), as: UTF8.self) } while !text.hasSuffix("\r\n")
            let lines = text.split(separator: "\r\n").map(String.init)
            cursor = lines[2]
            found += lines.dropFirst(4).filter { !$0.hasPrefix("$") }
        } while cursor != "0"
        #expect(found.sorted() == keys.sorted())
        try await pool.end()
    }

    @Test func `what is unknown or not offered is refused by name, and the replies before it arrive`() async throws {
        try fill()
        try client.write(
            command("GET", "key:1") + command("CONFIG", "GET", "save") + command("FLY") + command("GET", "key:2"))
        let value = "$14\r\nvalue of key:1\r\n"
        let text = try client.read(count: 2 * value.utf8.count + 100)
        #expect(text.hasPrefix(value), "\(text)")
        #expect(text.contains("-ERR unsupported command 'CONFIG'"), "\(text)")
        #expect(text.contains("-ERR unknown command 'FLY'"), "\(text)")
        try await pool.end()
    }

    @Test func `RESP3 and other databases have connections of their own`() async throws {
        try expect("SET", "a", "0", gives: "+OK\r\n")
        try expect("SELECT", "3", gives: "+OK\r\n")
        try expect("GET", "a", gives: "$-1\r\n")
        try expect("SET", "a", "3", gives: "+OK\r\n")
        try expect("SELECT", "0", gives: "+OK\r\n")
        try expect("GET", "a", gives: "$1\r\n0\r\n")
        try expect("HSET", "h", "f", "v", gives: ":1\r\n")
        try client.write(command("HELLO", "3"))
        var text = ""
        while !text.contains("modules") { text += String(decoding: try client.receive(), as: UTF8.self) }
        #expect(text.hasPrefix("%7\r\n"))
        try expect("HGETALL", "h", gives: "%1\r\n$1\r\nf\r\n$1\r\nv\r\n")
        try expect("GET", "missing", gives: "_\r\n")
        try await pool.end()
    }

    @Test func `a script that a server has forgotten is given to it again`() async throws {
        let script = "return {KEYS[1], ARGV[1]}"
        try client.write(command("SCRIPT", "LOAD", script))
        let hash = String(try client.read(count: 47).dropFirst(4).prefix(40))
        let key = keys[0]
        let index = try #require(await pool.pool.server(of: Array(key.utf8))).name.last.flatMap { Int(String($0)) }
        let direct = try ByteConnection(port: servers[try #require(index) - 1].port)
        #expect(try direct.ask(command("SCRIPT", "FLUSH"), count: 5) == "+OK\r\n")
        try client.write(command("EVALSHA", hash, "1", key, "x") + command("ECHO", "after"))
        let reply = "*2\r\n$5\r\n\(key)\r\n$1\r\nx\r\n$5\r\nafter\r\n"
        #expect(try client.read(count: reply.utf8.count) == reply)
        // What was never loaded here is for the client to send.
        try client.write(command("EVALSHA", String(repeating: "0", count: 40), "1", key))
        #expect(String(decoding: try client.receive(), as: UTF8.self).hasPrefix("-NOSCRIPT"))
        try await pool.end()
    }

    @Test func `a command typed as a line works`() async throws {
        try client.write("SET greeting \"hello world\"\r\nGET greeting\r\n")
        #expect(try client.read(count: 5 + 18) == "+OK\r\n$11\r\nhello world\r\n")
        try await pool.end()
    }
}

@Suite("A pool with passwords", .serialized, .enabled(if: RedisServer.isInstalled))
struct RedisLoginTests {
    @Test func `the pool logs in to the servers, and clients to the pool`() async throws {
        let server = try RedisServer(arguments: ["--requirepass", "inner"])
        let pool = try await RedisPoolUnderTest(servers: [server.port]) {
            $0.login.password = "inner"
            $0.clientLogin.password = "outer"
        }
        let client = try pool.connect()
        let refused = "-NOAUTH Authentication required.\r\n"
        #expect(try client.ask(command("GET", "a"), count: refused.utf8.count) == refused)
        let wrong = "-WRONGPASS invalid username-password pair or user is disabled.\r\n"
        #expect(try client.ask(command("AUTH", "inner"), count: wrong.utf8.count) == wrong)
        #expect(try client.ask(command("AUTH", "outer"), count: 5) == "+OK\r\n")
        #expect(try client.ask(command("SET", "a", "1"), count: 5) == "+OK\r\n")
        try await pool.end()
    }

    @Test func `a server that refuses the password says so to clients, without the password`() async throws {
        let server = try RedisServer(arguments: ["--requirepass", "inner"])
        let pool = try await RedisPoolUnderTest(servers: [server.port]) { $0.login.password = "mistaken" }
        let client = try pool.connect()
        let text = try client.ask(command("GET", "a"), count: 40)
        #expect(text.hasPrefix("-ERR server server1: it refused the session: -WRONGPASS"), "\(text)")
        #expect(!text.contains("mistaken"))
        try await pool.end()
    }
}
