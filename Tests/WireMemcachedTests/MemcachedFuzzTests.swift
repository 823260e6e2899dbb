// SPDX-License-Identifier: Apache-2.0

import TestKit
import Testing
import WireMemcached

/// Goal: no bytes crash the scanners or make them disagree with themselves, and whatever is passed on is what was read.
///
/// Method: valid commands and replies with a few bytes changed, which get further than random bytes.
@Suite struct MemcachedFuzzTests {
    /// Texts of a round; a round of commands holds about five of them.
    private static let rounds = 200_000

    static let commands = [
        "get a\r\n", "gets abc de f\r\n", "gat 10 a b\r\n", "set a 1 0 3\r\nabc\r\n",
        "add abcdefgh 0 -1 10 noreply\r\n0123456789\r\n", "cas a 1 0 1 123456\r\nx\r\n", "delete a noreply\r\n",
        "incr a 5\r\n", "decr n 1 noreply\r\n", "touch a 100\r\n", "mg a v k O123 q\r\n", "mg YWJj b v\r\n",
        "ms a 2 T0 F1 q\r\nab\r\n", "md a q\r\n", "ma n N0 J5 v\r\n", "me a\r\n", "mn\r\n", "stats\r\n",
        "version\r\n", "append a 0 0 0\r\n\r\n", "verbosity 1\r\n",
    ]
    static let pieces = [
        "\r\n", "\n", "\r", "\0", " ", "\t", "noreply", " noreply", " q", " b", "0", "9", "-", "99999999999", "=",
        "set a 0 0 5\r\n", "get ", "END\r\n", "VALUE a 0 3\r\n", "VA 2\r\n", "a b", "\u{FF}",
    ].map { Array($0.utf8) }

    static func mutated(_ texts: [String], _ numbers: inout SeededNumbers) -> [UInt8] {
        var bytes: [UInt8] = []
        for _ in 0..<Int.random(in: 1...8, using: &numbers) {
            bytes += Array((texts.randomElement(using: &numbers) ?? "").utf8)
        }
        for _ in 0..<Int.random(in: 0...4, using: &numbers) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &numbers)
            switch Int.random(in: 0..<4, using: &numbers) {
            case 0: bytes[place] = UInt8.random(in: .min ... .max, using: &numbers)
            case 1: bytes.insert(contentsOf: pieces.randomElement(using: &numbers) ?? [], at: place)
            case 2: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...4, using: &numbers)))
            default: bytes.insert(UInt8.random(in: .min ... .max, using: &numbers), at: place)
            }
        }
        return bytes
    }

    @Test func `changed commands mean the same in whatever pieces they come, and once they are passed on`() {
        var numbers = SeededNumbers(seed: 11)
        var taken = 0
        for _ in 0..<Self.rounds {
            let bytes = Self.mutated(Self.commands, &numbers)
            var whole = CommandReader()
            whole.feed(bytes)
            taken += whole.read.count
            var inPieces = CommandReader()
            var start = 0
            while start < bytes.count {
                let end = min(bytes.count, start + Int.random(in: 1...20, using: &numbers))
                inPieces.feed(bytes[start..<end])
                start = end
            }
            guard whole.read == inPieces.read, whole.forwarded == inPieces.forwarded else {
                Issue.record("not the same in pieces: \(Self.shown(bytes))")
                continue
            }
            var forwarded = CommandReader()
            forwarded.feed(whole.forwarded)
            guard forwarded.read == whole.read.compactMap(Self.withoutSilence)
            else {
                Issue.record("passed on as something else: \(Self.shown(bytes))")
                continue
            }
        }
        #expect(taken > 4 * Self.rounds, "The changes are such that most commands are still read: \(taken)")
    }

    /// What a server reads where a proxy has read this.
    private static func withoutSilence(_ command: ReadCommand) -> ReadCommand? {
        guard case .command(let verb, let key, let keyCount, let value, _) = command else { return nil }
        return .command(verb, key: key, keyCount: keyCount, value: value)
    }

    @Test func `changed replies mean the same in whatever pieces they come`() {
        var numbers = SeededNumbers(seed: 12)
        for round in 0..<Self.rounds {
            let shape = MemcachedReplyShape.allCases[round % MemcachedReplyShape.allCases.count]
            let texts = MemcachedReplyTests.examples.filter { $0.0 == shape }.map(\.1)
            let bytes = Self.mutated(texts, &numbers)
            var whole = ReplyReader(Array(repeating: shape, count: 12))
            whole.feed(bytes)
            var inPieces = ReplyReader(Array(repeating: shape, count: 12))
            var start = 0
            while start < bytes.count {
                let end = min(bytes.count, start + Int.random(in: 1...20, using: &numbers))
                inPieces.feed(bytes[start..<end])
                start = end
            }
            guard whole.replies == inPieces.replies, whole.error == inPieces.error else {
                Issue.record("not the same in pieces: \(Self.shown(bytes))")
                continue
            }
        }
    }

    private static func shown(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self).debugDescription }
}
