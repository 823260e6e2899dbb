// SPDX-License-Identifier: Apache-2.0

import Foundation
import NIOCore
import TestKit
import WireRESP

@testable import Ambassador

/// A client that says commands and reads whole replies, one by one, as text.
final class RedisConversation {
    private let connection: ByteConnection
    private var bytes = ByteBuffer()

    init(port: Int) throws { connection = try ByteConnection(port: port) }

    func say(_ words: String...) throws { try say(words) }

    func say(_ words: [String]) throws { try connection.write(command(words)) }

    func send(_ text: String) throws { try connection.write(text) }

    func endSending() { connection.endSending() }

    /// The next reply as it came.
    func hear() throws -> String {
        var scanner = RESPReplyScanner()
        while true {
            switch scanner.scan(bytes.readableBytesUInt8Span) {
            // Safe: the scanner has seen so many bytes.
            case .complete(let reply): return bytes.readString(length: reply.length)!
            case .incomplete: try receive()
            case .inline, .malformed: throw POSIXError(.EPROTO)
            }
        }
    }

    func ask(_ words: String...) throws -> String { try ask(words) }

    func ask(_ words: [String]) throws -> String {
        try say(words)
        return try hear()
    }

    /// Whether a reply that begins so is on its way.
    func begins(with text: String) throws -> Bool {
        if bytes.readableBytes < text.utf8.count { try receive() }
        return String(buffer: bytes).hasPrefix(text)
    }

    /// Whether the other side has closed, with nothing before that.
    func isClosed() throws -> Bool {
        guard bytes.readableBytes == 0 else { return false }
        return try connection.receive().isEmpty
    }

    private func receive() throws {
        let more = try connection.receive()
        guard !more.isEmpty else { throw POSIXError(.ECONNRESET) }
        bytes.writeBytes(more)
    }

    private func command(_ words: [String]) -> String {
        words.reduce("*\(words.count)\r\n") { $0 + "$\($1.utf8.count)\r\n\($1)\r\n" }
    }
}

/// A pool before real servers.
final class OwnPool {
    let servers: [RedisServer]
    let under: RedisPoolUnderTest

    init(servers count: Int = 2, _ configure: (inout RedisPoolConfiguration) -> Void = { _ in }) async throws {
        servers = try (0..<count).map { _ in try RedisServer() }
        under = try await RedisPoolUnderTest(servers: servers.map(\.port), configure)
    }

    func client() throws -> RedisConversation { try RedisConversation(port: under.port) }

    func client(ofServer index: Int) throws -> RedisConversation { try RedisConversation(port: servers[index].port) }

    /// Keys that live on the server of that index, found by asking where a write through the pool went.
    func keys(onServer index: Int, count: Int) throws -> [String] {
        let (pool, server) = (try client(), try client(ofServer: index))
        var keys: [String] = []
        var number = 0
        while keys.count < count {
            number += 1
            let key = "key:\(number)"
            _ = try pool.ask("SET", key, "x")
            if try server.ask("GET", key) == "$1\r\nx\r\n" { keys.append(key) }
            _ = try pool.ask("DEL", key)
        }
        return keys
    }

    func end() async throws { try await under.end() }
}

/// Asks until the reply is the wanted one; fails after ten seconds.
func eventually(_ wanted: String, _ ask: () throws -> String) throws -> Bool {
    let deadline = ContinuousClock.now + .seconds(10)
    while try ask() != wanted {
        guard ContinuousClock.now < deadline else { return false }
        usleep(5_000)
    }
    return true
}
