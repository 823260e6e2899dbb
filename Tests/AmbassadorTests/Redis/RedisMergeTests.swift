// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Proxying
import Testing
import WireRESP

@testable import Ambassador

struct RedisMergeTests {
    /// Gives a merge its parts' replies, the last one first, and returns what it writes.
    private func merged(_ fanOut: FanOut, _ replies: [String]) -> String {
        for (part, reply) in replies.enumerated().reversed() {
            let isLast = fanOut.take(UInt16(part), ByteBuffer(string: reply), reply.hasPrefix("-") ? .refusal : .value)
            #expect(isLast == (part == 0))
        }
        var output = ByteBuffer()
        fanOut.write(into: &output)
        return String(buffer: output)
    }

    private func merged(_ merge: RedisMerge, _ replies: [String]) -> String {
        merged(merge.replies(parts: replies.count), replies)
    }

    private static let error = "-ERR server b: it didn't answer in time\r\n"
    private static let misfit = "-ERR the servers' replies don't fit together\r\n"

    @Test(
        arguments: [
            (RedisMerge.sum, [":1\r\n", ":-3\r\n", ":40\r\n"], ":38\r\n"), (.maximum, [":1\r\n", ":7\r\n"], ":7\r\n"),
            (.same, ["+OK\r\n", "+OK\r\n"], "+OK\r\n"), (.same, ["$1\r\na\r\n", "$1\r\na\r\n"], "$1\r\na\r\n"),
            (.elements, ["*1\r\n$1\r\na\r\n", "*0\r\n", "*2\r\n+b\r\n:1\r\n"], "*3\r\n$1\r\na\r\n+b\r\n:1\r\n"),
            (.elements, ["~1\r\n+a\r\n", "~0\r\n"], "~1\r\n+a\r\n"),
            (.allHave, ["*2\r\n:1\r\n:1\r\n", "*2\r\n:0\r\n:1\r\n"], "*2\r\n:0\r\n:1\r\n"),
            (.counts, ["*2\r\n$1\r\na\r\n:1\r\n", "*2\r\n$1\r\na\r\n:2\r\n"], "*2\r\n$1\r\na\r\n:3\r\n"),
            (.anyValue, ["$-1\r\n", "$1\r\na\r\n", "_\r\n"], "$1\r\na\r\n"), (.anyValue, ["_\r\n", "_\r\n"], "_\r\n"),
        ])
    func `the servers' replies become one`(merge: RedisMerge, replies: [String], reply: String) {
        #expect(merged(merge, replies) == reply)
    }

    @Test(arguments: [RedisMerge.sum, .maximum, .same, .elements, .allHave, .counts])
    func `one server's error is the reply where nothing else would be true`(merge: RedisMerge) {
        #expect(merged(merge, [":1\r\n", Self.error, "-ERR later\r\n"]) == Self.error)
    }

    @Test func `a key of a server that lives is any key`() {
        #expect(merged(.anyValue, [Self.error, "$1\r\na\r\n"]) == "$1\r\na\r\n")
        #expect(merged(.anyValue, [Self.error, "$-1\r\n"]) == Self.error)
        #expect(merged(.anyValue, [Self.error, Self.error]) == Self.error)
    }

    @Test(
        arguments: [
            (RedisMerge.sum, ["+OK\r\n", ":1\r\n"]), (.sum, [":9223372036854775807\r\n", ":1\r\n"]),
            (.elements, [":1\r\n", "*0\r\n"]), (.elements, ["%1\r\n+a\r\n+b\r\n"]), (.elements, ["*-1\r\n"]),
            (.allHave, ["*1\r\n:1\r\n", "*2\r\n:1\r\n:1\r\n"]), (.counts, ["+OK\r\n"]), (.info, [":1\r\n"]),
            (.counts, ["*1\r\n:9223372036854775807\r\n", "*1\r\n:1\r\n"]),
        ])
    func `replies that don't fit together are an error and nothing else`(merge: RedisMerge, replies: [String]) {
        #expect(merged(merge, replies) == Self.misfit)
    }

    // MARK: - Parts of a command

    private static func parts(_ text: String) throws -> RedisParts {
        let command = ScannedCommand(text)
        let ring = ServerRing(
            kind: .modula, hash: .crc32a, servers: (0..<3).map { RingServer(name: "s\($0)", weight: 1) })
        var random = SmallGenerator()
        return RedisParts(
            command.command, command.bytes.span, keys: try command.findKeys(), ring: ring, random: &random)
    }

    /// What a server that keeps the key as its value would answer to each part of an MGET.
    private func values(_ parts: RedisParts) throws -> [String] {
        try parts.parts.map { part in
            guard case .array(let words) = try RESPValue.decode(part.command) else { return "" }
            var reply = ByteBuffer()
            reply.writeRESP(.array(Array(words.dropFirst())), .two)
            return String(buffer: reply)
        }
    }

    private static let keys = (0..<30).map { "k\($0)" }

    @Test func `values are in the order of the client's keys`() throws {
        let parts = try Self.parts("MGET " + Self.keys.joined(separator: " "))
        #expect(parts.parts.count == 3)
        var expected = ByteBuffer()
        expected.writeRESP(.array(Self.keys.map { .bulk($0) }), .two)
        #expect(merged(RedisSplit.values.replies(parts), try values(parts)) == String(buffer: expected))
    }

    @Test func `the keys of a server that failed have its error in their place`() throws {
        let parts = try Self.parts("MGET " + Self.keys.joined(separator: " "))
        var replies = try values(parts)
        replies[1] = Self.error
        let reply = merged(RedisSplit.values.replies(parts), replies)
        guard case .array(let found) = try RESPValue.decode(ByteBuffer(string: reply)) else {
            Issue.record("The reply is no array.")
            return
        }
        for (index, key) in Self.keys.enumerated() {
            let isLost = parts.order[index] == 1
            #expect(found[index] == (isLost ? .error("ERR server b: it didn't answer in time") : .bulk(key)))
        }
    }

    @Test func `a value that a server left out is an error, and the others stay where they belong`() throws {
        let parts = try Self.parts("MGET " + Self.keys.joined(separator: " "))
        var replies = try values(parts)
        replies[2] = "*1\r\n$1\r\nx\r\n"
        replies[0] = "+what\r\n"
        let reply = try RESPValue.decode(ByteBuffer(string: merged(RedisSplit.values.replies(parts), replies)))
        guard case .array(let found) = reply else {
            Issue.record("The reply is no array.")
            return
        }
        let missing = RESPValue.error("ERR the server's reply has no value for this key")
        let second = parts.order.firstIndex(of: 2)
        for (index, key) in Self.keys.enumerated() {
            switch parts.order[index] {
            case 0: #expect(found[index] == missing)
            case 1: #expect(found[index] == .bulk(key))
            default: #expect(found[index] == (index == second ? .bulk("x") : missing))
            }
        }
    }

    @Test func `counts of parts add up, and pairs are all set or an error`() throws {
        let parts = try Self.parts("DEL k1 k2 k3 k4 k5 k6 k7")
        let count = parts.parts.count
        #expect(merged(RedisSplit.total(.sum).replies(parts), parts.parts.map { _ in ":2\r\n" }) == ":\(count * 2)\r\n")
        #expect(merged(RedisSplit.total(.ok).replies(parts), parts.parts.map { _ in "+OK\r\n" }) == "+OK\r\n")
        #expect(merged(RedisSplit.total(.ok).replies(parts), ["+OK\r\n", Self.error, "+OK\r\n"]) == Self.error)
    }
}
