// SPDX-License-Identifier: Apache-2.0

import Core
import NIOCore
import Proxying
import TestKit
import Testing

@testable import Ambassador

@Suite("Servers that change under clients with connections of their own", .enabled(if: RedisServer.isInstalled))
struct OwnServersTests {
    /// The configuration of a pool with these servers, whose names keep their order.
    private func configuration(_ servers: [(String, RedisServer)]) -> RedisPoolConfiguration {
        var configuration = RedisPoolConfiguration()
        for (name, server) in servers {
            configuration.pool.servers[name] = ServerConfiguration(
                address: .network(host: "127.0.0.1", port: server.port))
        }
        return configuration
    }

    @Test func `channels follow the keys, long values too, and a transaction is given up`() async throws {
        let pool = try await OwnPool(servers: 2)
        let added = try RedisServer()
        let (subscriber, bound, long, other) =
            (try pool.client(), try pool.client(), try pool.client(), try pool.client())
        let channels = (0..<20).map { "channel-\($0)" }
        for channel in channels { _ = try subscriber.ask("SUBSCRIBE", channel) }
        let value = String(repeating: "l", count: 2 << 20)
        #expect(try long.ask("SET", "long", value) == "+OK\r\n")
        let key = try pool.keys(onServer: 1, count: 1)[0]
        #expect(try bound.ask("MULTI") == "+OK\r\n")
        #expect(try bound.ask("SET", key, "1") == "+QUEUED\r\n")

        // The first server goes, so that the second one takes its place, and another one comes behind it.
        pool.under.pool.apply(configuration([("server2", pool.servers[1]), ("server3", added)]))
        #expect(
            try eventually("followed") {
                try channels.allSatisfy { try other.ask("PUBLISH", $0, "x") == ":1\r\n" } ? "followed" : "not yet"
            })
        #expect(try bound.ask("SET", key, "1").hasPrefix("-ERR "))
        #expect(try bound.ask("EXEC").hasPrefix("-EXECABORT"))
        for number in 0..<20 {
            #expect(try long.ask("SET", "key-\(number)", "\(number)") == "+OK\r\n")
            #expect(try other.ask("GET", "key-\(number)") == "$\("\(number)".utf8.count)\r\n\(number)\r\n")
        }
        try await pool.end()
    }

    /// The connections that a server has, but for the one that asks.
    private func connections(_ server: RedisConversation) throws -> Set<Substring> {
        let own = try server.ask("CLIENT", "ID").dropFirst().dropLast()
        let lines = try server.ask("CLIENT", "LIST").split(whereSeparator: \.isNewline).filter { $0.hasPrefix("id=") }
        return Set(lines.map { $0.dropFirst(3).prefix { $0 != " " } }.filter { $0 != own })
    }

    @Test func `a server that was removed keeps no connection that nobody uses`() async throws {
        let pool = try await OwnPool(servers: 2)
        let keys = try pool.keys(onServer: 0, count: 2)
        let (client, long, removed) = (try pool.client(), try pool.client(), try pool.client(ofServer: 0))
        #expect(try long.ask("SET", keys[0], String(repeating: "l", count: 1 << 20)) == "+OK\r\n")
        #expect(try client.ask("BLPOP", keys[1], "0.01") == "*-1\r\n")
        #expect(try eventually("3") { "\(try connections(removed).count)" })
        pool.under.pool.apply(configuration([("server2", pool.servers[1])]))
        #expect(try eventually("gone") { try connections(removed).isEmpty ? "gone" : "there" })
        #expect(try client.ask("BLPOP", keys[1], "0.01") == "*-1\r\n")
        #expect(try long.ask("STRLEN", keys[0]) == ":0\r\n")
        try await pool.end()
    }

    @Test func `connections of clients' own follow a server's name`() async throws {
        let name = MovingName()
        let server = try RedisServer()
        let pool = try await RedisPoolUnderTest(server: server.port, by: name)
        let clients = try (0..<4).map { _ in try RedisConversation(port: pool.port) }
        let (subscriber, blocked, long, bound) = (clients[0], clients[1], clients[2], clients[3])
        _ = try subscriber.ask("SUBSCRIBE", "a")
        #expect(try blocked.ask("BLPOP", "list", "0.01") == "*-1\r\n")
        #expect(try long.ask("SET", "long", String(repeating: "l", count: 1 << 20)) == "+OK\r\n")
        #expect(try bound.ask("MULTI") == "+OK\r\n")
        #expect(try bound.ask("SET", "b", "1") == "+QUEUED\r\n")
        let direct = try RedisConversation(port: server.port)
        let before = try connections(direct)

        name.move()
        #expect(try eventually("1 old") { "\(try connections(direct).intersection(before).count) old" })
        #expect(try eventually(":1\r\n") { try direct.ask("PUBLISH", "a", "x") })
        #expect(try subscriber.hear().hasSuffix("x\r\n"))
        #expect(try long.ask("STRLEN", "long") == ":\(1 << 20)\r\n")
        // A transaction ends where it began.
        #expect(try bound.ask("EXEC") == "*1\r\n+OK\r\n")
        #expect(try eventually("0 old") { "\(try connections(direct).intersection(before).count) old" })
        #expect(try bound.ask("GET", "b") == "$1\r\n1\r\n")
        try await pool.end()
    }

    @Test func `a subscription follows its server to another address`() async throws {
        let (old, new) = (try RedisServer(), try RedisServer())
        let pool = try await RedisPoolUnderTest(servers: [old.port])
        let (subscriber, publisher) = (
            try RedisConversation(port: pool.port), try RedisConversation(port: pool.port)
        )
        _ = try subscriber.ask("SUBSCRIBE", "a")
        pool.pool.apply(configuration([("server1", new)]))
        #expect(try eventually(":1\r\n") { try publisher.ask("PUBLISH", "a", "x") })
        #expect(try subscriber.hear().hasSuffix("x\r\n"))
        #expect(try eventually("gone") { try connections(RedisConversation(port: old.port)).isEmpty ? "gone" : "" })
        try await pool.end()
    }

    @Test func `a long value that is on its way when servers change arrives`() async throws {
        let pool = try await OwnPool(servers: 1)
        let client = try pool.client()
        let long = command("SET", "k", String(repeating: "l", count: 2 << 20)) + command("STRLEN", "k")
        try client.send(String(long.prefix(1 << 20)))
        try await Task.sleep(for: .milliseconds(100))
        let added = try RedisServer()
        var changed = configuration([("server1", pool.servers[0]), ("server2", added)])
        // It has the copies of no key, so that all keys stay where they are.
        changed.pool.servers["server2"]?.replicaOf = "server1"
        pool.under.pool.apply(changed)
        try await Task.sleep(for: .milliseconds(100))
        try client.send(String(long.dropFirst(1 << 20)))
        #expect(try client.hear() == "+OK\r\n")
        // Reads may go to the other one now.
        #expect(try client.hear().hasPrefix(":"))
        #expect(try client.ask("APPEND", "k", "l") == ":\((2 << 20) + 1)\r\n")
        try await pool.end()
    }
}
