// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing

@testable import Ambassador

@Suite struct AccessLogOutputTests {
    /// A disk with room for so many bytes.
    private struct Disk {
        var room: Int
        var text = ""

        mutating func put(_ bytes: inout ByteBuffer) {
            let count = min(room, bytes.readableBytes)
            room -= count
            text += bytes.readString(length: count) ?? ""
        }
    }

    /// Writes lines, and returns how many are missing.
    private func write(_ text: String, _ output: inout AccessLogOutput, on disk: inout Disk) -> Int {
        output.write(ByteBuffer(string: text)) { disk.put(&$0) }
    }

    @Test func `what follows a line that broke off begins a line of its own`() {
        var (output, disk) = (AccessLogOutput(1), Disk(room: 6))
        #expect(write("one\ntwo\nthree\n", &output, on: &disk) == 2 && disk.text == "one\ntw")
        // Still no room.
        #expect(write("four\nfive\n", &output, on: &disk) == 2 && disk.text == "one\ntw")
        disk.room = 1
        #expect(write("six\n", &output, on: &disk) == 1 && disk.text == "one\ntw\n")
        disk.room = 100
        #expect(write("seven\n", &output, on: &disk) == 0)
        #expect(write("eight\n", &output, on: &disk) == 0)
        #expect(disk.text == "one\ntw\nseven\neight\n")
    }

    @Test func `a line that ended where the room did needs no other end`() {
        var (output, disk) = (AccessLogOutput(1), Disk(room: 4))
        #expect(write("one\ntwo\n", &output, on: &disk) == 1)
        disk.room = 100
        #expect(write("three\n", &output, on: &disk) == 0 && disk.text == "one\nthree\n")
    }

    @Test("Another file has no line to be ended, but the same one has", arguments: [(true, "b\n"), (false, "\nb\n")])
    func moved(isEmpty: Bool, text: String) {
        var (output, disk) = (AccessLogOutput(1), Disk(room: 1))
        #expect(write("a\n", &output, on: &disk) == 1)
        output.move(to: 2, isEmpty: isEmpty)
        var other = Disk(room: 100)
        #expect(write("b\n", &output, on: &other) == 0 && other.text == text && output.descriptor == 2)
    }
}
