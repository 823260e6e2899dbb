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
}
