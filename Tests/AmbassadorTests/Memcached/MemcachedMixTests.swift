// SPDX-License-Identifier: Apache-2.0

import TestKit
import Testing

@testable import Ambassador

/// Goal: behind the pool, three servers are as one.
///
/// Method: the same random commands go through a pool of three servers and to a single one; every byte that comes back
/// is compared.
@Suite("Memcached commands in a random mix", .enabled(if: MemcachedServer.isInstalled, "memcached is not installed"))
struct MemcachedMixTests {
    private static let rounds = 300
    private static let names = (0..<30).map { "k\($0)" }
    private static let encoded = ["YQ==", "YWI=", "YWJj", "azE=", "azI=", "azM="]

    private static func command(_ numbers: inout SeededNumbers) -> String {
        let key = names.randomElement(using: &numbers) ?? "a"
        let value = String(repeating: "v", count: Int.random(in: 0...40, using: &numbers))
        let amount = Int.random(in: 0...20, using: &numbers)
        let noreply = Int.random(in: 0..<4, using: &numbers) == 0 ? " noreply" : ""
        let quiet = Int.random(in: 0..<3, using: &numbers) == 0 ? " q" : ""
        let data = "\(amount) 0 \(value.utf8.count)\(noreply)\r\n\(value)\r\n"
        switch Int.random(in: 0..<18, using: &numbers) {
        case 0: return "set \(key) \(data)"
        case 1: return "add \(key) \(data)"
        case 2: return "replace \(key) \(data)"
        case 3: return "append \(key) \(data)"
        case 4: return "prepend \(key) \(data)"
        // A number that gets shorter may or may not be filled up with spaces, so these never do.
        case 5: return "set \(key) 0 0 6\(noreply)\r\n\(500_000 + amount)\r\n"
        case 6: return "incr \(key) \(amount)\(noreply)\r\n"
        case 7: return "decr \(key) \(amount)\(noreply)\r\n"
        case 8: return "delete \(key)\(noreply)\r\n"
        case 9: return "touch \(key) 0\(noreply)\r\n"
        case 10, 11:
            let count = Int.random(in: 1...10, using: &numbers)
            let keys = (0..<count).map { _ in names.randomElement(using: &numbers) ?? "a" }.joined(separator: " ")
            return Bool.random(using: &numbers) ? "get \(keys)\r\n" : "gat 0 \(keys)\r\n"
        case 12: return "mg \(key) v f s k O\(amount)\(quiet)\r\n"
        case 13: return "mg \(encoded.randomElement(using: &numbers) ?? "YQ==") b v k t\(quiet)\r\n"
        case 14: return "ms \(key) \(value.utf8.count) F\(amount)\(quiet) O1\r\n\(value)\r\n"
        case 15: return "md \(key)\(quiet) k\r\n"
        case 16: return "ma \(key) v D\(amount)\(quiet)\r\n"
        default: return "mn\r\n"
        }
    }

    @Test func `three servers behind a pool answer as a single one`() async throws {
        let servers = try (0..<3).map { _ in try MemcachedServer() }
        let pool = try await MemcachedPoolUnderTest(servers: servers.map(\.port))
        let single = try MemcachedServer()
        let (client, direct) = (try pool.connect(), try ByteConnection(port: single.port))
        var numbers = SeededNumbers(seed: 21)
        for _ in 0..<Self.rounds {
            let commands = (0..<50).map { _ in Self.command(&numbers) }.filter { $0 != "mn\r\n" }.joined()
            let (proxied, expected) = (try client.memcached(commands), try direct.memcached(commands))
            guard proxied == expected else {
                Issue.record("\(commands.debugDescription): \(proxied) instead of \(expected)")
                break
            }
        }
        try await pool.end()
    }
}
