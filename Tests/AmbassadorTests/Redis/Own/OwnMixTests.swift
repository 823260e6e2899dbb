// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestKit
import Testing

@testable import Ambassador

/// Several clients at once, each with keys of its own, say whatever needs connections of their own among ordinary
/// commands, in pipelines; each knows what every reply has to be.
@Suite("A mix of what needs connections of a client's own", .enabled(if: RedisServer.isInstalled), .serialized)
struct OwnMixTests {
    @Test func `every client gets its own replies, in order`() async throws {
        let pool = try await OwnPool(servers: 3)
        let port = pool.under.port
        try await withThrowingTaskGroup { group in
            for number in 0..<4 {
                group.addTask {
                    var client = try MixedClient(port: port, number: number)
                    for _ in 0..<60 { try client.converse() }
                }
            }
            try await group.waitForAll()
        }
        let open = try pool.servers.indices.map { try pool.client(ofServer: $0).ask("CLIENT", "LIST") }
        // Connections are used again: they are far fewer than what needed one.
        #expect(open.allSatisfy { $0.split(separator: "\n").count < 40 })
        try await pool.end()
    }
}

/// One client that knows what it has to be answered.
private struct MixedClient {
    private let conversation: RedisConversation
    private let number: Int
    private var numbers: SeededNumbers
    private var counts: [String: Int] = [:]
    private var expected: [String] = []
    private var commands = ""

    init(port: Int, number: Int) throws {
        conversation = try RedisConversation(port: port)
        self.number = number
        numbers = SeededNumbers(seed: UInt64(number))
    }

    /// Sends some commands at once, and compares all replies.
    mutating func converse() throws {
        expected = []
        commands = ""
        for _ in 0..<Int.random(in: 1...12, using: &numbers) { add() }
        try conversation.send(commands)
        for reply in expected {
            let heard = try conversation.hear()
            #expect(heard == reply, "\(heard.prefix(100)) instead of \(reply.prefix(100))")
            guard heard == reply else { throw POSIXError(.EPROTO) }
        }
    }

    private mutating func add() {
        let key = "client\(number):\(Int.random(in: 0..<20, using: &numbers))"
        switch Int.random(in: 0..<20, using: &numbers) {
        case 0: addTransaction(key)
        case 1: addBlocking(key)
        case 2: addSubscription(key)
        case 3 where Bool.random(using: &numbers): addLong(key)
        case 4:
            say("+OK\r\n", ["WATCH", key])
            addTransaction(key)
        default: addIncrement(key)
        }
    }

    private mutating func say(_ reply: String, _ words: [String]) {
        commands += words.reduce("*\(words.count)\r\n") { $0 + "$\($1.utf8.count)\r\n\($1)\r\n" }
        expected.append(reply)
    }

    private mutating func addIncrement(_ key: String) { say(increment(key), ["INCR", key]) }

    private mutating func increment(_ key: String) -> String {
        counts[key, default: 0] += 1
        return ":\(counts[key, default: 0])\r\n"
    }

    private mutating func addTransaction(_ key: String) {
        say("+OK\r\n", ["MULTI"])
        let isKept = Bool.random(using: &numbers)
        if isKept { say("+QUEUED\r\n", ["ECHO", key]) }
        say("+QUEUED\r\n", ["INCR", key])
        guard Bool.random(using: &numbers) else { return say("+OK\r\n", ["DISCARD"]) }
        say("*\(isKept ? 2 : 1)\r\n\(isKept ? bulk(key) : "")\(increment(key))", ["EXEC"])
    }

    private mutating func addBlocking(_ key: String) {
        let list = "list:" + key
        let isEmpty = Bool.random(using: &numbers)
        if !isEmpty { say(":1\r\n", ["RPUSH", list, key]) }
        say(isEmpty ? "*-1\r\n" : "*2\r\n\(bulk(list))\(bulk(key))", ["BLPOP", list, "0.02"])
    }

    private mutating func addSubscription(_ key: String) {
        for (word, count) in [("subscribe", 1), ("unsubscribe", 0)] {
            say("*3\r\n\(bulk(word))\(bulk(key)):\(count)\r\n", [word, key])
        }
    }

    private mutating func addLong(_ key: String) {
        let long = "long:" + key
        let value = String(repeating: "\(number)", count: (1 << 20) + Int.random(in: 0...(2 << 20), using: &numbers))
        say("+OK\r\n", ["SET", long, value])
        for _ in 0..<Int.random(in: 1...3, using: &numbers) { say(bulk(value), ["GET", long]) }
        say(":1\r\n", ["DEL", long])
    }

    private func bulk(_ text: String) -> String { "$\(text.utf8.count)\r\n\(text)\r\n" }
}
