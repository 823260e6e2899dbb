// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestKit
import Testing

@testable import Ambassador

@Suite("Transactions with servers", .enabled(if: RedisServer.isInstalled))
struct TransactionServerTests {
    private let aborted = "-EXECABORT Transaction discarded because of previous errors.\r\n"

    @Test func `a transaction runs on its keys' server, behind what came before it`() async throws {
        let pool = try await OwnPool()
        let client = try pool.client()
        for round in 1...20 {
            try client.say("SET", "a", "0")
            try client.say("MULTI")
            try client.say("PING")
            try client.say("INCRBY", "a", "\(round)")
            try client.say("GET", "a")
            try client.say("EXEC")
            try client.say("GET", "a")
            let value = "$\("\(round)".utf8.count)\r\n\(round)\r\n"
            #expect(try client.hear() == "+OK\r\n")
            #expect(try client.hear() == "+OK\r\n")
            for _ in 0..<3 { #expect(try client.hear() == "+QUEUED\r\n") }
            #expect(try client.hear() == "*3\r\n+PONG\r\n:\(round)\r\n\(value)")
            #expect(try client.hear() == value)
        }
        try await pool.end()
    }

    @Test func `what Redis refuses is refused as Redis does`() async throws {
        let pool = try await OwnPool()
        let client = try pool.client()
        #expect(try client.ask("EXEC") == "-ERR EXEC without MULTI\r\n")
        #expect(try client.ask("DISCARD") == "-ERR DISCARD without MULTI\r\n")
        #expect(try client.ask("UNWATCH") == "+OK\r\n")
        #expect(try client.ask("MULTI") == "+OK\r\n")
        #expect(try client.ask("MULTI") == "-ERR MULTI calls can not be nested\r\n")
        #expect(try client.ask("WATCH", "a") == "-ERR WATCH inside MULTI is not allowed\r\n")
        #expect(try client.ask("EXEC") == "*0\r\n")
        #expect(try client.ask("MULTI") == "+OK\r\n")
        #expect(try client.ask("SET", "a") == "-ERR wrong number of arguments for 'set' command\r\n")
        #expect(try client.ask("EXEC") == aborted)
        #expect(try client.ask("MULTI") == "+OK\r\n")
        #expect(try client.ask("SET", "a", "1") == "+QUEUED\r\n")
        #expect(try client.ask("DISCARD") == "+OK\r\n")
        #expect(try client.ask("GET", "a") == "$-1\r\n")
        #expect(try client.ask("MULTI") == "+OK\r\n")
        #expect(try client.ask("BLPOP", "list", "0") == "+QUEUED\r\n")
        #expect(try client.ask("EXEC") == "*1\r\n*-1\r\n")
        try await pool.end()
    }

    @Test func `a reset comes after what was said before it`() async throws {
        let pool = try await OwnPool(servers: 1)
        let client = try pool.client()
        for commands in [["MULTI"], ["WATCH w", "MULTI"]] {
            for line in commands { try client.say(line.split(separator: " ").map(String.init)) }
            try client.say("SET", "k", "v")
            try client.say("RESET")
            try client.say("GET", "k")
            for _ in commands { #expect(try client.hear() == "+OK\r\n") }
            #expect(try client.hear() == "+QUEUED\r\n")
            #expect(try client.hear() == "+RESET\r\n")
            #expect(try client.hear() == "$-1\r\n")
        }
        try client.say("INCR", "n")
        try client.say("RESET")
        #expect(try client.hear() == ":1\r\n")
        #expect(try client.hear() == "+RESET\r\n")
        try await pool.end()
    }

    @Test func `keys of two servers abort it, and leave nothing behind`() async throws {
        let pool = try await OwnPool()
        let (first, second) = (try pool.keys(onServer: 0, count: 1)[0], try pool.keys(onServer: 1, count: 1)[0])
        let client = try pool.client()
        for _ in 0..<3 {
            #expect(try client.ask("MULTI") == "+OK\r\n")
            #expect(try client.ask("SET", first, "1") == "+QUEUED\r\n")
            #expect(try client.ask("SET", second, "1").hasPrefix("-CROSSSLOT "))
            #expect(try client.ask("EXEC") == aborted)
            #expect(try client.ask("GET", first) == "$-1\r\n")
            #expect(try client.ask("BLPOP", first, "0.01") == "*-1\r\n")
        }
        try await pool.end()
    }

    @Test func `a watched key that changes undoes the transaction`() async throws {
        let pool = try await OwnPool()
        let (client, other) = (try pool.client(), try pool.client())
        for isChanged in [true, false, true] {
            #expect(try client.ask("WATCH", "a") == "+OK\r\n")
            _ = try client.ask("GET", "a")
            if isChanged { #expect(try other.ask("SET", "a", "other") == "+OK\r\n") }
            #expect(try client.ask("MULTI") == "+OK\r\n")
            #expect(try client.ask("SET", "a", "mine") == "+QUEUED\r\n")
            #expect(try client.ask("EXEC") == (isChanged ? "*-1\r\n" : "*1\r\n+OK\r\n"))
        }
        #expect(try client.ask("WATCH", "a") == "+OK\r\n")
        #expect(try client.ask("UNWATCH") == "+OK\r\n")
        #expect(try other.ask("SET", "a", "other") == "+OK\r\n")
        #expect(try client.ask("MULTI") == "+OK\r\n")
        #expect(try client.ask("SET", "a", "mine") == "+QUEUED\r\n")
        #expect(try client.ask("EXEC") == "*1\r\n+OK\r\n")
        try await pool.end()
    }

    @Test func `a client that goes within a transaction leaves nothing to the next`() async throws {
        let pool = try await OwnPool(servers: 1)
        for _ in 0..<3 {
            let gone = try pool.client()
            #expect(try gone.ask("WATCH", "a") == "+OK\r\n")
            #expect(try gone.ask("MULTI") == "+OK\r\n")
            #expect(try gone.ask("SET", "a", "gone") == "+QUEUED\r\n")
        }
        let client = try pool.client()
        #expect(try client.ask("MULTI") == "+OK\r\n")
        #expect(try client.ask("GET", "a") == "+QUEUED\r\n")
        #expect(try client.ask("EXEC") == "*1\r\n$-1\r\n")
        try await pool.end()
    }

    @Test func `a server that dies in a transaction fails its commands once, and EXEC`() async throws {
        let pool = try await OwnPool(servers: 1)
        let client = try pool.client()
        #expect(try client.ask("MULTI") == "+OK\r\n")
        #expect(try client.ask("SET", "a", "1") == "+QUEUED\r\n")
        pool.servers[0].kill()
        try pool.servers[0].restart()
        #expect(try client.ask("SET", "a", "2").hasPrefix("-ERR "))
        #expect(try client.ask("PING") == "-ERR the connection to the transaction's server was lost\r\n")
        #expect(try client.ask("EXEC") == aborted)
        #expect(try eventually("$-1\r\n") { try client.ask("GET", "a") })
        try await pool.end()
    }

    @Test func `a server that dies while it watches fails EXEC`() async throws {
        let pool = try await OwnPool(servers: 1)
        let client = try pool.client()
        #expect(try client.ask("WATCH", "a") == "+OK\r\n")
        pool.servers[0].kill()
        try pool.servers[0].restart()
        #expect(try client.ask("MULTI") == "+OK\r\n")
        #expect(try client.ask("SET", "a", "2").hasPrefix("-ERR "))
        #expect(try client.ask("EXEC") == aborted)
        try await pool.end()
    }

    @Test func `another database ends a watch, and its connection with it`() async throws {
        let pool = try await OwnPool(servers: 1)
        let (client, other) = (try pool.client(), try pool.client())
        #expect(try client.ask("WATCH", "a") == "+OK\r\n")
        #expect(try client.ask("SELECT", "1") == "+OK\r\n")
        #expect(try client.ask("MULTI") == "+OK\r\n")
        #expect(try client.ask("SELECT", "0") == "-ERR Command not allowed inside a transaction\r\n")
        #expect(try client.ask("EXEC") == aborted)
        #expect(try client.ask("SELECT", "0") == "+OK\r\n")
        #expect(try other.ask("SET", "a", "1") == "+OK\r\n")
        for key in ["a", "b"] {
            #expect(try client.ask("MULTI") == "+OK\r\n")
            #expect(try client.ask("SET", key, "2") == "+QUEUED\r\n")
            #expect(try client.ask("EXEC") == "*1\r\n+OK\r\n")
        }
        #expect(try client.ask("WATCH", "a") == "+OK\r\n")
        #expect(try client.ask("RESET") == "+RESET\r\n")
        #expect(try other.ask("SET", "a", "1") == "+OK\r\n")
        #expect(try client.ask("MULTI") == "+OK\r\n")
        #expect(try client.ask("GET", "a") == "+QUEUED\r\n")
        #expect(try client.ask("EXEC") == "*1\r\n$1\r\n1\r\n")
        try await pool.end()
    }

    @Test func `what concerns all servers or the connection is refused behind MULTI`() async throws {
        let pool = try await OwnPool()
        let client = try pool.client()
        for words in [
            ["DBSIZE"], ["SCAN", "0"], ["FLUSHALL"], ["HELLO", "3"], ["SCRIPT", "FLUSH"], ["SUBSCRIBE", "a"],
        ] {
            #expect(try client.ask("MULTI") == "+OK\r\n")
            try client.send(words.reduce("*\(words.count)\r\n") { $0 + "$\($1.utf8.count)\r\n\($1)\r\n" })
            #expect(try client.hear() == "-ERR Command not allowed inside a transaction\r\n")
            #expect(try client.ask("EXEC") == aborted)
        }
        #expect(try client.ask("MULTI") == "+OK\r\n")
        #expect(try client.ask("NOSUCH").hasPrefix("-ERR unknown command"))
        #expect(try client.ask("EXEC") == aborted)
        #expect(try client.ask("SET", "a", "1") == "+OK\r\n")
        try await pool.end()
    }

    @Test func `a transaction that can get no connection fails as a whole`() async throws {
        let pool = try await OwnPool(servers: 1) { $0.pool.limits.own = 0 }
        let client = try pool.client()
        #expect(try client.ask("MULTI") == "+OK\r\n")
        #expect(try client.ask("SET", "a", "1").hasPrefix("-ERR server server1: 0 connections"))
        #expect(try client.ask("EXEC") == aborted)
        try await pool.end()
    }
}
