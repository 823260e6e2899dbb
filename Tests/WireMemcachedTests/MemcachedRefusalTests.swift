// SPDX-License-Identifier: Apache-2.0

import Testing
import WireMemcached

@Suite struct MemcachedRefusalTests {
    private static let longKey = String(repeating: "k", count: 251)

    @Test(
        "A wrong line is refused in memcached's words, and the connection goes on",
        arguments: [
            ("", .unknownCommand, "ERROR"),
            (" get a", .unknownCommand, "ERROR"),
            ("GET a", .unknownCommand, "ERROR"),
            ("flush_al", .unknownCommand, "ERROR"),
            ("flush_alx", .unknownCommand, "ERROR"),
            ("averyveryverylongname a", .unknownCommand, "ERROR"),
            ("watch", .unsupported(.watch), "CLIENT_ERROR watch is not supported through a proxy"),
            ("get", .badLine, "CLIENT_ERROR bad command line format"),
            ("get a\tb", .badLine, "CLIENT_ERROR bad command line format"),
            ("get a\0b", .badLine, "CLIENT_ERROR bad command line format"),
            ("get a\rb", .badLine, "CLIENT_ERROR bad command line format"),
            ("get a " + longKey, .badLine, "CLIENT_ERROR bad command line format"),
            ("gat 0", .badLine, "CLIENT_ERROR bad command line format"),
            ("gat x a", .badExpiry, "CLIENT_ERROR invalid exptime argument"),
            ("delete", .badLine, "CLIENT_ERROR bad command line format"),
            ("delete a 1", .badDeletion, "CLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]"),
            ("incr a", .badLine, "CLIENT_ERROR bad command line format"),
            ("incr a 1 2", .badLine, "CLIENT_ERROR bad command line format"),
            ("incr a -1", .badDelta, "CLIENT_ERROR invalid numeric delta argument"),
            ("decr a 18446744073709551616", .badDelta, "CLIENT_ERROR invalid numeric delta argument"),
            ("decr a 100000000000000000000", .badDelta, "CLIENT_ERROR invalid numeric delta argument"),
            ("touch a", .badLine, "CLIENT_ERROR bad command line format"),
            ("touch a 2147483648", .badExpiry, "CLIENT_ERROR invalid exptime argument"),
            ("touch a -", .badExpiry, "CLIENT_ERROR invalid exptime argument"),
            ("verbosity", .badLine, "CLIENT_ERROR bad command line format"),
            ("flush_all x", .badExpiry, "CLIENT_ERROR invalid exptime argument"),
            ("flush_all 1 2", .badLine, "CLIENT_ERROR bad command line format"),
            ("mg", .badLine, "CLIENT_ERROR bad command line format"),
            ("mg " + longKey, .badLine, "CLIENT_ERROR bad command line format"),
            ("mg a q q", .duplicateFlag, "CLIENT_ERROR duplicate flag"),
            ("mg YWJj b b", .duplicateFlag, "CLIENT_ERROR duplicate flag"),
            ("mg YWJ b", .badEncoding, "CLIENT_ERROR error decoding key"),
            ("mg YW!j b", .badEncoding, "CLIENT_ERROR error decoding key"),
            ("mg Y=== b", .badEncoding, "CLIENT_ERROR error decoding key"),
            ("mg ==== b", .badEncoding, "CLIENT_ERROR error decoding key"),
            ("mg a 1 2 3 4 5 6 7 8 9 0 a c d e f g h i", .tooManyFlags, "CLIENT_ERROR options flags are too long"),
            ("set a 0 0", .badLine, "CLIENT_ERROR bad command line format"),
            ("set a 0 0 -1", .badLine, "CLIENT_ERROR bad command line format"),
            ("set a 0 0 2147483646", .badLine, "CLIENT_ERROR bad command line format"),
            ("set a 0 0 99999999999", .badLine, "CLIENT_ERROR bad command line format"),
            ("set a 0 0 1x", .badLine, "CLIENT_ERROR bad command line format"),
            ("ms a", .badLine, "CLIENT_ERROR bad command line format"),
            ("ms a S3", .badLine, "CLIENT_ERROR bad command line format"),
            ("mn\r", .badLine, "CLIENT_ERROR bad command line format"),
        ] as [(String, MemcachedRefusal.Reason, String)])
    func lines(_ row: (line: String, reason: MemcachedRefusal.Reason, text: String)) {
        #expect(row.reason.text == row.text)
        #expect(readCommands(row.line + "\r\nmn\r\n") == [.refused(row.reason), .command(.metaNoOp, keyCount: 0)])
    }

    @Test(
        "The value behind a wrong line is dropped, so that it is never taken for commands",
        arguments: [
            ("set a x 0 7", .badLine), ("set a -1 0 7", .badLine), ("set a 4294967296 0 7", .badLine),
            ("set a 0 x 7", .badLine), ("set a 0 99999999999 7", .badLine), ("set a 0 -2147483648 7", .badLine),
            ("set " + longKey + " 0 0 7", .badLine), ("set a 0 0 7 8", .badLine), ("set a 0 0 7 noreply?", .badLine),
            ("cas a 0 0 7", .badLine), ("cas a 0 0 7 noreply", .badLine), ("cas a 0 0 7 x", .badLine),
            ("cas a 0 0 7 18446744073709551616", .badLine), ("cas a 0 0 7 1 2", .badLine),
            ("ms " + longKey + " 7", .badLine), ("ms ! 7 b", .badEncoding), ("ms a 7 q q", .duplicateFlag),
            ("ms a 7 1 2 3 4 5 6 7 8 9 a b c d e f g h", .tooManyFlags),
        ] as [(String, MemcachedRefusal.Reason)])
    func values(_ row: (line: String, reason: MemcachedRefusal.Reason)) {
        let text = row.line + "\r\nversion\r\nmn\r\n"
        #expect(readCommands(text) == [.refused(row.reason), .command(.metaNoOp, keyCount: 0)])
        var reader = CommandReader()
        for byte in text.utf8 { reader.feed([byte]) }
        #expect(reader.read == readCommands(text))
    }

    @Test func `a refusal is silent if the client asked for no reply`() {
        #expect(readCommand("set a x 0 1 noreply\r\nx\r\n") == .refused(.badLine, isSilent: true))
        #expect(readCommand("set a 0 0 1 noreply\r\nxyz") == .refused(.badValueEnd, isSilent: true))
        #expect(readCommand("delete a noreply b\r\n") == .refused(.badDeletion, isSilent: true))
        #expect(readCommand("verbosity noreply\r\n") == .refused(.badLine, isSilent: true))
        #expect(readCommand("incr a x noreply\r\n") == .refused(.badDelta, isSilent: true))
        #expect(readCommand("ms a 1 q\r\nxyz") == .refused(.badValueEnd))
    }

    @Test func `a value that another byte follows than a line end is refused with what its line says is its length`() {
        let next = ReadCommand.command(.metaNoOp, keyCount: 0)
        #expect(readCommands("set a 0 0 3\r\nabcdemn\r\n") == [.refused(.badValueEnd), next])
        #expect(readCommands("set a 0 0 3\r\nabc\nmn\r\n").first == .refused(.badValueEnd))
        #expect(readCommands("set a 0 0 3\r\nab\r\nmn\r\n").first == .refused(.badValueEnd))
    }

    @Test func `a value above the limit is refused at once and then dropped as it comes`() {
        var limits = MemcachedLimits()
        limits.valueBytesMax = 10
        var reader = CommandReader(limits)
        reader.feed(Array("set a 0 0 11\r\nabc".utf8))
        #expect(reader.read == [.refused(.valueTooLarge)])
        reader.feed(Array("get bcde\r\nset a 0 0 10\r\n0123456789\r\nms a 11\r\n".utf8))
        #expect(reader.read.dropFirst() == [.command(.set, key: "a", value: "0123456789"), .refused(.valueTooLarge)])
        #expect(MemcachedRefusal.Reason.valueTooLarge.text == "SERVER_ERROR object too large for cache")
    }

    @Test func `keys are counted, and their limit holds`() {
        var limits = MemcachedLimits()
        limits.keyCountMax = 3
        #expect(readCommands("get a b c\r\n", limits: limits) == [.command(.get, key: "a", keyCount: 3)])
        #expect(readCommands("get a b c d\r\n", limits: limits) == [.refused(.tooManyKeys)])
        #expect(MemcachedRefusal.Reason.tooManyKeys.text == "CLIENT_ERROR too many keys")
    }

    @Test func `a line may be as long as its limit, and one byte more ends the connection`() {
        var limits = MemcachedLimits()
        limits.lineBytesMax = 40
        limits.retrievalLineBytesMax = 60
        func line(_ name: String, _ count: Int) -> String {
            let filling = String(repeating: " a", count: count)
            return name + String(filling.prefix(count - name.utf8.count))
        }
        for name in ["stats", "gat 0", " get", "nonsense", "get", "gets"] {
            let limit = name.hasPrefix("get") ? 60 : 40
            let expected = [ReadCommand.malformed(.lineTooLong(limit: limit))]
            #expect(readCommands(line(name, limit) + "\n", limits: limits) != expected, "\(name)")
            #expect(readCommands(line(name, limit + 1) + "\n", limits: limits) == expected, "\(name)")
            #expect(readCommands(line(name, limit), limits: limits) == [], "\(name)")
            #expect(readCommands(line(name, limit + 1), limits: limits) == expected, "\(name)")
            #expect(readCommands(line(name, 500), limits: limits) == expected, "\(name)")
        }
        #expect("\(MemcachedSyntaxError.lineTooLong(limit: 40))" == "line too long (the limit is 40 bytes)")
    }
}
