// SPDX-License-Identifier: Apache-2.0

import Core
import Glibc
import NIOCore
import Proxying
import Synchronization
import TestKit
import Testing

@testable import Ambassador

@Suite("A pool that changes", .serialized)
struct ChangeTests {
    @Test func `takes servers and lets others go without closing a client or losing a reply`() async throws {
        let kept = try ScriptedServer(ShardedEcho.serve)
        let isRead = Atomic(false)
        let leaving = try ScriptedServer { connection in
            let key = try ShardedEcho.readGet(connection)
            isRead.store(true, ordering: .sequentiallyConsistent)
            usleep(300_000)
            try connection.write(ShardedEcho.reply(to: key))
            // Its connection ends when this has been answered.
            #expect(connection.readToEnd() == "")
        }
        let coming = try ScriptedServer(ShardedEcho.serve)
        let pool = try await RedisPoolUnderTest(servers: [kept.port, leaving.port])
        let key = ShardedEcho.key(on: 1, of: pool.configuration)
        let client = try pool.connect()
        try client.write(command("GET", key))
        #expect(await eventually { isRead.load(ordering: .sequentiallyConsistent) })

        var changed = pool.configuration
        changed.pool.servers["server2"] = nil
        changed.pool.servers["server3"] = ServerConfiguration(
            address: .network(host: "127.0.0.1", port: coming.port), weight: 3)
        pool.pool.apply(changed)
        #expect(await eventually { await pool.pool.snapshot().servers.map(\.name) == ["server1", "server3"] })
        let new = ShardedEcho.key(on: 1, of: changed)
        try client.write(command("GET", new))
        let replies = try client.read(count: 28)
        #expect(replies == ShardedEcho.reply(to: key) + ShardedEcho.reply(to: new))
        #expect(kept.connectionCount == 1)
        #expect(coming.connectionCount == 1)
        try await pool.end()
    }

    @Test func `keeps its connections when only weights change`() async throws {
        let servers = try (0..<2).map { _ in try ScriptedServer(ShardedEcho.serve) }
        let pool = try await RedisPoolUnderTest(servers: servers.map(\.port))
        let client = try pool.connect()
        var changed = pool.configuration
        changed.pool.servers["server2"]?.weight = 9
        pool.pool.apply(changed)
        #expect(await eventually { await pool.pool.snapshot().servers[1].share > 0.8 })
        for server in 0..<2 {
            let key = ShardedEcho.key(on: server, of: changed)
            #expect(try client.get(key) == ShardedEcho.reply(to: key))
        }
        #expect(servers.map(\.connectionCount) == [1, 1])
        try await pool.end()
    }

    @Test func `connects anew to a server whose address changed, and counts it on`() async throws {
        let (old, new) = (try ScriptedServer(ShardedEcho.serve), try ScriptedServer(ShardedEcho.serve))
        let pool = try await RedisPoolUnderTest(servers: [old.port])
        let client = try pool.connect()
        #expect(try client.get("key-0001") == ShardedEcho.reply(to: "key-0001"))
        var changed = pool.configuration
        changed.pool.servers["server1"]?.address = .network(host: "127.0.0.1", port: new.port)
        pool.pool.apply(changed)
        #expect(await eventually { await pool.pool.snapshot().servers[0].address.hasSuffix(":\(new.port)") })
        #expect(try client.get("key-0002") == ShardedEcho.reply(to: "key-0002"))
        #expect(new.connectionCount == 1)
        #expect(await pool.pool.snapshot().servers[0].counters.replies == 2)
        #expect(await eventually { await pool.pool.snapshot().servers[0].counters.connections == 1 })
        try await pool.end()
    }

    @Test func `turns ejection off, and the ejected come back`() async throws {
        let well = try ScriptedServer(ShardedEcho.serve)
        let pool = try await RedisPoolUnderTest(servers: [well.port, try FreePort.next()]) {
            $0.pool.ejection.enabled = true
            $0.pool.ejection.failures = 1
        }
        #expect(await eventually { await pool.pool.snapshot().servers[1].isLive == false })
        var changed = pool.configuration
        changed.pool.ejection.enabled = false
        pool.pool.apply(changed)
        #expect(await eventually { await pool.pool.snapshot().servers[1].isLive })
        try await pool.end()
    }

    @Test func `holds every client to changed limits, also those that are there`() async throws {
        let server = try ScriptedServer(ShardedEcho.serve)
        let pool = try await RedisPoolUnderTest(servers: [server.port]) { $0.pool.limits.clients = 1 }
        let first = try pool.connect()
        #expect(try first.get("key-0001") == ShardedEcho.reply(to: "key-0001"))
        let refusal = "-ERR max number of clients reached\r\n"
        #expect(try pool.connect().readToEnd() == refusal)
        var changed = pool.configuration
        changed.pool.limits.clients = 10
        changed.pool.limits.command = .kibibytes(1)
        pool.pool.apply(changed)
        #expect(try await eventually { try pool.connect().get("key-0002") != refusal })
        let second = try pool.connect()
        for client in [first, second] {
            try client.write(command("GET", String(repeating: "x", count: 2048)))
            #expect(try client.readToEnd().hasPrefix("-ERR Protocol error"))
        }
        try await pool.end()
    }

    @Test func `closes clients that say nothing from the time on that it is told to`() async throws {
        let server = try ScriptedServer { connection in
            let key = try ShardedEcho.readGet(connection)
            usleep(2_500_000)
            try connection.write(ShardedEcho.reply(to: key))
            _ = connection.readToEnd()
        }
        let pool = try await RedisPoolUnderTest(servers: [server.port])
        let (idle, waiting, talking) = (try pool.connect(), try pool.connect(), try pool.connect())
        let echo = "$1\r\na\r\n"
        for client in [idle, talking] { #expect(try client.ask(command("ECHO", "a"), count: 7) == echo) }
        var changed = pool.configuration
        changed.pool.limits.idle = .seconds(1)
        pool.pool.apply(changed)
        try waiting.write(command("GET", "key-0001"))
        for _ in 0..<12 {
            #expect(try talking.ask(command("ECHO", "a"), count: 7) == echo)
            try await Task.sleep(for: .milliseconds(180))
        }
        #expect(try idle.readToEnd() == "")
        #expect(await pool.pool.snapshot().clients.idle == 1)
        #expect(try waiting.read(count: 14) == ShardedEcho.reply(to: "key-0001"))
        #expect(try waiting.readToEnd() == "")
        #expect(try talking.readToEnd() == "")
        #expect(await pool.pool.snapshot().clients.idle == 3)
        try await pool.end()
    }

    @Test func `leaves the address that its server's name no longer leads to, after the replies due there`()
        async throws
    {
        let name = MovingName()
        let server = try ScriptedServer { connection in
            if connection.number > 1 { return try ShardedEcho.serve(connection) }
            let key = try ShardedEcho.readGet(connection)
            while !name.hasMoved { usleep(1000) }
            usleep(200_000)
            try connection.write(ShardedEcho.reply(to: key))
            #expect(connection.readToEnd() == "")
        }
        let pool = try await RedisPoolUnderTest(server: server.port, by: name)
        let client = try pool.connect()
        try client.write(command("GET", "key-0001"))
        try await Task.sleep(for: .milliseconds(100))
        name.move()
        try await Task.sleep(for: .milliseconds(100))
        try client.write(command("GET", "key-0002"))
        #expect(
            try client.read(count: 28) == ShardedEcho.reply(to: "key-0001") + ShardedEcho.reply(to: "key-0002"))
        #expect(server.connectionCount == 2)
        try await pool.end()
    }

    @Test func `serves what it can while a name is unknown`() async throws {
        let well = try ScriptedServer(ShardedEcho.serve)
        let pool = try await RedisPoolUnderTest(servers: [well.port]) {
            $0.pool.servers["lost"] = ServerConfiguration(address: .network(host: "no-such-host.invalid", port: 6379))
        }
        let client = try pool.connect()
        let key = ShardedEcho.key(on: 0, of: pool.configuration)
        #expect(try client.get(key) == ShardedEcho.reply(to: key))
        let lost = try client.get(ShardedEcho.key(on: 1, of: pool.configuration))
        #expect(lost.hasPrefix("-ERR server lost: "), "\(lost)")
        try await pool.end()
    }

    @Test func `gives a replica no keys`() async throws {
        let servers = try (0..<2).map { _ in try ScriptedServer(ShardedEcho.serve) }
        let pool = try await RedisPoolUnderTest(servers: servers.map(\.port)) {
            $0.pool.servers["server2"]?.replicaOf = "server1"
        }
        #expect(await pool.pool.snapshot().servers.map(\.share) == [1, 0])
        try await pool.end()
    }
}
