// SPDX-License-Identifier: Apache-2.0

import Testing
import WireRESP

struct RESPCommandScannerTests {
    static let set = "*3\r\n$3\r\nset\r\n$5\r\nkey:1\r\n$2\r\n42\r\n"

    @Test func `a command has its length, its name in upper case and the places of its arguments`() throws {
        let command = try #require(scanCommand(Self.set + "*1\r\n").complete)
        #expect(command.length == Self.set.utf8.count)
        #expect(command.argumentCount == 3)
        #expect(command.name == RESPName("SET"))
        let bytes = Array(Self.set.utf8)
        #expect(String(decoding: bytes[command[0].range], as: UTF8.self) == "set")
        #expect(String(decoding: bytes[command[1].range], as: UTF8.self) == "key:1")
        #expect(String(decoding: bytes[command[2].range], as: UTF8.self) == "42")
        #expect(command[3].length == 0)
    }

    @Test func `fed a byte at a time a command is complete with its last byte and not before`() throws {
        let bytes = Array(Self.set.utf8)
        var scanner = RESPCommandScanner()
        let scanned = scanner.scan(bytes, cuts: 0..<bytes.count)
        #expect(scanned.end?.complete?.length == bytes.count)
        #expect(scanned.fed == bytes.count)
        #expect(scanned.missing <= bytes.count)
    }

    @Test func `one scanner takes one command after another`() throws {
        var scanner = RESPCommandScanner()
        var bytes = Array((Self.set + "*1\r\n$4\r\nPING\r\n" + "*2\r\n$3\r\nGET\r\n$0\r\n\r\n").utf8)
        var names: [String] = []
        while let command = scanner.scan(bytes.span).complete {
            names.append(command.name.description)
            bytes.removeFirst(command.length)
        }
        #expect(names == ["SET", "PING", "GET"])
        #expect(bytes.isEmpty)
    }

    @Test func `the header of a large value says at once how much is missing, and where the key is`() throws {
        var scanner = RESPCommandScanner()
        let bytes = Array("*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$16777216\r\n".utf8)
        #expect(scanner.scan(bytes.span).missing == 16_777_216 + 2)
        #expect(scanner.partial.name == RESPName("SET"))
        #expect(scanner.partial.argumentsRead == 2)
        #expect(Array(bytes[scanner.partial[1].range]) == Array("key".utf8))
        #expect(scanner.partial.length == 0)
    }

    @Test func `a new command's partial says nothing of the one before`() throws {
        var scanner = RESPCommandScanner()
        #expect(scanner.scan(Array(Self.set.utf8).span).complete != nil)
        #expect(scanner.scan(Array("*2\r\n$3".utf8).span).missing == 10)
        #expect(scanner.partial.argumentsRead == 0)
        #expect(scanner.partial.name == .none)
    }

    @Test(arguments: ["*0\r\n", "*-1\r\n"])
    func `an empty command is complete and has no arguments`(text: String) throws {
        let command = try #require(scanCommand(text).complete)
        #expect(command.argumentCount == 0)
        #expect(command.length == text.utf8.count)
        #expect(arguments(command, Array(text.utf8)).isEmpty)
    }

    @Test func `all arguments are found by their headers`() throws {
        let values = ["MSET", "", "a\r\nb", String(repeating: "x", count: 1000), "last", "", "1"]
        let text = "*\(values.count)\r\n" + values.map { "$\($0.utf8.count)\r\n\($0)\r\n" }.joined()
        let command = try #require(scanCommand(text).complete)
        #expect(arguments(command, Array(text.utf8)) == values.map { Array($0.utf8) })
    }

    @Test(arguments: [("PING\r\n", 6), ("GET a\n*1\r\n", 6), ("\r\n", 2), ("$\n", 2)])
    func `anything but an array is a line`(text: String, length: Int) {
        #expect(scanCommand(text).inlineLength == length)
        var scanner = RESPCommandScanner()
        #expect(scanner.scan(Array(text.utf8), cuts: 0..<text.utf8.count).fed == length)
    }

    @Test(
        arguments: [
            ("*abc\r\n", "invalid multibulk length"), ("*\r\n", "invalid multibulk length"),
            ("*3000000000\r\n", "invalid multibulk length"), ("*-2\r\n", "invalid multibulk length"),
            ("*01\r\n", "invalid multibulk length"), ("*1\n", "invalid multibulk length"),
            ("*1\rx", "invalid multibulk length"), ("*--1\r\n", "invalid multibulk length"),
            ("*+1\r\n", "invalid multibulk length"), ("* 1\r\n", "invalid multibulk length"),
            ("*-0\r\n", "invalid multibulk length"), ("*1 \r\n", "invalid multibulk length"),
            ("*9999999999999999999999\r\n", "invalid multibulk length"),
            ("*1\r\nfoo\r\n", "expected '$', got 'f'"), ("*1\r\n\u{1}", "expected '$', got '\\x01'"),
            ("*3\r\n$3\r\nSET\r\n$1\r\nx\r\nfooz\r\n", "expected '$', got 'f'"),
            ("*1\r\n$blabla\r\n", "invalid bulk length"), ("*1\r\n$-10\r\n", "invalid bulk length"),
            ("*1\r\n$-1\r\n", "invalid bulk length"), ("*1\r\n$2000000000\r\n", "invalid bulk length"),
            ("*1\r\n$4\r\nPINGPONG\r\n", "expected CRLF after a bulk"),
            ("*1\r\n$4\r\nPING\n\r", "expected CRLF after a bulk"),
        ])
    func `what is no command is refused in Redis' words`(text: String, reason: String) throws {
        #expect(scanCommand(text).error?.description == "Protocol error: " + reason)
        var scanner = RESPCommandScanner()
        let scanned = scanner.scan(Array(text.utf8), cuts: 0..<text.utf8.count)
        #expect(scanned.end?.error?.description == "Protocol error: " + reason)
    }

    @Test func `each limit holds`() {
        var limits = RESPLimits()
        limits.argumentCountMax = 3
        limits.bulkBytesMax = 10
        limits.commandBytesMax = 20
        limits.lineBytesMax = 8
        #expect(scanCommand("*4\r\n", limits: limits).error == .multibulkLength)
        #expect(scanCommand("*3\r\n$11\r\n", limits: limits).error == .bulkLength)
        #expect(scanCommand("*3\r\n$10\r\n", limits: limits).missing == 24)
        #expect(scanCommand("*3\r\n$8\r\n12345678\r\n$8\r\n", limits: limits).error == .commandTooLong)
        #expect(scanCommand("1234567\n", limits: limits).inlineLength == 8)
        #expect(scanCommand("12345678", limits: limits).error == .inlineTooLong)
        #expect(scanCommand("*17\r\n", limits: .unauthenticated).error == .multibulkLength)
        #expect(RESPSyntaxError.inlineTooLong.description == "Protocol error: too big inline request")
        #expect(RESPSyntaxError.commandTooLong.description == "Protocol error: too big request")
    }
}
