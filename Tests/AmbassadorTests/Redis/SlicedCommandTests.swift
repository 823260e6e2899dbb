// SPDX-License-Identifier: Apache-2.0

import Core
import Proxying
import TestKit
import Testing

@testable import Ambassador

@Suite("Commands with many keys", .enabled(if: RedisServer.isInstalled), .serialized)
struct SlicedCommandTests {
    private static let count = 2_000
    private static let keys = (0..<count).map { "key:\($0)" }

    private static func value(_ key: String) -> String { "value of \(key)" }

    private static func bulk(_ text: String) -> String { "$\(text.utf8.count)\r\n\(text)\r\n" }

    private static func fill(_ client: RedisConversation) throws {
        #expect(try client.ask(["MSET"] + keys.flatMap { [$0, value($0)] }) == "+OK\r\n")
    }

    private static var values: String { "*\(count)\r\n" + keys.map { bulk(value($0)) }.joined() }

    @Test func `all keys are found, each with its value, in the client's order`() async throws {
        let pool = try await OwnPool(servers: 3)
        let client = try pool.client()
        try Self.fill(client)
        for _ in 0..<3 { #expect(try client.ask(["MGET"] + Self.keys) == Self.values) }
        #expect(try client.ask(["EXISTS"] + Self.keys + ["missing"]) == ":\(Self.count)\r\n")
        #expect(try client.ask(["DEL"] + Self.keys + Self.keys) == ":\(Self.count)\r\n")
        #expect(try client.ask(["UNLINK"] + Self.keys) == ":0\r\n")
        let snapshot = await pool.under.pool.snapshot()
        #expect(snapshot.servers.allSatisfy { $0.counters.requests >= 20 })
        try await pool.end()
    }

    @Test func `what was said before and after keeps its order`() async throws {
        let pool = try await OwnPool(servers: 3)
        let client = try pool.client()
        let last = Self.keys[Self.count - 1]
        for round in 0..<5 {
            try client.say("SET", last, "old")
            try client.say("GET", last)
            try client.say(["MSET"] + Self.keys.flatMap { [$0, Self.value($0)] } + [last, "new \(round)"])
            try client.say("GET", last)
            try client.say(["MGET"] + Self.keys.dropLast())
            try client.say("DEL", last)
            #expect(try client.hear() == "+OK\r\n")
            #expect(try client.hear() == Self.bulk("old"))
            #expect(try client.hear() == "+OK\r\n")
            #expect(try client.hear() == Self.bulk("new \(round)"))
            #expect(try client.hear().hasPrefix("*\(Self.count - 1)\r\n"))
            #expect(try client.hear() == ":1\r\n")
        }
        try await pool.end()
    }

    @Test func `keys of one server are one command, however many`() async throws {
        let pool = try await OwnPool(servers: 3) { $0.pool.hashTag = HashTag("{}") }
        let client = try pool.client()
        let keys = Self.keys.map { "{a}\($0)" }
        #expect(try client.ask(["MSET"] + keys.flatMap { [$0, "1"] }) == "+OK\r\n")
        #expect(try client.ask(["EXISTS"] + keys) == ":\(Self.count)\r\n")
        let snapshot = await pool.under.pool.snapshot()
        #expect(snapshot.servers.map(\.counters.requests).sorted() == [0, 0, 2])
        try await pool.end()
    }

    @Test func `long values come through, with no more of them held than a slice`() async throws {
        let pool = try await OwnPool(servers: 3) { $0.pool.limits.output = .mebibytes(4) }
        let client = try pool.client()
        let value = String(repeating: "v", count: 20_000)
        let keys = Self.keys.prefix(600)
        #expect(try client.ask(["MSET"] + keys.flatMap { [$0, value] }) == "+OK\r\n")
        // Not read for a while: 12 MB are more than the client may have waiting.
        try client.say(["MGET"] + keys)
        try await Task.sleep(for: .milliseconds(300))
        #expect(try client.hear() == "*\(keys.count)\r\n" + keys.map { _ in Self.bulk(value) }.joined())
        try await pool.end()
    }

    @Test func `a server that is down costs its own keys only`() async throws {
        let pool = try await OwnPool(servers: 3)
        let client = try pool.client()
        try Self.fill(client)
        pool.servers[1].kill()
        for _ in 0..<3 {
            let reply = try client.ask(["MGET"] + Self.keys)
            let errors = reply.split(separator: "\r\n").count { $0.hasPrefix("-ERR server server2: ") }
            #expect(errors > 300 && errors < 1_100)
            #expect(reply.hasPrefix("*\(Self.count)\r\n"))
            #expect(try client.ask(["DEL"] + Self.keys.map { "other:\($0)" }).hasPrefix("-ERR server server2: "))
        }
        for index in [0, 2] { pool.servers[index].kill() }
        #expect(try client.ask(["MGET"] + Self.keys).hasPrefix("-ERR server server"))
        try await pool.end()
    }

    @Test func `a server that dies on the way fails its keys, and the client goes on`() async throws {
        let pool = try await OwnPool(servers: 3)
        let client = try pool.client()
        try Self.fill(client)
        for round in 0..<5 {
            try client.say(["MGET"] + Self.keys)
            try client.say("SET", "a", "\(round)")
            if round == 2 { pool.servers[0].kill() }
            #expect(try client.hear().hasPrefix("*\(Self.count)\r\n"))
            let reply = try client.hear()
            #expect(reply == "+OK\r\n" || reply.hasPrefix("-ERR server server1: "))
        }
        try await pool.end()
    }

    @Test func `a message comes behind the reply, not within it`() async throws {
        let pool = try await OwnPool(servers: 3)
        let (client, other) = (try pool.client(), try pool.client())
        try Self.fill(client)
        _ = try client.ask("HELLO", "3")
        #expect(try client.ask("SUBSCRIBE", "news").hasPrefix(">3\r\n"))
        for _ in 0..<20 {
            try client.say(["MGET"] + Self.keys)
            #expect(try other.ask("PUBLISH", "news", "now").hasPrefix(":"))
            let replies = [try client.hear(), try client.hear()]
            #expect(replies.contains(Self.values))
            #expect(replies.contains { $0.hasPrefix(">3\r\n") && $0.hasSuffix("$3\r\nnow\r\n") })
        }
        try await pool.end()
    }

    @Test func `a client that goes on the way leaves others alone`() async throws {
        let pool = try await OwnPool(servers: 3)
        try Self.fill(try pool.client())
        for _ in 0..<10 {
            let gone = try pool.client()
            try gone.say(["MGET"] + Self.keys)
        }
        #expect(try pool.client().ask(["MGET"] + Self.keys) == Self.values)
        try await pool.end()
    }

    @Test func `a client that says no more gets its whole reply`() async throws {
        let pool = try await OwnPool(servers: 3)
        let client = try pool.client()
        try Self.fill(client)
        try client.say(["MGET"] + Self.keys)
        client.endSending()
        #expect(try client.hear() == Self.values)
        #expect(try client.isClosed())
        try await pool.end()
    }

    @Test func `a pool that ends answers first`() async throws {
        let pool = try await OwnPool(servers: 3)
        let client = try pool.client()
        try Self.fill(client)
        try client.say(["MGET"] + Self.keys)
        // The first values are here, and the others aren't asked for yet.
        #expect(try client.begins(with: "*"))
        try await pool.end()
        #expect(try client.hear() == Self.values)
    }
}
