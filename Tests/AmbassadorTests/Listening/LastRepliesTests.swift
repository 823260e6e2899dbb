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

    /// What a client reads that says `last` behind its commands, and reads nothing for more than a second then.
    private func late(
        _ last: String, meanwhile: (ByteConnection, RedisPool) -> Void = { _, _ in }
    ) async throws -> String {
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
        }
        let connection = try ByteConnection(path: path)
        try connection.write((0..<Self.count).map { command("GET", RedisPoolTests.key($0)) }.joined() + last)
        try await Task.sleep(for: .milliseconds(200))
        meanwhile(connection, pool.pool)
        try await Task.sleep(for: .milliseconds(1500))
        let text = try connection.readToEnd()
        try await pool.end()
        server.stop()
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
}
