// SPDX-License-Identifier: Apache-2.0

import Core
import Foundation
import Telemetry
import TestKit
import Testing

@testable import Ambassador

@Suite("Faults of Redis", .serialized, .enabled(if: RedisServer.isInstalled))
struct RedisFaultTests {
    private func withPool(
        _ faults: NamedTable<RedisFaultConfiguration>, _ body: (RedisPoolUnderTest) async throws -> Void
    ) async throws {
        let server = try RedisServer()
        let pool = try await RedisPoolUnderTest(servers: [server.port]) { $0.faults = faults }
        try await body(pool)
        try await pool.end()
    }

    private func fault(_ configure: (inout RedisFaultConfiguration) -> Void) -> RedisFaultConfiguration {
        var fault = RedisFaultConfiguration()
        configure(&fault)
        return fault
    }

    @Test func `the first two commands of a name fail, and are counted`() async throws {
        let loading = fault {
            $0.error = "LOADING try later"
            $0.commands = ["get"]
            $0.selection.first = 2
        }
        try await withPool(["loading": loading]) { pool in
            let client = try pool.connect()
            #expect(try client.ask(command("SET", "a", "1"), count: 5) == "+OK\r\n")
            let refusal = "-LOADING try later\r\n"
            for _ in 0..<2 {
                #expect(try client.ask(command("GET", "a"), count: refusal.utf8.count) == refusal)
            }
            #expect(try client.ask(command("GET", "a"), count: 7) == "$1\r\n1\r\n")
            let snapshot = await pool.pool.snapshot()
            #expect(snapshot.faults.map(\.count) == [2] && snapshot.clients.failed == 2)
            #expect(snapshot.metrics.contains { $0.name == "outrigger_ambassador_faults_total" })
        }
    }

    @Test func `only commands whose first key matches fail`() async throws {
        let sessions = fault { $0.keys = "session:*" }
        try await withPool(["sessions": sessions]) { pool in
            let client = try pool.connect()
            let refusal = "-ERR a fault on purpose\r\n"
            #expect(try client.ask(command("GET", "session:1"), count: refusal.utf8.count) == refusal)
            #expect(try client.ask(command("MGET", "session:1", "a"), count: refusal.utf8.count) == refusal)
            #expect(try client.ask(command("GET", "a"), count: 5) == "$-1\r\n")
            #expect(try client.ask(command("PING"), count: 7) == "+PONG\r\n")
        }
    }

    @Test func `a delay holds up what follows, once, and replies keep their order`() async throws {
        let slow = fault { ($0.kind, $0.delay, $0.commands) = (.delay, .milliseconds(150), ["GET"]) }
        try await withPool(["slow": slow]) { pool in
            let client = try pool.connect()
            let start = ContinuousClock.now
            let replies = "$-1\r\n:1\r\n"
            #expect(try client.ask(command("GET", "a") + command("INCR", "n"), count: 9) == replies)
            #expect(ContinuousClock.now - start >= .milliseconds(150))
            #expect(await pool.pool.snapshot().faults.map(\.count) == [1])
        }
    }

    @Test(arguments: [["MULTI"], ["BLPOP", "list", "0.01"], ["SUBSCRIBE", "a"], ["SELECT", "1"], ["RESET"]])
    func `a command that waits for those before it is judged once`(_ words: [String]) async throws {
        let slow = fault { ($0.kind, $0.delay, $0.commands) = (.delay, .milliseconds(50), [words[0]]) }
        let second = fault { ($0.error, $0.commands, $0.selection.every) = ("ERR the second", [words[0]], 2) }
        let server = try RedisServer()
        let faults = ["second": second, "slow": slow] as NamedTable<RedisFaultConfiguration>
        let pool = try await RedisPoolUnderTest(servers: [server.port]) { $0.faults = faults }
        let client = try RedisConversation(port: pool.port)
        #expect(try client.ask("INCR", "n") == ":1\r\n")
        // What is asked for isn't answered yet when the command has been held up.
        let direct = try RedisConversation(port: server.port)
        #expect(try direct.ask("CLIENT", "PAUSE", "300", "ALL") == "+OK\r\n")
        try client.say("INCR", "n")
        try client.say(words)
        #expect(try client.hear() == ":2\r\n")
        #expect(try !client.hear().hasPrefix("-"))
        #expect(await pool.pool.snapshot().faults.map(\.count) == [0, 1])
        let other = try RedisConversation(port: pool.port)
        #expect(try other.ask(words) == "-ERR the second\r\n")
        try await pool.end()
    }

    @Test func `a client that leaves while it is held up is forgotten`() async throws {
        let slow = fault { ($0.kind, $0.delay) = (.delay, .milliseconds(100)) }
        try await withPool(["slow": slow]) { pool in
            do {
                let client = try pool.connect()
                try client.write(command("GET", "a"))
            }
            try await Task.sleep(for: .milliseconds(300))
            #expect(await pool.pool.snapshot().clients.open == 0)
        }
    }

    @Test func `a reset ends the connection with an error`() async throws {
        let gone = fault { ($0.kind, $0.commands) = (.reset, ["GET"]) }
        try await withPool(["gone": gone]) { pool in
            let client = try pool.connect()
            try client.write(command("GET", "a"))
            #expect(throws: POSIXError(.ECONNRESET)) { try client.receive() }
        }
    }

    @Test func `names of commands are found with what belongs to them`() {
        #expect(RedisFaults.ids("get").count == 1)
        #expect(RedisFaults.ids("client").count > 3)
        #expect(RedisFaults.ids("client setname").count == 1)
        let wrong = fault { $0.commands = ["GET", "GETT", "client nothing"] }
        #expect(wrong.unknownCommands == ["GETT", "client nothing"])
    }
}
