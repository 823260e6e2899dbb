// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestKit
import Testing

@testable import Ambassador

@Suite("Long values", .enabled(if: RedisServer.isInstalled), .serialized)
struct LongValueTests {
    private static let length = 16 << 20

    /// A value of which no two parts are alike.
    private static func value(_ length: Int = length) -> String {
        var text = ""
        text.reserveCapacity(length + 16)
        var number = 0
        while text.utf8.count < length {
            text += "\(number),"
            number += 1
        }
        return String(text.prefix(length))
    }

    private static func reply(_ value: String) -> String { "$\(value.utf8.count)\r\n\(value)\r\n" }

    @Test func `a long value goes through whole, among short ones, in order`() async throws {
        let pool = try await OwnPool()
        let client = try pool.client()
        let value = Self.value()
        let keys = try pool.keys(onServer: 0, count: 2) + pool.keys(onServer: 1, count: 2)
        for round in 0..<2 {
            for key in keys { #expect(try client.ask("SET", key + "\(round)", value) == "+OK\r\n") }
        }
        #expect(try client.ask("SET", keys[0], "short") == "+OK\r\n")
        try client.say("GET", keys[0])
        try client.say("GET", keys[2] + "0")
        try client.say("GET", keys[1] + "1")
        try client.say("GET", keys[0])
        #expect(try client.hear() == "$5\r\nshort\r\n")
        #expect(try client.hear() == Self.reply(value))
        #expect(try client.hear() == Self.reply(value))
        #expect(try client.hear() == "$5\r\nshort\r\n")
        try await pool.end()
    }

    @Test func `a long value that is on its way delays nobody else`() async throws {
        let pool = try await OwnPool(servers: 1)
        let (slow, other) = (try pool.client(), try pool.client())
        let value = Self.value()
        try slow.send("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$\(value.utf8.count)\r\n" + value.prefix(4 << 20))
        #expect(try other.ask("SET", "a", "1") == "+OK\r\n")
        #expect(try other.ask("EXISTS", "k") == ":0\r\n")
        try slow.send(value.dropFirst(4 << 20) + "\r\n")
        #expect(try slow.hear() == "+OK\r\n")
        // Asked for, and not read.
        try slow.say("GET", "k")
        try slow.say("GET", "k")
        for _ in 0..<50 { #expect(try other.ask("GET", "a") == "$1\r\n1\r\n") }
        for _ in 0..<2 { #expect(try slow.hear() == Self.reply(value)) }
        try await pool.end()
    }

    @Test func `a client that sends slowly isn't late`() async throws {
        let pool = try await OwnPool(servers: 1) { $0.pool.timeout = .milliseconds(200) }
        let client = try pool.client()
        let value = Self.value(3 << 20)
        try client.send("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$\(value.utf8.count)\r\n" + value.prefix(1 << 20))
        try await Task.sleep(for: .milliseconds(500))
        try client.send(value.dropFirst(1 << 20) + "\r\n")
        #expect(try client.hear() == "+OK\r\n")
        try client.say("GET", "k")
        try client.say("GET", "k")
        try await Task.sleep(for: .milliseconds(500))
        for _ in 0..<2 { #expect(try client.hear() == Self.reply(value)) }
        try await pool.end()
    }

    @Test func `arguments behind a long value belong to its command`() async throws {
        let pool = try await OwnPool(servers: 1)
        let client = try pool.client()
        let value = Self.value(2 << 20)
        #expect(try client.ask("SET", "k", value, "EX", "100", "NX") == "+OK\r\n")
        #expect(try client.ask("SET", "k", value, "EX", "100", "NX") == "$-1\r\n")
        #expect(try client.ask("HSET", "h", "a", value, "b", value, "c", "1") == ":3\r\n")
        #expect(try client.ask("HMGET", "h", "a", "b", "c") == "*3\r\n\([value, value, "1"].map(Self.reply).joined())")
        #expect(try client.ask("TTL", "k") == ":100\r\n")
        try await pool.end()
    }

    @Test func `a long command that another one comes before waits for it`() async throws {
        let pool = try await OwnPool()
        let client = try pool.client()
        let value = Self.value(2 << 20)
        for round in 1...5 {
            try client.say("SET", "k", "short")
            try client.say("APPEND", "k", value)
            try client.say("STRLEN", "k")
            try client.say("INCR", "n")
            #expect(try client.hear() == "+OK\r\n")
            #expect(try client.hear() == ":\(value.utf8.count + 5)\r\n")
            #expect(try client.hear() == ":\(value.utf8.count + 5)\r\n")
            #expect(try client.hear() == ":\(round)\r\n")
        }
        try await pool.end()
    }

    @Test func `a server that dies while a long command comes fails it, and the rest is dropped`() async throws {
        let pool = try await OwnPool(servers: 1)
        let client = try pool.client()
        let value = Self.value(3 << 20)
        try client.send("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$\(value.utf8.count)\r\n" + value.prefix(2 << 20))
        try await Task.sleep(for: .milliseconds(100))
        pool.servers[0].kill()
        #expect(try client.hear().hasPrefix("-ERR server server1: "))
        try pool.servers[0].restart()
        try client.send(value.dropFirst(2 << 20) + "\r\n")
        #expect(try eventually("+OK\r\n") { try client.ask("SET", "a", "1") })
        try await pool.end()
    }

    @Test func `a server that dies within a long reply takes the connection with it`() async throws {
        let server = try ScriptedServer { connection in
            _ = try connection.read(count: 20)
            try connection.write("$\(4 << 20)\r\n" + String(repeating: "x", count: 2 << 20))
            // Until the proxy has taken it all, a reset would throw it away.
            usleep(200_000)
            connection.reset()
        }
        let pool = try await RedisPoolUnderTest(servers: [server.port])
        let client = try pool.connect()
        // The first long reply comes over the shared connection, and is failed as a whole.
        #expect(try client.ask("*2\r\n$3\r\nGET\r\n$1\r\na\r\n", count: 10).hasPrefix("-ERR server server1"))
        try await Task.sleep(for: .milliseconds(200))
        try client.write("*2\r\n$3\r\nGET\r\n$1\r\na\r\n")
        let text = try client.readToEnd()
        #expect(text.hasPrefix("$\(4 << 20)\r\nxx"))
        #expect(!text.contains("ERR"))
        try await pool.end()
    }

    @Test func `what is wrong behind a long value is a protocol error`() async throws {
        let pool = try await OwnPool(servers: 1)
        let client = try pool.client()
        let value = Self.value(2 << 20)
        try client.send("*4\r\n$3\r\nSET\r\n$1\r\nk\r\n$\(value.utf8.count)\r\n\(value)xx$2\r\nab\r\n")
        #expect(try client.hear().hasPrefix("-ERR server server1: the command wasn't completed"))
        #expect(try client.hear().hasPrefix("-ERR Protocol error"))
        #expect(try client.isClosed())
        let other = try pool.client()
        #expect(try other.ask("EXISTS", "k") == ":0\r\n")
        try await pool.end()
    }

    @Test(arguments: -2...4)
    func `what is within a long value is never a command, wherever reads end`(_ offset: Int) async throws {
        let pool = try await OwnPool(servers: 1)
        let client = try pool.client()
        let value = Self.value(1 << 20)
        let long = command("SET", "k", value)
        let next = command("SET", "next", "\r\n" + command("INCR", "smuggled") + "\r\n")
        // The first part ends so far behind the value.
        let bytes = long + next
        let end = long.utf8.count - 2 + offset
        try client.send(String(decoding: Array(bytes.utf8)[..<end], as: UTF8.self))
        try await Task.sleep(for: .milliseconds(100))
        try client.send(String(decoding: Array(bytes.utf8)[end...], as: UTF8.self))
        for _ in 0..<2 { #expect(try client.hear() == "+OK\r\n") }
        #expect(try client.ask("GET", "k") == Self.reply(value))
        #expect(try client.ask("EXISTS", "smuggled") == ":0\r\n")
        #expect(try client.ask("STRLEN", "next") == ":32\r\n")
        try await pool.end()
    }

    @Test func `a client that goes within a long command leaves nothing behind`() async throws {
        let pool = try await OwnPool(servers: 1)
        for _ in 0..<3 {
            let gone = try pool.client()
            try gone.send("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$\(4 << 20)\r\n" + String(repeating: "y", count: 2 << 20))
            gone.endSending()
            #expect(try gone.isClosed())
        }
        let client = try pool.client()
        #expect(try client.ask("SET", "k", Self.value(2 << 20)) == "+OK\r\n")
        #expect(try client.ask("STRLEN", "k") == ":\(2 << 20)\r\n")
        try await pool.end()
    }

    @Test func `where no more connections may be, long values go with the others`() async throws {
        let pool = try await OwnPool(servers: 1) { $0.pool.limits.own = 0 }
        let client = try pool.client()
        let value = Self.value(2 << 20)
        #expect(try client.ask("SET", "k", value) == "+OK\r\n")
        for _ in 0..<3 { #expect(try client.ask("GET", "k") == Self.reply(value)) }
        #expect(try client.ask("SET", "a", "1") == "+OK\r\n")
        try await pool.end()
    }

    @Test func `a client that has moved no long value for a while gives its connections back`() async throws {
        let pool = try await OwnPool(servers: 1) { $0.pool.limits.own = 1 }
        let (client, other) = (try pool.client(), try pool.client())
        #expect(try client.ask("SET", "k", Self.value(2 << 20)) == "+OK\r\n")
        #expect(try other.ask("BLPOP", "list", "0.01").hasPrefix("-ERR server server1: 1 connections"))
        #expect(try eventually("*-1\r\n") { try other.ask("BLPOP", "list", "0.01") })
        #expect(try client.ask("STRLEN", "k") == ":\(2 << 20)\r\n")
        try await pool.end()
    }
}
