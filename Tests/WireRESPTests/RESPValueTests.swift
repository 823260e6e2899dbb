// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing
import WireRESP

struct RESPValueTests {
    private func write(_ value: RESPValue, _ version: RESPVersion) -> String {
        var buffer = ByteBuffer()
        buffer.writeRESP(value, version)
        return String(buffer: buffer)
    }

    private func decode(_ text: String) throws(RESPSyntaxError) -> RESPValue {
        try RESPValue.decode(ByteBuffer(string: text))
    }

    /// Values with their text in RESP3 and in RESP2.
    static let values: [(RESPValue, String, String)] = [
        (.simple("OK"), "+OK\r\n", "+OK\r\n"),
        (.error("ERR x"), "-ERR x\r\n", "-ERR x\r\n"),
        (.integer(.min), ":-9223372036854775808\r\n", ":-9223372036854775808\r\n"),
        (.integer(0), ":0\r\n", ":0\r\n"),
        (.bulk("a\r\nb"), "$4\r\na\r\nb\r\n", "$4\r\na\r\nb\r\n"),
        (.null, "_\r\n", "$-1\r\n"),
        (.array([.bulk(""), .array([])]), "*2\r\n$0\r\n\r\n*0\r\n", "*2\r\n$0\r\n\r\n*0\r\n"),
        (.bool(true), "#t\r\n", ":1\r\n"),
        (.bool(false), "#f\r\n", ":0\r\n"),
        (.double(3), ",3\r\n", "$1\r\n3\r\n"),
        (.double(-1.5), ",-1.5\r\n", "$4\r\n-1.5\r\n"),
        (.double(.infinity), ",inf\r\n", "$3\r\ninf\r\n"),
        (.bigNumber("12345678901234567890"), "(12345678901234567890\r\n", "$20\r\n12345678901234567890\r\n"),
        (.verbatim(format: "txt", ByteBuffer(string: "a")), "=5\r\ntxt:a\r\n", "$1\r\na\r\n"),
        (
            .map([RESPPair(.simple("a"), .integer(1)), RESPPair(.simple("b"), .null)]),
            "%2\r\n+a\r\n:1\r\n+b\r\n_\r\n", "*4\r\n+a\r\n:1\r\n+b\r\n$-1\r\n"
        ),
        (.set([.integer(1)]), "~1\r\n:1\r\n", "*1\r\n:1\r\n"),
        (.push([.simple("message")]), ">1\r\n+message\r\n", "*1\r\n+message\r\n"),
        (.attributed([RESPPair(.simple("ttl"), .integer(1))], .bool(true)), "|1\r\n+ttl\r\n:1\r\n#t\r\n", ":1\r\n"),
    ]

    @Test(arguments: values)
    func `a value is written for either version and read back`(value: RESPValue, three: String, two: String) throws {
        #expect(write(value, .three) == three)
        #expect(write(value, .two) == two)
        #expect(try decode(three) == value)
        #expect(throws: Never.self) { try decode(two) }
    }

    @Test func `nulls of RESP2 and errors as strings are read`() throws {
        #expect(try decode("$-1\r\n") == .null)
        #expect(try decode("*-1\r\n") == .nullArray)
        #expect(write(.nullArray, .two) == "*-1\r\n")
        #expect(write(.nullArray, .three) == "_\r\n")
        #expect(try decode("!5\r\nERR x\r\n") == .error("ERR x"))
        #expect(try decode("|0\r\n:1\r\n") == .integer(1))
    }

    @Test(
        arguments: [
            (":9223372036854775808\r\n", RESPSyntaxError.number), (",1.5x\r\n", .number), ("=3\r\ntxt\r\n", .line),
            ("=5\r\ntxt-a\r\n", .line), ("*2\r\n:1\r\n", .incomplete), (":1\r\n:2\r\n", .incomplete), ("", .incomplete),
            ("x", .typeUnknown(0x78)),
        ])
    func `what is no value is refused`(text: String, error: RESPSyntaxError) {
        #expect(throws: error) { try decode(text) }
    }

    @Test func `a format that isn't text is refused`() {
        let bytes = Array("=4\r\ntx".utf8) + [0xFF] + Array(":\r\n".utf8)
        #expect(throws: RESPSyntaxError.line) { try RESPValue.decode(ByteBuffer(bytes: bytes)) }
    }

    @Test func `a line never ends early`() {
        #expect(write(.error("ERR a\r\n+OK"), .two) == "-ERR a  +OK\r\n")
    }

    @Test func `text is what can be read as one`() {
        #expect(RESPValue.bulk("a").text == "a")
        #expect(RESPValue.attributed([], .simple("b")).text == "b")
        #expect(RESPValue.integer(1).text == nil)
    }

    @Test func `a command is an array of strings`() {
        var buffer = ByteBuffer()
        buffer.writeRESPCommand(["SET", "ключ", ""])
        #expect(String(buffer: buffer) == "*3\r\n$3\r\nSET\r\n$8\r\nключ\r\n$0\r\n\r\n")
    }
}
