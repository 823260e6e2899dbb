// SPDX-License-Identifier: Apache-2.0

import TestKit
import Testing
import WireMemcached

/// Goal: whatever a proxy passes on, a real memcached answers with one reply of the expected shape; otherwise replies
/// would go to the wrong clients.
///
/// Method: changed commands are read as a proxy reads them, what it passes on goes to memcached, and a command with a
/// reply of its own goes behind them.
@Suite(.enabled(if: MemcachedServer.isInstalled, "memcached is not installed"))
struct MemcachedServerTests {
    private static let rounds = 20_000

    @Test func `each command that is passed on has one reply, of the shape that is expected`() throws {
        let server = try MemcachedServer()
        let connection = try ByteConnection(port: server.port)
        var numbers = SeededNumbers(seed: 13)
        var answered = 0
        for _ in 0..<Self.rounds {
            let bytes = MemcachedFuzzTests.mutated(MemcachedFuzzTests.commands, &numbers)
            var reader = CommandReader()
            reader.feed(bytes)
            // A server closes its connection after `quit`, as it should.
            guard !reader.commands.contains(where: { $0.verb == .quit }) else { continue }
            var replies = ReplyReader(reader.commands.map(\.verb.replyShape) + [.noOp])
            try connection.write(reader.forwarded + Array("mn\r\n".utf8))
            while !replies.isDone, replies.error == nil {
                let received = try connection.receive()
                guard !received.isEmpty else { break }
                replies.feed(received)
            }
            answered += replies.replies.count
            guard replies.isDone, replies.error == nil else {
                Issue.record("not one reply for each of \(String(decoding: bytes, as: UTF8.self).debugDescription)")
                return
            }
        }
        #expect(answered > 2 * Self.rounds, "Most commands are passed on: \(answered)")
    }

    @Test func `what a client is spared is what memcached itself would have spared it`() throws {
        let (server, proxied) = (try MemcachedServer(), try MemcachedServer())
        let texts = [
            "mg none q\r\n", "ms a 1 q\r\nx\r\n", "mg a q\r\n", "mg a v q\r\n", "ms a 1 ME q\r\nx\r\n",
            "ms a 1 C999 q\r\nx\r\n", "md none q\r\n", "md a q\r\n", "ms n 1\r\n1\r\n", "ma n q\r\n", "ma n v q\r\n",
            "ma none q\r\n", "me none q\r\n", "set a 0 0 1 noreply\r\nx\r\n", "add a 0 0 1 noreply\r\nx\r\n",
            "delete none noreply\r\n", "incr a 1 noreply\r\n", "mg a T q\r\n",
        ]
        for text in texts {
            let direct = try Self.answer(server, text)
            var reader = CommandReader()
            reader.feed(Array(text.utf8))
            let forwarded = try Self.answer(proxied, String(decoding: reader.forwarded, as: UTF8.self))
            var replies = ReplyReader(reader.commands.map(\.verb.replyShape))
            replies.feed(Array(forwarded.utf8))
            let isHidden = reader.commands[0].silence.hides(try #require(replies.replies.first).status)
            #expect((direct == "") == isHidden, "\(text.debugDescription): \(direct) and \(forwarded)")
        }
    }

    /// What the server says to a text, without the reply to the command that goes behind it.
    private static func answer(_ server: MemcachedServer, _ text: String) throws -> String {
        let connection = try ByteConnection(port: server.port)
        try connection.write(text + "mn\r\n")
        let end = Array("MN\r\n".utf8)
        var answer: [UInt8] = []
        while answer.suffix(end.count) != end[...] {
            let received = try connection.receive()
            guard !received.isEmpty else { break }
            answer += received
        }
        return String(decoding: answer.dropLast(end.count), as: UTF8.self)
    }
}
