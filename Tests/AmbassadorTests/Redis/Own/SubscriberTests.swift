// SPDX-License-Identifier: Apache-2.0

import Core
import Foundation
import TestKit
import Testing

@testable import Ambassador

@Suite("Subscribers", .enabled(if: RedisServer.isInstalled))
struct SubscriberTests {
    private func array(_ words: String..., mark: String = "*") -> String {
        words.reduce("\(mark)\(words.count)\r\n") { $0 + "$\($1.utf8.count)\r\n\($1)\r\n" }
    }

    private func confirmation(_ word: String, _ name: String, _ count: Int) -> String {
        "*3\r\n$\(word.utf8.count)\r\n\(word)\r\n$\(name.utf8.count)\r\n\(name)\r\n:\(count)\r\n"
    }

    @Test func `messages of all servers' channels arrive, in each channel's order`() async throws {
        let pool = try await OwnPool(servers: 3)
        let (subscriber, publisher) = (try pool.client(), try pool.client())
        let channels = (0..<10).map { "channel-\($0)" }
        for (index, channel) in channels.enumerated() {
            #expect(try subscriber.ask("SUBSCRIBE", channel) == confirmation("subscribe", channel, index + 1))
        }
        for round in 0..<20 {
            for channel in channels { #expect(try publisher.ask("PUBLISH", channel, "\(round)") == ":1\r\n") }
        }
        var heard: [String: [String]] = [:]
        for _ in 0..<200 {
            let words = try subscriber.hear().split(separator: "\r\n").map(String.init)
            #expect(words[2] == "message")
            heard[words[4], default: []].append(words[6])
        }
        for channel in channels { #expect(heard[channel] == (0..<20).map { "\($0)" }) }
        try await pool.end()
    }

    @Test func `a pattern hears what is published on any server, once`() async throws {
        let pool = try await OwnPool(servers: 3)
        let (subscriber, publisher) = (try pool.client(), try pool.client())
        #expect(try subscriber.ask("PSUBSCRIBE", "news.*") == confirmation("psubscribe", "news.*", 1))
        for number in 0..<20 {
            #expect(try publisher.ask("PUBLISH", "news.\(number)", "x") == ":1\r\n")
            #expect(try subscriber.hear() == array("pmessage", "news.*", "news.\(number)", "x"))
        }
        #expect(try subscriber.ask("PUNSUBSCRIBE") == confirmation("punsubscribe", "news.*", 0))
        #expect(try publisher.ask("PUBLISH", "news.1", "x") == ":0\r\n")
        #expect(try subscriber.ask("SET", "a", "1") == "+OK\r\n")
        try await pool.end()
    }

    @Test func `a subscriber may say what Redis lets it say`() async throws {
        let pool = try await OwnPool()
        let client = try pool.client()
        #expect(try client.ask("SUBSCRIBE") == "-ERR wrong number of arguments for 'subscribe' command\r\n")
        #expect(try client.ask("UNSUBSCRIBE") == "*3\r\n$11\r\nunsubscribe\r\n$-1\r\n:0\r\n")
        #expect(try client.ask("SUBSCRIBE", "a") == confirmation("subscribe", "a", 1))
        #expect(
            try client.ask("GET", "a")
                == "-ERR Can't execute 'get': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed"
                + " in this context\r\n")
        #expect(try client.ask("PING") == array("pong", ""))
        #expect(try client.ask("PING", "x") == array("pong", "x"))
        #expect(try client.ask("SSUBSCRIBE", "s") == confirmation("ssubscribe", "s", 1))
        #expect(try client.ask("UNSUBSCRIBE") == confirmation("unsubscribe", "a", 0))
        #expect(try client.ask("GET", "a").hasPrefix("-ERR Can't execute"))
        #expect(try client.ask("SUNSUBSCRIBE", "s") == confirmation("sunsubscribe", "s", 0))
        #expect(try client.ask("SET", "a", "1") == "+OK\r\n")
        #expect(try client.ask("MULTI") == "+OK\r\n")
        #expect(try client.ask("SUBSCRIBE", "a") == "-ERR Command not allowed inside a transaction\r\n")
        #expect(try client.ask("EXEC").hasPrefix("-EXECABORT"))
        try await pool.end()
    }

    @Test func `commands behind a subscription wait for it`() async throws {
        let pool = try await OwnPool()
        let client = try pool.client()
        for _ in 0..<20 {
            try client.say("SET", "a", "1")
            try client.say("SUBSCRIBE", "a", "b", "a")
            try client.say("UNSUBSCRIBE", "b", "a")
            try client.say("GET", "a")
            #expect(try client.hear() == "+OK\r\n")
            #expect(try client.hear() == confirmation("subscribe", "a", 1))
            #expect(try client.hear() == confirmation("subscribe", "b", 2))
            #expect(try client.hear() == confirmation("subscribe", "a", 2))
            #expect(try client.hear() == confirmation("unsubscribe", "b", 1))
            #expect(try client.hear() == confirmation("unsubscribe", "a", 0))
            #expect(try client.hear() == "$1\r\n1\r\n")
        }
        try await pool.end()
    }

    @Test func `a server that comes back is subscribed to again`() async throws {
        let pool = try await OwnPool(servers: 1)
        let (subscriber, publisher) = (try pool.client(), try pool.client())
        #expect(try subscriber.ask("SUBSCRIBE", "a") == confirmation("subscribe", "a", 1))
        #expect(try subscriber.ask("PSUBSCRIBE", "b*") == confirmation("psubscribe", "b*", 2))
        pool.servers[0].kill()
        usleep(300_000)
        try pool.servers[0].restart()
        #expect(try eventually(":1\r\n") { try publisher.ask("PUBLISH", "b1", "x") })
        #expect(try subscriber.hear() == array("pmessage", "b*", "b1", "x"))
        #expect(try publisher.ask("PUBLISH", "a", "y") == ":1\r\n")
        #expect(try subscriber.hear() == array("message", "a", "y"))
        #expect(try subscriber.ask("UNSUBSCRIBE", "a") == confirmation("unsubscribe", "a", 1))
        try await pool.end()
    }

    @Test func `a server that is gone fails a subscription, and undoes its other half`() async throws {
        let pool = try await OwnPool()
        let (first, second) = (try pool.keys(onServer: 0, count: 1)[0], try pool.keys(onServer: 1, count: 1)[0])
        let (client, publisher) = (try pool.client(), try pool.client())
        pool.servers[1].kill()
        #expect(try client.ask("SUBSCRIBE", first, second).hasPrefix("-ERR server server2: "))
        #expect(try eventually(":0\r\n") { try publisher.ask("PUBLISH", first, "x") })
        #expect(try client.ask("GET", first) == "$-1\r\n")
        #expect(try client.ask("SUBSCRIBE", first) == confirmation("subscribe", first, 1))
        try await pool.end()
    }

    @Test func `a subscription that a server refuses is the client's matter, not the server's`() async throws {
        let arguments = ["--user", "default", "on", "nopass", "~*", "resetchannels", "&ok:*", "+@all"]
        let server = try RedisServer(arguments: arguments)
        let pool = try await RedisPoolUnderTest(servers: [server.port]) {
            ($0.pool.ejection.enabled, $0.pool.ejection.failures) = (true, 1)
        }
        let client = try RedisConversation(port: pool.port)
        #expect(try client.ask("SUBSCRIBE", "ok:1", "secret").hasPrefix("-NOPERM"))
        #expect(try client.ask("SET", "a", "1") == "+OK\r\n")
        #expect(try client.ask("SUBSCRIBE", "ok:1") == confirmation("subscribe", "ok:1", 1))
        #expect(try client.ask("SUBSCRIBE", "secret").hasPrefix("-NOPERM"))
        #expect(try client.ask("SUBSCRIBE", "ok:2") == confirmation("subscribe", "ok:2", 2))
        #expect(await pool.pool.snapshot().servers[0].counters.errors == 0)

        // What was allowed is forbidden: the server closes the connection, and so does the pool.
        let direct = try RedisConversation(port: server.port)
        #expect(try direct.ask("ACL", "SETUSER", "default", "resetchannels") == "+OK\r\n")
        #expect(try client.isClosed())
        #expect(await pool.pool.snapshot().ejections == 0)
        try await pool.end()
    }

    @Test func `a client of RESP3 gets pushes among its replies`() async throws {
        let pool = try await OwnPool()
        let (client, publisher) = (try pool.client(), try pool.client())
        _ = try client.ask("HELLO", "3")
        #expect(try client.ask("SUBSCRIBE", "a") == ">" + confirmation("subscribe", "a", 1).dropFirst())
        for _ in 0..<20 {
            #expect(try publisher.ask("PUBLISH", "a", "x") == ":1\r\n")
            #expect(try client.hear() == array("message", "a", "x", mark: ">"))
            #expect(try client.ask("PING") == "+PONG\r\n")
            #expect(try client.ask("BLPOP", "nothing", "0.001") == "_\r\n")
        }
        #expect(try client.ask("UNSUBSCRIBE") == ">" + confirmation("unsubscribe", "a", 0).dropFirst())
        try await pool.end()
    }

    @Test func `a push never comes within a long reply`() async throws {
        let pool = try await OwnPool(servers: 1)
        let (client, publisher) = (try pool.client(), try pool.client())
        _ = try client.ask("HELLO", "3")
        let value = String(repeating: "v", count: 16 << 20)
        #expect(try client.ask("SET", "long", value) == "+OK\r\n")
        _ = try client.ask("SUBSCRIBE", "a")
        for _ in 0..<3 {
            try client.say("GET", "long")
            usleep(20_000)
            for _ in 0..<50 { #expect(try publisher.ask("PUBLISH", "a", "x") == ":1\r\n") }
            var pushes = 0
            var isAnswered = false
            while pushes < 50 || !isAnswered {
                let heard = try client.hear()
                if heard == array("message", "a", "x", mark: ">") { pushes += 1 } else { isAnswered = true }
                #expect(heard.hasPrefix(">3") || heard == "$\(value.utf8.count)\r\n\(value)\r\n")
            }
        }
        try await pool.end()
    }

    @Test func `a subscriber may be silent, and a client that stops within a long value may not`() async throws {
        let pool = try await OwnPool(servers: 1) { $0.pool.limits.idle = .milliseconds(200) }
        let (subscriber, stopping) = (try pool.client(), try pool.client())
        #expect(try subscriber.ask("SUBSCRIBE", "a") == confirmation("subscribe", "a", 1))
        try stopping.send("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$\(4 << 20)\r\n" + String(repeating: "y", count: 2 << 20))
        #expect(try stopping.isClosed())
        try await Task.sleep(for: .milliseconds(700))
        let publisher = try pool.client()
        #expect(try publisher.ask("PUBLISH", "a", "x") == ":1\r\n")
        #expect(try subscriber.hear() == array("message", "a", "x"))
        try await pool.end()
    }

    @Test func `a subscriber that ends is forgotten`() async throws {
        let pool = try await OwnPool(servers: 1)
        let publisher = try pool.client()
        var gone: RedisConversation? = try pool.client()
        _ = try gone?.ask("SUBSCRIBE", "a")
        #expect(try publisher.ask("PUBLISH", "a", "x") == ":1\r\n")
        gone = nil
        #expect(try eventually(":0\r\n") { try publisher.ask("PUBLISH", "a", "x") })
        try await pool.end()
    }

    @Test func `a subscriber that doesn't read is closed at its limit, and counted`() async throws {
        let pool = try await OwnPool(servers: 1) { $0.pool.limits.output = .mebibytes(1) }
        let (subscriber, publisher) = (try pool.client(), try pool.client())
        #expect(try subscriber.ask("SUBSCRIBE", "a") == confirmation("subscribe", "a", 1))
        let message = String(repeating: "m", count: 256 << 10)
        #expect(try eventually(":0\r\n") { try publisher.ask("PUBLISH", "a", message) })
        #expect(await pool.under.pool.snapshot().clients.overOutput == 1)
        try await pool.end()
    }
}
