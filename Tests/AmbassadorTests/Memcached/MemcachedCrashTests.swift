// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import TestKit
import Testing

@testable import Ambassador

/// Goal: a server that is killed in the midst of its work fails the commands that were on it, each once, and no client
/// ever gets another's reply.
///
/// Method: every value begins with its key and holds the client's number, so that a reply that isn't the client's own
/// can't look like it.
@Suite("A memcached server that is killed", .enabled(if: MemcachedServer.isInstalled, "memcached is not installed"))
struct MemcachedCrashTests {
    private static let clients = 8

    @Test func `nobody gets another's reply, and all is well after its return`() async throws {
        let servers = try (0..<3).map { _ in try MemcachedServer() }
        let pool = try await MemcachedPoolUnderTest(servers: servers.map(\.port), loops: 2)
        let load = CheckedLoad(port: pool.port)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<Self.clients { group.addTask { try await load.run(number) } }
            for server in servers {
                try await Task.sleep(for: .milliseconds(300))
                server.kill()
                try await Task.sleep(for: .milliseconds(300))
                try server.restart()
            }
            // Longer than the longest pause between two attempts to reach a server.
            try await Task.sleep(for: .seconds(3))
            load.end()
            try await group.waitForAll()
        }
        let seen = load.seen
        #expect(seen.wrong.isEmpty, "\(seen.wrong.prefix(3))")
        #expect(seen.answered > 1_000)
        #expect(seen.failed > 0)
        let client = try pool.connect()
        for key in MemcachedPoolTests.keys {
            #expect(try client.memcached("set \(key) 0 0 1\r\nx\r\n") == "STORED\r\n")
        }
        try await pool.end()
    }
}

/// Clients that write and read as fast as they can, and look at every reply.
private final class CheckedLoad: Sendable {
    struct Seen {
        var answered = 0
        var failed = 0
        var wrong: [String] = []
    }

    private static let depth = 16

    private let port: Int
    private let state = Mutex(Seen())
    private let isOver = Atomic(false)

    init(port: Int) { self.port = port }

    var seen: Seen { state.withLock { $0 } }

    func end() { isOver.store(true, ordering: .relaxed) }

    /// Runs one client, on a thread that may block, until the end.
    func run(_ number: Int) async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            Thread.detachNewThread { continuation.resume(with: Result { try self.loop(number) }) }
        }
    }

    private func loop(_ number: Int) throws {
        let connection = try ByteConnection(port: port)
        var round = 0
        while !isOver.load(ordering: .relaxed) {
            round += 1
            let keys = (0..<Self.depth).map { "c\(number)-\(round % 7)-\($0)" }
            let commands = keys.map { key in
                let value = "\(key)/\(round)"
                return "set \(key) 0 0 \(value.utf8.count)\r\n\(value)\r\nget \(key)\r\n"
            }
            let lines = try connection.memcached(commands.joined()).split(separator: "\r\n")
            check(lines.map(String.init), keys, round)
        }
    }

    /// Compares the replies to `set` and `get` of each key with what they must be.
    private func check(_ lines: [String], _ keys: [String], _ round: Int) {
        var lines = lines[...]
        state.withLock { seen in
            for key in keys {
                if let wrong = Self.check(&lines, key, round, &seen) { seen.wrong.append("\(key): \(wrong)") }
            }
            if !lines.isEmpty { seen.wrong.append("more than was asked for: \(lines)") }
        }
    }

    /// What is wrong with the replies of one key, which are taken from the front of `lines`.
    private static func check(
        _ lines: inout ArraySlice<String>, _ key: String, _ round: Int, _ seen: inout Seen
    ) -> String? {
        let stored = lines.popFirst() ?? "nothing"
        let found = lines.popFirst() ?? "nothing"
        guard stored == "STORED" || isError(stored) else { return stored }
        if isError(found) {
            seen.failed += 1
            return nil
        }
        // A server that came back is empty, and keeps what was stored before its death no longer.
        guard found.hasPrefix("VALUE \(key) 0 ") else { return found == "END" ? nil : found }
        let value = lines.popFirst() ?? "nothing"
        seen.answered += 1
        guard stored == "STORED" ? value == "\(key)/\(round)" : value.hasPrefix("\(key)/") else { return value }
        return lines.popFirst() == "END" ? nil : "no end"
    }

    private static func isError(_ line: String) -> Bool { line.hasPrefix("SERVER_ERROR server server") }
}
