// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Proxying
import TestKit

@testable import Ambassador

/// What the servers of these tests understand: `GET` with keys of eight bytes, and the probe.
enum ShardedEcho {
    static let pong = "+PONG\r\n"
    static let probe = "*1\r\n$4\r\nPING\r\n"
    private static let getBytes = 27

    /// Answers each `GET` with its key.
    static func serve(_ connection: ServedConnection) throws {
        while true { try connection.write(reply(to: try readGet(connection))) }
    }

    static func readGet(_ connection: ServedConnection) throws -> String {
        String(decoding: Array(try connection.read(count: getBytes).utf8)[17..<25], as: UTF8.self)
    }

    static func reply(to key: String) -> String { "$8\r\n\(key)\r\n" }

    /// A key that lives on the server of an index.
    static func key(on server: Int, of configuration: RedisPoolConfiguration) -> String {
        let ring = configuration.pool.makeRing { _ in true }
        var random = SmallGenerator(seed: 0)
        let keys = (1000...9999).lazy.map { "key-\($0)" }
        // Safe: every server has some of nine thousand keys.
        return keys.first { ring.server(for: Array($0.utf8).span, random: &random) == server }!
    }
}

extension ByteConnection {
    /// The whole reply to `GET`: a key or an error.
    func get(_ key: String) throws -> String {
        try write(command("GET", key))
        var text = try read(count: 1)
        let bytes = text.hasPrefix("$") ? ShardedEcho.reply(to: key).utf8.count : 0
        while text.utf8.count < bytes || !text.hasSuffix("\r\n") { text += try read(count: 1) }
        return text
    }
}

/// Waits until `isTrue`, at most five seconds.
func eventually(_ isTrue: () async throws -> Bool) async rethrows -> Bool {
    for _ in 0..<500 {
        if try await isTrue() { return true }
        try? await Task.sleep(for: .milliseconds(10))
    }
    return false
}
