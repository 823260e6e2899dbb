// SPDX-License-Identifier: Apache-2.0

import Core
import NIOCore
import TestKit
import Testing

@testable import Ambassador

@Suite("Ejection", .serialized)
struct EjectionTests {
    private static func ejecting(after failures: Int) -> (inout RedisPoolConfiguration) -> Void {
        {
            $0.pool.ejection.enabled = true
            $0.pool.ejection.failures = failures
            $0.pool.ejection.pause = .milliseconds(100)
        }
    }

    @Test(arguments: [1, 2])
    func `a server that fails gives its keys to the others until it says that it is well`(_ loops: Int) async throws {
        let well = try ScriptedServer(ShardedEcho.serve)
        // The first connections die with a command; the next are probes, of which the second finds it well.
        let failing = try ScriptedServer { connection in
            switch connection.number {
            case ...loops:
                _ = try ShardedEcho.readGet(connection)
                connection.reset()
            case loops + 1:
                #expect(try connection.read(count: 14) == ShardedEcho.probe)
                try connection.write("-LOADING Redis is loading the dataset in memory\r\n")
                _ = connection.readToEnd()
            case loops + 2:
                _ = try connection.read(count: 14)
                try connection.write(ShardedEcho.pong)
                _ = connection.readToEnd()
            default: try ShardedEcho.serve(connection)
            }
        }
        let pool = try await RedisPoolUnderTest(
            servers: [well.port, failing.port], loops: loops, Self.ejecting(after: 1))
        let key = ShardedEcho.key(on: 1, of: pool.configuration)
        #expect(await eventually { failing.connectionCount == loops })
        let client = try pool.connect()
        #expect(try client.get(key).hasPrefix("-ERR server server2"))
        #expect(try await eventually { try client.get(key) == ShardedEcho.reply(to: key) })
        #expect(await pool.pool.snapshot().servers.map(\.isLive) == [true, false])
        #expect(await eventually { await pool.pool.snapshot().servers[1].isLive })
        #expect(failing.connectionCount == loops + 2)
        // With a second loop its own connection has not failed yet; the client may be on either.
        #expect(try await eventually { try client.get(key) == ShardedEcho.reply(to: key) })
        try await pool.end()
    }

    @Test func `without a server that lives every key is refused`() async throws {
        let ports = try [FreePort.next(), FreePort.next()]
        let pool = try await RedisPoolUnderTest(servers: ports, Self.ejecting(after: 1))
        let client = try pool.connect()
        #expect(try await eventually { try client.get("key-0001") == "-ERR no server is available\r\n" })
        try await pool.end()
    }

    @Test func `a server that takes connections and answers nothing is ejected`() async throws {
        let well = try ScriptedServer(ShardedEcho.serve)
        let hung = try ScriptedServer { connection in _ = connection.readToEnd() }
        let pool = try await RedisPoolUnderTest(servers: [well.port, hung.port]) {
            Self.ejecting(after: 2)(&$0)
            $0.pool.timeout = .milliseconds(50)
        }
        let key = ShardedEcho.key(on: 1, of: pool.configuration)
        let client = try pool.connect()
        #expect(try await eventually { try client.get(key) == ShardedEcho.reply(to: key) })
        // Nor does it come back while probes get no answer.
        try await Task.sleep(for: .milliseconds(400))
        #expect(await pool.pool.snapshot().servers[1].isLive == false)
        try await pool.end()
    }

    @Test func `a server that is out of memory is ejected`() async throws {
        let well = try ScriptedServer(ShardedEcho.serve)
        let full = try ScriptedServer { connection in
            while true {
                _ = try ShardedEcho.readGet(connection)
                try connection.write("-OOM command not allowed when used memory > 'maxmemory'.\r\n")
            }
        }
        let pool = try await RedisPoolUnderTest(servers: [well.port, full.port], Self.ejecting(after: 3))
        let key = ShardedEcho.key(on: 1, of: pool.configuration)
        let client = try pool.connect()
        for _ in 0..<3 { #expect(try client.get(key).hasPrefix("-OOM")) }
        #expect(try await eventually { try client.get(key) == ShardedEcho.reply(to: key) })
        try await pool.end()
    }

    @Test func `what a client wishes for and a server refuses ejects nobody`() async throws {
        let server = try ScriptedServer { connection in
            while case let bytes = connection.readSome(), !bytes.isEmpty {
                let text = String(decoding: bytes, as: UTF8.self)
                let isEcho = text.hasPrefix("*2\r\n$3\r\nGET")
                try connection.write(isEcho ? ShardedEcho.reply(to: "key-0001") : "-ERR not here\r\n")
            }
        }
        let pool = try await RedisPoolUnderTest(servers: [server.port], Self.ejecting(after: 1))
        for wish in [command("SELECT", "9"), command("HELLO", "3")] {
            let client = try pool.connect()
            try client.write(wish + command("GET", "key-0001"))
            let refusal = "-ERR server server1: it refused the session: -ERR not here\r\n"
            var heard = ""
            while !heard.hasSuffix(refusal) { heard += try client.read(count: 1) }
            #expect(await pool.pool.snapshot().servers[0].isLive)
        }
        let other = try pool.connect()
        #expect(try other.get("key-0001") == ShardedEcho.reply(to: "key-0001"))
        #expect(await pool.pool.snapshot().ejections == 0)
        try await pool.end()
    }

    @Test func `without ejection a failing server keeps its keys`() async throws {
        let well = try ScriptedServer(ShardedEcho.serve)
        let pool = try await RedisPoolUnderTest(servers: [well.port, try FreePort.next()])
        let key = ShardedEcho.key(on: 1, of: pool.configuration)
        let client = try pool.connect()
        for _ in 0..<5 { #expect(try client.get(key) == "-ERR server server2: Connection refused\r\n") }
        #expect(await pool.pool.snapshot().servers[1].isLive)
        try await pool.end()
    }
}
