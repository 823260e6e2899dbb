// SPDX-License-Identifier: Apache-2.0

import Core
import Foundation
import TestKit
import Testing

@testable import Ambassador

/// Clients of pools that read their last replies late.
@Suite(.serialized) struct LastRepliesTests {
    private static let value = String(repeating: "0123456789abcdef", count: 1000)
    private static let count = 30

    /// Has `body` talk to a pool over a socket of which the kernel keeps little that nobody reads.
    private func withPool(
        idle: Duration = .zero, _ body: (ByteConnection, RedisPool) async throws -> Void
    ) async throws {
        let path = NSTemporaryDirectory() + "last-\(UUID().uuidString.prefix(8)).sock"
        let reply = "$\(Self.value.utf8.count)\r\n\(Self.value)\r\n"
        let server = try ScriptedServer { connection in
            while true {
                _ = try RedisPoolTests.readGet(connection)
                try connection.write(reply)
            }
        }
        let pool = try await RedisPoolUnderTest(servers: [server.port]) {
            $0.pool.listen = .unix(path: path, permissions: nil)
            $0.pool.limits.idle = idle
        }
        let connection = try ByteConnection(path: path)
        try await body(connection, pool.pool)
        try await pool.end()
        server.stop()
    }

    private static let commands = (0..<count).map { command("GET", RedisPoolTests.key($0)) }.joined()

    /// What a client reads that says `last` behind its commands, and reads nothing for more than a second then.
    private func late(
        _ last: String, meanwhile: (ByteConnection, RedisPool) -> Void = { _, _ in }
    ) async throws -> String {
        var text = ""
        try await withPool { connection, pool in
            try connection.write(Self.commands + last)
            try await Task.sleep(for: .milliseconds(200))
            meanwhile(connection, pool)
            try await Task.sleep(for: .milliseconds(1500))
            text = try connection.readToEnd()
        }
        return text
    }

    private static let replies = String(repeating: "$\(value.utf8.count)\r\n\(value)\r\n", count: count)

    @Test func `who says QUIT gets all replies, however late they are read`() async throws {
        let isWhole = try await late(command("QUIT")) == Self.replies + "+OK\r\n"
        #expect(isWhole)
    }

    @Test func `who says QUIT and no more gets all replies`() async throws {
        let text = try await late(command("QUIT")) { connection, _ in connection.endSending() }
        let isWhole = text == Self.replies + "+OK\r\n"
        #expect(isWhole)
    }

    @Test func `a pool that drains cuts no reply off`() async throws {
        let drained = SharedCount()
        let text = try await late("") { _, pool in
            Task {
                await pool.drain(within: .seconds(5))
                drained.add(1)
            }
            usleep(1_500_000)
            // Else the process would be gone.
            #expect(drained.value == 0)
        }
        let isWhole = text == Self.replies
        #expect(isWhole)
    }

    @Test func `who reads slowly isn't idle`() async throws {
        try await withPool(idle: .seconds(1)) { connection, pool in
            try connection.write(Self.commands)
            var bytes: [UInt8] = []
            // Far longer than that in all.
            while bytes.count < Self.replies.utf8.count {
                let more = try connection.receive()
                guard !more.isEmpty else { break }
                bytes += more
                try await Task.sleep(for: .milliseconds(250))
            }
            let isWhole = String(decoding: bytes, as: UTF8.self) == Self.replies
            #expect(isWhole)
            #expect(try connection.readToEnd() == "")
            #expect(await pool.snapshot().clients.idle == 1)
        }
    }
}
