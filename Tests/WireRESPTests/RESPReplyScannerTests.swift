// SPDX-License-Identifier: Apache-2.0

import Testing
import WireRESP

struct RESPReplyScannerTests {
    /// One of every type of RESP2 and RESP3, alone and inside another.
    static let corpus = [
        "+OK\r\n", "+\r\n", "-ERR no such key\r\n", ":0\r\n", ":-42\r\n", ":+7\r\n", "$0\r\n\r\n", "$5\r\nhe\r\no\r\n",
        "$-1\r\n", "*-1\r\n", "*0\r\n", "*2\r\n$1\r\na\r\n$-1\r\n", "*3\r\n:1\r\n*2\r\n+a\r\n-b\r\n*0\r\n", "_\r\n",
        ",3.25\r\n", ",inf\r\n", ",-nan\r\n", "#t\r\n", "#f\r\n", "!5\r\nERR x\r\n", "=7\r\ntxt:a\r\n\r\n",
        "(-3492890328409238509324850943850943825024385\r\n", "%0\r\n",
        "%2\r\n+a\r\n:1\r\n+b\r\n%1\r\n+c\r\n*1\r\n:2\r\n",
        "~3\r\n+a\r\n#t\r\n_\r\n", ">2\r\n+message\r\n$3\r\nabc\r\n", "|1\r\n+ttl\r\n:3600\r\n$1\r\nv\r\n",
        "|0\r\n+OK\r\n", "*2\r\n|1\r\n+a\r\n*2\r\n:1\r\n:2\r\n:3\r\n:4\r\n",
        "|1\r\n+a\r\n|1\r\n+b\r\n:1\r\n:2\r\n>1\r\n+p\r\n",
        "|1\r\n+a\r\n+b\r\n*-1\r\n", "*1\r\n*1\r\n*1\r\n*1\r\n$-1\r\n",
    ]

    @Test(arguments: corpus)
    func `every type of reply is found whole, whatever follows and however it comes`(text: String) throws {
        let bytes = Array(text.utf8)
        #expect(scanReply(text + "+next\r\n").complete?.length == bytes.count)
        var scanner = RESPReplyScanner()
        let scanned = scanner.scan(bytes, cuts: 0..<bytes.count)
        #expect(scanned.end?.complete?.length == bytes.count)
        #expect(scanned.fed == bytes.count)
        #expect(scanned.missing <= bytes.count)
    }

    @Test func `one scanner takes one reply after another`() {
        var scanner = RESPReplyScanner()
        var bytes = Array(Self.corpus.joined().utf8)
        var count = 0
        while let reply = scanner.scan(bytes.span).complete {
            bytes.removeFirst(reply.length)
            count += 1
        }
        #expect(count == Self.corpus.count)
        #expect(bytes.isEmpty)
    }

    @Test func `a reply's kind is its own and not that of its attributes`() throws {
        let reply = try #require(scanReply("|1\r\n+ttl\r\n:3600\r\n-ERR x\r\n").complete)
        #expect(reply.isError)
        #expect(!reply.isPush)
        #expect(try #require(scanReply(">1\r\n+x\r\n").complete).isPush)
        #expect(try #require(scanReply("!3\r\nERR\r\n").complete).isError)
        #expect(try #require(scanReply("*1\r\n-ERR\r\n").complete).kind == UInt8(ascii: "*"))
    }

    @Test func `the header of a large value says at once how much is missing`() {
        #expect(scanReply("$16777216\r\nabc").missing == 16_777_216 + 2 - 3)
    }

    @Test(
        arguments: [
            ("hello\r\n", "unknown reply type 'h'"), ("\u{0}", "unknown reply type '\\x00'"),
            ("+a\n", "invalid line in a reply"), ("+a\rb", "invalid line in a reply"),
            (":\r\n", "invalid line in a reply"), (":-\r\n", "invalid line in a reply"),
            (":1a\r\n", "invalid line in a reply"), ("(1.5\r\n", "invalid line in a reply"),
            ("#x\r\n", "invalid line in a reply"), ("#\r\n", "invalid line in a reply"),
            ("_x\r\n", "invalid line in a reply"), (",\r\n", "invalid line in a reply"),
            ("$x\r\n", "invalid bulk length"), ("$-2\r\n", "invalid bulk length"), ("!-1\r\n", "invalid bulk length"),
            ("$1\r\nab\r\n", "expected CRLF after a bulk"), ("*x\r\n", "invalid aggregate length"),
            ("%-1\r\n", "invalid aggregate length"), ("~-1\r\n", "invalid aggregate length"),
            ("*1\r\n?", "unknown reply type '?'"), ("$?\r\n", "streamed types are not supported"),
            ("*?\r\n", "streamed types are not supported"),
        ])
    func `what is no reply is refused by name`(text: String, reason: String) {
        #expect(scanReply(text).error?.description == "Protocol error: " + reason)
        var scanner = RESPReplyScanner()
        let scanned = scanner.scan(Array(text.utf8), cuts: 0..<text.utf8.count)
        #expect(scanned.end?.error?.description == "Protocol error: " + reason)
    }

    @Test func `each limit holds`() {
        var limits = RESPLimits()
        limits.bulkBytesMax = 10
        limits.elementCountMax = 10
        limits.lineBytesMax = 4
        limits.nestingMax = 2
        #expect(scanReply("$11\r\n", limits: limits).error == .bulkLength)
        #expect(scanReply("*11\r\n", limits: limits).error == .aggregateLength)
        #expect(scanReply("+1234\r\n", limits: limits).complete != nil)
        #expect(scanReply("+12345", limits: limits).error?.description == "Protocol error: too big line in a reply")
        #expect(scanReply("*1\r\n*1\r\n:1\r\n", limits: limits).complete != nil)
        let deep = scanReply("*1\r\n*1\r\n*1\r\n:1\r\n", limits: limits)
        #expect(deep.error?.description == "Protocol error: too deep nesting in a reply")
        #expect(scanReply(String(repeating: "*1\r\n", count: 32) + ":1\r\n").complete != nil)
        #expect(scanReply(String(repeating: "*1\r\n", count: 33) + ":1\r\n").error == .nestingTooDeep)
    }
}
