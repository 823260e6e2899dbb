// SPDX-License-Identifier: Apache-2.0

import Testing
import WireMemcached

@Suite struct MemcachedReplyTests {
    static let examples: [(MemcachedReplyShape, String, MemcachedStatus)] = [
        (.storage, "STORED\r\n", .stored), (.storage, "NOT_STORED\r\n", .notStored),
        (.storage, "EXISTS\r\n", .exists), (.storage, "NOT_FOUND\r\n", .notFound),
        (.storage, "SERVER_ERROR object too large for cache\r\n", .serverError),
        (.storage, "CLIENT_ERROR bad data chunk\r\n", .clientError),
        (.deletion, "DELETED\r\n", .deleted), (.deletion, "NOT_FOUND\r\n", .notFound),
        (.number, "18446744073709551615\r\n", .number), (.number, "5  \r\n", .number),
        (.number, "NOT_FOUND\r\n", .notFound), (.number, "ERROR\r\n", .error),
        (.touch, "TOUCHED\r\n", .touched), (.touch, "NOT_FOUND\r\n", .notFound),
        (.values, "END\r\n", .end), (.values, "VALUE a 0 0\r\n\r\nEND\r\n", .end),
        (.values, "VALUE a 5 5\r\nEND\r\n\r\nVALUE b 0 1 77\r\nx\r\nEND\r\n", .end),
        (.values, "VALUE a 0 1\r\nx\r\nSERVER_ERROR out of memory\r\n", .serverError),
        (.values, "CLIENT_ERROR bad command line format\r\n", .clientError),
        (.meta, "HD\r\n", .metaDone), (.meta, "HD t-1 Oabc\r\n", .metaDone), (.meta, "EN\r\n", .metaMiss),
        (.meta, "NF kabc\r\n", .metaNotFound), (.meta, "NS\r\n", .metaNotStored), (.meta, "EX c0\r\n", .metaExists),
        (.meta, "VA 4 k\r\nEN\r\n\r\n", .metaValue), (.meta, "VA 0\r\n\r\n", .metaValue),
        (.debug, "ME a exp=-1 la=0\r\n", .metaDebug), (.debug, "EN\r\n", .metaMiss), (.noOp, "MN\r\n", .metaNoOp),
        (.acknowledgement, "OK\r\n", .ok), (.version, "VERSION 1.6.18\r\n", .version),
        (.statistics, "STAT pid 1\r\nSTAT version END\r\nEND\r\n", .end), (.statistics, "RESET\r\n", .reset),
        (.statistics, "OK\r\n", .ok), (.statistics, "ITEM a [1 b; 0 s]\r\nEND\r\n", .end),
        (.statistics, "PREFIX a get 1\r\nEND\r\n", .end),
    ]

    @Test("Each reply ends where it ends, however it comes", arguments: examples.indices)
    func replies(_ index: Int) {
        let (shape, text, status) = Self.examples[index]
        let bytes = Array(text.utf8)
        for size in 1...bytes.count {
            var reader = ReplyReader([shape, .noOp])
            for start in stride(from: 0, to: bytes.count, by: size) {
                #expect(reader.replies.isEmpty)
                #expect(start == 0 || reader.missing <= bytes.count - start, "more is asked for than will come")
                reader.feed(bytes[start..<min(start + size, bytes.count)])
            }
            reader.feed(Array("MN\r\n".utf8))
            #expect(reader.isDone && reader.replies.count == 2)
            #expect(reader.replies.first?.status == status)
            #expect(reader.replies.first?.length == bytes.count)
        }
    }

    @Test func `a reply says where its last line begins`() {
        func lastLine(_ text: String, _ shape: MemcachedReplyShape) -> Int? {
            var scanner = MemcachedReplyScanner()
            guard case .complete(let reply) = scanner.scan(Array(text.utf8).span, expecting: shape) else { return nil }
            return reply.lastLine
        }
        #expect(lastLine("END\r\n", .values) == 0)
        #expect(lastLine("VALUE a 0 1\r\nx\r\nEND\r\n", .values) == 16)
        #expect(lastLine("STAT a 1\r\nEND\r\n", .statistics) == 10)
        #expect(lastLine("VA 1\r\nx\r\n", .meta) == 0)
    }

    @Test func `the values of a reply are walked over`() {
        let bytes = Array("VALUE abc 0 5\r\nEND\r\n\r\nVALUE d 1 0 99\r\n\r\nEND\r\n".utf8)
        var scanner = MemcachedReplyScanner()
        guard case .complete(let reply) = scanner.scan(bytes.span, expecting: .values) else {
            Issue.record("the reply isn't complete")
            return
        }
        var values = MemcachedValues(reply)
        var found: [[String]] = []
        while let value = values.next(in: bytes.span) {
            found.append([value.key, value.place].map { String(decoding: bytes[$0.range], as: UTF8.self) })
        }
        #expect(found == [["abc", "VALUE abc 0 5\r\nEND\r\n\r\n"], ["d", "VALUE d 1 0 99\r\n\r\n"]])
    }

    @Test func `a value is known to be missing as soon as its line is here`() {
        var scanner = MemcachedReplyScanner()
        #expect(scanner.scan(Array("VALUE a 0 1000\r\nab".utf8).span, expecting: .values) == .incomplete(missing: 1000))
        scanner = MemcachedReplyScanner()
        #expect(scanner.scan(Array("VA 1000 f0\r\nab".utf8).span, expecting: .meta) == .incomplete(missing: 1000))
    }

    @Test(
        "What no server answers to a command means that replies no longer match",
        arguments: [
            (.storage, "DELETED\r\n"), (.storage, "VALUE a 0 1\r\nx\r\nEND\r\n"), (.storage, "STORED\n"),
            (.storage, "STOREDX\r\n"), (.storage, " STORED\r\n"), (.storage, "\r\n"), (.storage, "\n"),
            (.storage, "NOT_FOUNX\r\n"), (.storage, "5\r\n"), (.storage, "HD\r\n"), (.storage, "-ERR unknown\r\n"),
            (.number, "-5\r\n"), (.number, "5x\r\n"), (.number, "18446744073709551616\r\n"), (.number, "\0\r\n"),
            (.values, "HD\r\n"), (.values, "VALUE a 0\r\n"), (.values, "VALUE a 0 x\r\n"), (.values, "STAT a b\r\n"),
            (.values, "VALUE a 0 1\r\nxyzEND\r\n"), (.values, "VALUE a 0 -1\r\n"), (.values, "OK\r\n"),
            (.meta, "VA\r\n"), (.meta, "VA x\r\nx\r\n"), (.meta, "VA 1\r\nxyz"), (.meta, "STORED\r\n"),
            (.deletion, "TOUCHED\r\n"), (.touch, "DELETED\r\n"), (.noOp, "HD\r\n"), (.debug, "HD\r\n"),
            (.version, "OK\r\n"), (.acknowledgement, "VERSION 1\r\n"), (.statistics, "VALUE a 0 0\r\n\r\n"),
        ] as [(MemcachedReplyShape, String)])
    func garbage(_ row: (shape: MemcachedReplyShape, text: String)) {
        var whole = ReplyReader([row.shape])
        whole.feed(Array(row.text.utf8))
        #expect(whole.error == .unexpectedReply)
        var inPieces = ReplyReader([row.shape])
        for byte in row.text.utf8 { inPieces.feed([byte]) }
        #expect(inPieces.error == .unexpectedReply)
    }

    @Test func `a reply is bounded in its lines, its values and as a whole`() {
        var limits = MemcachedLimits()
        limits.replyLineBytesMax = 20
        limits.valueBytesMax = 30
        limits.replyBytesMax = 50
        func error(_ text: String, _ shape: MemcachedReplyShape) -> MemcachedSyntaxError? {
            var reader = ReplyReader([shape], limits: limits)
            reader.feed(Array(text.utf8))
            return reader.error
        }
        let long = "SERVER_ERROR " + String(repeating: "x", count: 20)
        #expect(error(long, .storage) == .replyTooLong(limit: 20))
        #expect(error(long + "\r\n", .storage) == .replyTooLong(limit: 20))
        #expect(error("VALUE a 0 30\r\n", .values) == nil)
        #expect(error("VALUE a 0 31\r\n", .values) == .valueTooLarge(limit: 30))
        #expect(error("VA 31\r\n", .meta) == .valueTooLarge(limit: 30))
        #expect(error(String(repeating: "STAT a b\r\n", count: 5), .statistics) == nil)
        #expect(error(String(repeating: "STAT a b\r\n", count: 6), .statistics) == .replyTooLong(limit: 50))
        #expect("\(MemcachedSyntaxError.replyTooLong(limit: 50))" == "reply too long (the limit is 50 bytes)")
        #expect("\(MemcachedSyntaxError.valueTooLarge(limit: 30))" == "value too large (the limit is 30 bytes)")
        #expect("\(MemcachedSyntaxError.unexpectedReply)" == "unexpected reply")
    }
}
