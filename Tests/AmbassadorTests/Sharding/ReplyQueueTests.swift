// SPDX-License-Identifier: Apache-2.0

import NIOCore
import TestKit
import Testing

@testable import Ambassador

@Suite("Replies in the order of the commands")
struct ReplyQueueTests {
    var queue = ReplyQueue()
    var output = ByteBuffer()

    /// Gives the queue a reply; returns whether something became due.
    mutating func fill(_ number: UInt32, _ text: String, part: UInt16 = 0) -> Bool {
        var bytes = ByteBuffer(string: text + "more")
        defer { #expect(String(buffer: bytes) == "more") }
        return queue.fill(
            number, part: part, from: &bytes, length: text.utf8.count, kind: .value, into: &output)
    }

    var written: String { String(buffer: output) }

    @Test mutating func `the reply that is due is written at once`() {
        let first = queue.add()
        #expect(fill(first, "one"))
        #expect(written == "one")
        #expect(queue.isEmpty)
    }

    @Test mutating func `replies that come early wait for those before them`() {
        let numbers = (0..<3).map { _ in queue.add() }
        #expect(!fill(numbers[2], "three"))
        #expect(!fill(numbers[1], "two"))
        #expect(written.isEmpty)
        #expect(queue.heldBytes == 8)
        #expect(fill(numbers[0], "one"))
        #expect(written == "onetwothree")
        #expect(queue.heldBytes == 0)
        #expect(queue.isEmpty)
    }

    @Test mutating func `large replies that come early keep their order`() {
        let large = String(repeating: "x", count: ReplyQueue.copiedBytesMax + 1)
        let numbers = (0..<3).map { _ in queue.add() }
        #expect(!fill(numbers[1], large))
        #expect(!fill(numbers[2], "three"))
        #expect(fill(numbers[0], "one"))
        #expect(written == "one" + large + "three")
        #expect(queue.heldBytes == 0)
    }

    @Test mutating func `numbers wrap without a mistake`() {
        var queue = ReplyQueue(first: .max - 1)
        let numbers = (0..<4).map { _ in queue.add() }
        #expect(numbers == [.max - 1, .max, 0, 1])
        for (number, text) in zip(numbers, ["a", "b", "c", "d"]).reversed() {
            var bytes = ByteBuffer(string: text)
            _ = queue.fill(number, part: 0, from: &bytes, length: 1, kind: .value, into: &output)
        }
        #expect(written == "abcd")
    }

    @Test mutating func `any order of arrival gives the order of the commands`() {
        var random = SystemRandomNumberGenerator()
        var expected = ""
        var waiting: [(UInt32, String)] = []
        var next = 0
        for _ in 0..<2_000 {
            if Bool.random(using: &random) || waiting.isEmpty {
                let text = "<\(next)>" + String(repeating: "y", count: Int.random(in: 0...60, using: &random))
                next += 1
                expected += text
                waiting.append((queue.add(), text))
            } else {
                let (number, text) = waiting.remove(at: Int.random(in: waiting.indices, using: &random))
                _ = fill(number, text)
            }
        }
        for (number, text) in waiting.shuffled() { _ = fill(number, text) }
        #expect(written == expected)
        #expect(queue.heldBytes == 0)
    }

    /// Joins its parts in their order.
    final class Joined: FanOut {
        var texts: [String]
        init(count: Int) {
            texts = Array(repeating: "", count: count)
            super.init(parts: count)
        }
        override func receive(_ part: UInt16, _ reply: ByteBuffer, _ kind: ReplyKind) {
            texts[Int(part)] = String(buffer: reply)
        }
        override func write(into output: inout ByteBuffer) { output.writeString(texts.joined(separator: "+")) }
    }

    @Test mutating func `a reply in parts is due when the last part is there`() {
        let first = queue.add()
        let split = queue.add(Joined(count: 2))
        let last = queue.add()
        #expect(!fill(split, "b", part: 1))
        #expect(!fill(last, "end"))
        #expect(fill(first, "start "))
        #expect(written == "start ")
        #expect(fill(split, "a", part: 0))
        #expect(written == "start a+bend")
        #expect(queue.heldBytes == 0)
    }
}
