// SPDX-License-Identifier: Apache-2.0

import Core
import TestKit
import Testing

@testable import Ambassador

/// A pool before real servers.
@Suite("A memcached pool", .enabled(if: MemcachedServer.isInstalled, "memcached is not installed"))
struct MemcachedPoolTests {
    static let keys = (0..<40).map { "key:\($0)" }

    static func values(_ keys: some Sequence<String>) -> String {
        keys.map { "VALUE \($0) 0 \($0.utf8.count)\r\n\($0)\r\n" }.joined()
    }

    static func storing(_ keys: [String]) -> String {
        keys.map { "set \($0) 0 0 \($0.utf8.count)\r\n\($0)\r\n" }.joined()
    }

    @Test func `keys are spread over the servers, and all are found in the order that was asked for`() async throws {
        let servers = try (0..<3).map { _ in try MemcachedServer() }
        let pool = try await MemcachedPoolUnderTest(servers: servers.map(\.port))
        let client = try pool.connect()
        #expect(try client.memcached(Self.storing(Self.keys)) == String(repeating: "STORED\r\n", count: 40))
        let wanted = Self.keys.reversed() + ["none", "key:7", "key:7"]
        let line = "get " + wanted.joined(separator: " ") + "\r\n"
        #expect(try client.memcached(line) == Self.values(wanted.filter { $0 != "none" }) + "END\r\n")
        let gat = "gat 0  " + wanted.joined(separator: "  ") + " \r\n"
        #expect(try client.memcached(gat) == Self.values(wanted.filter { $0 != "none" }) + "END\r\n")
        for server in servers {
            let direct = try ByteConnection(port: server.port)
            let found = try direct.memcached(line).split(separator: "\r\n").filter { $0.hasPrefix("VALUE") }
            #expect((1..<40).contains(found.count), "each server has a part of the keys")
        }
        try await pool.end()
    }

    @Test func `a command may come one byte at a time`() async throws {
        let servers = try (0..<2).map { _ in try MemcachedServer() }
        let pool = try await MemcachedPoolUnderTest(servers: servers.map(\.port))
        let client = try pool.connect()
        for byte in "set a 0 0 3 noreply\r\nabc\r\nget a key:1 key:2 key:3\r\n".utf8 { try client.write([byte]) }
        #expect(try client.memcached("") == "VALUE a 0 3\r\nabc\r\nEND\r\n")
        try await pool.end()
    }

    @Test func `a version read through the pool guards a write`() async throws {
        let servers = try (0..<2).map { _ in try MemcachedServer() }
        let pool = try await MemcachedPoolUnderTest(servers: servers.map(\.port))
        let client = try pool.connect()
        _ = try client.memcached("set a 0 0 1\r\n1\r\n")
        let reply = try client.memcached("gets a\r\n")
        let unique = try #require(reply.split(separator: "\r\n").first?.split(separator: " ").last)
        #expect(try client.memcached("cas a 0 0 1 \(unique)\r\n2\r\n") == "STORED\r\n")
        #expect(try client.memcached("cas a 0 0 1 \(unique)\r\n3\r\n") == "EXISTS\r\n")
        #expect(try client.memcached("get a\r\n") == "VALUE a 0 1\r\n2\r\nEND\r\n")
        try await pool.end()
    }

    @Test func `a key in base64 is found where the key that it stands for is`() async throws {
        let servers = try (0..<5).map { _ in try MemcachedServer() }
        let pool = try await MemcachedPoolUnderTest(servers: servers.map(\.port))
        let client = try pool.connect()
        for (key, encoded) in [("abc", "YWJj"), ("a", "YQ=="), ("key:1", "a2V5OjE="), ("key:2", "a2V5OjI=")] {
            #expect(try client.memcached("set \(key) 0 0 1\r\nx\r\n") == "STORED\r\n")
            #expect(try client.memcached("mg \(encoded) b v\r\n") == "VA 1\r\nx\r\n")
        }
        try await pool.end()
    }

    @Test func `a command without a key goes to every server`() async throws {
        let servers = try (0..<3).map { _ in try MemcachedServer() }
        let pool = try await MemcachedPoolUnderTest(servers: servers.map(\.port))
        let client = try pool.connect()
        let version = try ByteConnection(port: servers[0].port).memcached("version\r\n")
        #expect(try client.memcached("version\r\n") == version)
        #expect(try client.memcached("verbosity 1\r\n") == "OK\r\n")
        #expect(try client.memcached("stats reset\r\n") == "RESET\r\n")
        let statistics = try client.memcached("stats\r\n")
        for name in ["server1", "server2", "server3"] { #expect(statistics.contains("STAT \(name):pid ")) }
        #expect(statistics.hasSuffix("\r\nEND\r\n") && statistics.split(separator: "END\r\n").count == 1)
        _ = try client.memcached(Self.storing(Self.keys))
        #expect(try client.memcached("flush_all\r\n") == "OK\r\n")
        #expect(try client.memcached("get " + Self.keys.joined(separator: " ") + "\r\n") == "END\r\n")
        #expect(try client.memcached("flush_all noreply\r\nverbosity 0 noreply\r\n") == "")
        try await pool.end()
    }

    @Test func `what one server can't answer is said, and what others can is answered`() async throws {
        let servers = try (0..<3).map { _ in try MemcachedServer() }
        let pool = try await MemcachedPoolUnderTest(servers: servers.map(\.port))
        let client = try pool.connect()
        _ = try client.memcached(Self.storing(Self.keys))
        let direct = try ByteConnection(port: servers[1].port)
        let line = "get " + Self.keys.joined(separator: " ") + "\r\n"
        let lost = try Self.keys.filter { try direct.memcached("get \($0)\r\n") != "END\r\n" }
        let left = Self.keys.filter { !lost.contains($0) }
        #expect(!lost.isEmpty && !left.isEmpty)
        servers[1].kill()
        // The first one may still find the connection open that is just ending.
        _ = try client.memcached("get \(lost[0])\r\n")
        let reply = try client.memcached(line)
        #expect(reply.hasPrefix(Self.values(left) + "SERVER_ERROR server server2: "))
        #expect(reply.hasSuffix("\r\n") && !reply.hasSuffix("END\r\n"))
        #expect(try client.memcached("get \(lost[0])\r\n").hasPrefix("SERVER_ERROR server server2: "))
        #expect(try client.memcached("set \(lost[0]) 0 0 1 noreply\r\nx\r\nincr \(lost[0]) 1 noreply\r\n") == "")
        #expect(try client.memcached("get \(left[0])\r\n") == Self.values([left[0]]) + "END\r\n")
        #expect(try client.memcached("version\r\n").hasPrefix("VERSION "))
        #expect(try client.memcached("flush_all\r\n").hasPrefix("SERVER_ERROR server server2: "))
        #expect(try client.memcached("flush_all noreply\r\n") == "")
        #expect(try client.memcached("stats\r\n").contains("STAT server2:reply SERVER_ERROR server server2: "))
        try await pool.end()
    }

    @Test func `a refused command is answered, and the connection goes on`() async throws {
        let server = try MemcachedServer()
        let pool = try await MemcachedPoolUnderTest(servers: [server.port])
        let client = try pool.connect()
        let replies = try client.memcached(
            "nonsense\r\nset a x 0 7\r\nversion\r\nwatch\r\nset b 0 0 1\r\nb\r\n"
                + "set c 0 0 2 noreply\r\nlongget b\r\n")
        #expect(
            replies == "ERROR\r\nCLIENT_ERROR bad command line format\r\n"
                + "CLIENT_ERROR watch is not supported through a proxy\r\nSTORED\r\nVALUE b 0 1\r\nb\r\nEND\r\n")
        try await pool.end()
    }

    @Test func `a line that has no end closes the connection after the replies that are due`() async throws {
        let server = try MemcachedServer()
        let pool = try await MemcachedPoolUnderTest(servers: [server.port])
        let client = try pool.connect()
        try client.write("set a 0 0 1\r\na\r\ntouch " + String(repeating: "a", count: 4_000))
        #expect(try client.readToEnd() == "STORED\r\nCLIENT_ERROR line too long (the limit is 2048 bytes)\r\n")
        let other = try pool.connect()
        try other.write("get a\r\nquit\r\nget a\r\n")
        #expect(try other.readToEnd() == "VALUE a 0 1\r\na\r\nEND\r\n")
        try await pool.end()
    }

    @Test func `a value above the limit is refused before it is here, and its bytes are no commands`() async throws {
        let server = try MemcachedServer()
        let pool = try await MemcachedPoolUnderTest(servers: [server.port]) { $0.limits.command = .init(bytes: 100) }
        let client = try pool.connect()
        try client.write("set a 0 0 100000\r\n")
        #expect(String(decoding: try client.receive(), as: UTF8.self) == "SERVER_ERROR object too large for cache\r\n")
        try client.write(String(repeating: "flush_all\n", count: 10_000) + "\r\n")
        #expect(try client.memcached("get a\r\n") == "END\r\n")
        try await pool.end()
    }
}
