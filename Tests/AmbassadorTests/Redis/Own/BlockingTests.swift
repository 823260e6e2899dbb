// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestKit
import Testing

@testable import Ambassador

@Suite("Commands that block", .enabled(if: RedisServer.isInstalled))
struct BlockingTests {
    @Test func `a blocked client delays nobody else, and is answered`() async throws {
        let pool = try await OwnPool()
        let (blocked, other) = (try pool.client(), try pool.client())
        try blocked.say("BLPOP", "list", "0")
        #expect(try other.ask("SET", "list-a", "1") == "+OK\r\n")
        #expect(try other.ask("RPUSH", "list", "one") == ":1\r\n")
        #expect(try blocked.hear() == "*2\r\n$4\r\nlist\r\n$3\r\none\r\n")
        try await pool.end()
    }

    @Test func `commands around one that blocks are run and answered in their order`() async throws {
        let pool = try await OwnPool()
        let (client, other) = (try pool.client(), try pool.client())
        for round in 1...20 {
            let list = "list-\(round)"
            try client.say("RPUSH", "done", "x")
            try client.say("BLPOP", "done", "0")
            try client.say("BRPOPLPUSH", list, list, "0")
            try client.say("LLEN", list)
            #expect(try client.hear() == ":1\r\n")
            #expect(try client.hear() == "*2\r\n$4\r\ndone\r\n$1\r\nx\r\n")
            #expect(try other.ask("RPUSH", list, "a") == ":1\r\n")
            #expect(try client.hear() == "$1\r\na\r\n")
            #expect(try client.hear() == ":1\r\n")
        }
        try await pool.end()
    }

    @Test func `it may block longer than servers may take to answer`() async throws {
        let pool = try await OwnPool { $0.pool.timeout = .milliseconds(100) }
        let client = try pool.client()
        #expect(try client.ask("BLPOP", "nothing", "0.4") == "*-1\r\n")
        #expect(try client.ask("XREAD", "BLOCK", "300", "STREAMS", "nothing", "$") == "*-1\r\n")
        #expect(try client.ask("GET", "nothing") == "$-1\r\n")
        try await pool.end()
    }

    @Test(arguments: ["close", "half close"])
    func `what comes for a client that is gone stays with the server`(_ way: String) async throws {
        let pool = try await OwnPool(servers: 1)
        let other = try pool.client()
        var gone: RedisConversation? = try pool.client()
        try gone?.say("BLPOP", "list", "0")
        let server = try pool.client(ofServer: 0)
        let isBlocked = { try server.ask("INFO", "clients").contains("blocked_clients:1") ? "yes" : "no" }
        #expect(try eventually("yes", isBlocked))
        if way == "close" { gone = nil } else { gone?.endSending() }
        #expect(try eventually("no", isBlocked))
        #expect(try other.ask("RPUSH", "list", "one") == ":1\r\n")
        #expect(try other.ask("LLEN", "list") == ":1\r\n")
        #expect(try gone?.isClosed() ?? true)
        try await pool.end()
    }

    @Test func `keys on two servers are refused by name`() async throws {
        let pool = try await OwnPool()
        let (first, second) = (try pool.keys(onServer: 0, count: 1)[0], try pool.keys(onServer: 1, count: 1)[0])
        let client = try pool.client()
        #expect(
            try client.ask("BLPOP", first, second, "0")
                == "-CROSSSLOT Keys in request don't hash to the same slot\r\n")
        #expect(try client.ask("GET", first) == "$-1\r\n")
        try await pool.end()
    }

    @Test func `a server that dies fails the command that blocks on it, once`() async throws {
        let pool = try await OwnPool(servers: 1)
        let client = try pool.client()
        try client.say("BLPOP", "list", "0")
        let server = try pool.client(ofServer: 0)
        #expect(
            try eventually("yes") { try server.ask("INFO", "clients").contains("blocked_clients:1") ? "yes" : "no" })
        pool.servers[0].kill()
        #expect(try client.hear().hasPrefix("-ERR server server1: "))
        try pool.servers[0].restart()
        #expect(try eventually("+OK\r\n") { try client.ask("SET", "a", "1") })
        #expect(try client.ask("BLPOP", "list", "0.01") == "*-1\r\n")
        try await pool.end()
    }

    @Test func `connections are used again, and there is a limit to them`() async throws {
        let pool = try await OwnPool(servers: 1) { $0.pool.limits.own = 2 }
        let clients = try (0..<3).map { _ in try pool.client() }
        let other = try pool.client()
        for _ in 0..<5 { #expect(try other.ask("BLPOP", "list", "0.01") == "*-1\r\n") }
        let server = try pool.client(ofServer: 0)
        for count in 1...2 {
            try clients[count - 1].say("BLPOP", "list", "0")
            #expect(
                try eventually("yes") {
                    try server.ask("INFO", "clients").contains("blocked_clients:\(count)") ? "yes" : "no"
                })
        }
        #expect(
            try clients[2].ask("BLPOP", "list", "0")
                == "-ERR server server1: 2 connections that clients have for themselves are open\r\n")
        #expect(try other.ask("RPUSH", "list", "a", "b") == ":2\r\n")
        for client in clients.prefix(2) { _ = try client.hear() }
        #expect(try clients[2].ask("BLPOP", "list", "0.01") == "*-1\r\n")
        // The lane's, the test's, and the two of clients' own.
        #expect(try server.ask("INFO", "clients").contains("connected_clients:4\r"))
        try await pool.end()
    }
}
