// SPDX-License-Identifier: Apache-2.0

import Core
import TestKit
import Testing

@testable import Ambassador

@Suite("Replicas", .serialized, .enabled(if: RedisServer.isInstalled))
struct RedisReplicaTests {
    /// Servers that copy nothing, so that one sees who answered.
    private func withPool(_ body: (RedisPoolUnderTest, [RedisServer]) async throws -> Void) async throws {
        let servers = try (0..<3).map { _ in try RedisServer() }
        let pool = try await RedisPoolUnderTest(servers: servers.map(\.port)) {
            $0.pool.servers["server2"]?.replicaOf = "server1"
            $0.pool.servers["server3"]?.replicaOf = "server1"
        }
        for (index, server) in servers.enumerated() {
            let direct = try ByteConnection(port: server.port)
            #expect(try direct.ask(command("SET", "who", "\(index + 1)"), count: 5) == "+OK\r\n")
        }
        try await body(pool, servers)
        try await pool.end()
    }

    private func who(_ client: ByteConnection) throws -> String {
        String(try client.ask(command("GET", "who"), count: 7).dropFirst(3).prefix(1))
    }

    @Test func `reads of one key go to the replicas in turn, and all else to the server`() async throws {
        try await withPool { pool, _ in
            let client = try pool.connect()
            let answers = try (0..<4).map { _ in try who(client) }
            #expect(Set(answers) == ["2", "3"] && answers[0] != answers[1] && answers[0] == answers[2])
            #expect(try client.ask(command("APPEND", "who", "!"), count: 4) == ":2\r\n")
            #expect(try client.ask(command("MGET", "who", "other"), count: 17) == "*2\r\n$2\r\n1!\r\n$-1\r\n")
            #expect(try client.ask(command("DBSIZE"), count: 4) == ":1\r\n")
        }
    }

    @Test func `while no replica can be reached the server answers`() async throws {
        try await withPool { pool, servers in
            let client = try pool.connect()
            servers[1].kill()
            servers[2].kill()
            // The first command for a replica that has died may be the one that finds out.
            for _ in 0..<4 { try client.write(command("GET", "who")) }
            try await Task.sleep(for: .milliseconds(300))
            _ = try client.receive()
            #expect(try who(client) == "1")
        }
    }

    @Test func `a scan finds each key once`() async throws {
        try await withPool { pool, _ in
            let client = try pool.connect()
            let reply = "*2\r\n$1\r\n0\r\n*1\r\n$3\r\nwho\r\n"
            #expect(try client.ask(command("SCAN", "0"), count: reply.utf8.count) == reply)
        }
    }
}
