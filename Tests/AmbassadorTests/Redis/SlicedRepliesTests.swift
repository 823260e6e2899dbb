// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Proxying
import Testing

@testable import Ambassador

struct SlicedRepliesTests {
    private static let error = "-ERR server b: it didn't answer in time\r\n"

    /// Gives each slice of `keys` keys, all of one server, its reply; returns what is written after each.
    private func written(_ split: RedisSplit, _ replies: [String], keys: Int = 2) throws -> [String] {
        let sliced = split.slicedReplies(keys: keys * replies.count)
        var queue = ReplyQueue()
        let number = queue.add(sliced)
        return try replies.enumerated().map { index, text in
            sliced.begin(try Self.parts(keys: keys), isLast: index == replies.count - 1)
            var (output, reply) = (ByteBuffer(), ByteBuffer(string: text))
            let isDue = queue.fill(
                number, part: 0, from: &reply, length: text.utf8.count, kind: text.hasPrefix("-") ? .refusal : .value,
                into: &output)
            #expect(isDue)
            #expect(queue.isEmpty == (index == replies.count - 1))
            if queue.isEmpty || output.readableBytes > 0 { #expect(queue.heldBytes == 0) }
            return String(buffer: output)
        }
    }

    private static func parts(keys: Int) throws -> RedisParts {
        let command = ScannedCommand(["MGET"] + (0..<keys).map { "{a}\($0)" })
        let found = try command.findKeys()
        var walk = RedisKeyWalk(found, of: command.command)
        var random = SmallGenerator()
        let ring = ServerRing(
            kind: .ketama, hash: .crc32a, tag: HashTag("{}"), servers: [RingServer(name: "a", weight: 1)])
        return RedisParts(
            command.command, command.bytes.span, slice: .whole, of: found, from: &walk, ring: ring, random: &random)
    }

    @Test func `values are written as they come, behind the count of all`() throws {
        let replies = ["*2\r\n$1\r\na\r\n$-1\r\n", "*2\r\n$1\r\nc\r\n$1\r\nd\r\n"]
        #expect(try written(.values, replies) == ["*4\r\n$1\r\na\r\n$-1\r\n", "$1\r\nc\r\n$1\r\nd\r\n"])
    }

    @Test func `an error stands in the place of each key that has no value for it`() throws {
        let values = "*2\r\n$1\r\na\r\n$1\r\nb\r\n"
        let element = "$1\r\na\r\n$1\r\nb\r\n"
        #expect(
            try written(.values, [Self.error, values, Self.error]) == [
                "", "*6\r\n\(Self.error)\(Self.error)\(element)", "\(Self.error)\(Self.error)",
            ])
    }

    @Test func `where no key has a value the first error is the reply`() throws {
        #expect(try written(.values, [Self.error, "-ERR other\r\n"]) == ["", Self.error])
    }

    @Test func `numbers add up, and the first error is the reply`() throws {
        #expect(try written(.total(.sum), [":3\r\n", ":0\r\n", ":40\r\n"]) == ["", "", ":43\r\n"])
        #expect(try written(.total(.sum), [":3\r\n", Self.error, "-ERR other\r\n"]) == ["", "", Self.error])
        let misfit = "-ERR the servers' replies don't fit together\r\n"
        #expect(try written(.total(.sum), [":\(Int.max)\r\n", ":1\r\n"]).last == misfit)
    }

    @Test func `OK is said once, unless one slice failed`() throws {
        #expect(try written(.total(.ok), ["+OK\r\n", "+OK\r\n", "+OK\r\n"]) == ["", "", "+OK\r\n"])
        #expect(try written(.total(.ok), ["+OK\r\n", Self.error, "+OK\r\n"]) == ["", "", Self.error])
    }
}
