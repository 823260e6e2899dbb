// SPDX-License-Identifier: Apache-2.0

import NIOCore
import TestKit
import Testing
import WireHTTP

/// Where a body ends, whatever the pieces in which it comes.
@Suite struct HTTPBodyScanTests {
    /// How many bytes belong to the body, how many of these are its own, and whether it has ended.
    struct Passed: Equatable {
        var count: Int
        var payload: Int
        var isEnded: Bool
    }

    /// Passes the bytes in pieces of these sizes, the last of which holds for the rest.
    static func pass(
        _ scan: HTTPBodyScan, _ bytes: [UInt8], sizes: [Int] = [.max]
    ) throws(HTTPSyntaxError) -> Passed {
        var scan = scan
        var passed = 0
        for piece in pieces(bytes, sizes: sizes) where !scan.isEnded {
            let (count, isEnd) = try scan.advance(over: piece.readableBytesUInt8Span)
            passed += count
            #expect(isEnd == scan.isEnded && (isEnd || count == piece.readableBytes))
        }
        return Passed(count: passed, payload: scan.payloadBytes, isEnded: scan.isEnded)
    }

    static func refusal(
        _ text: String, sizes: [Int] = [.max], _ limits: HTTPSyntaxLimits = HTTPSyntaxLimits()
    )
        -> HTTPSyntaxError?
    {
        do throws(HTTPSyntaxError) {
            _ = try pass(.chunked(limits), Array(text.utf8), sizes: sizes)
            return nil
        } catch { return error }
    }

    @Test func `a body of a length ends after so many bytes`() throws {
        let bytes = Array("hello, and more".utf8)
        #expect(try Self.pass(HTTPBodyScan(length: 5), bytes) == Passed(count: 5, payload: 5, isEnded: true))
        #expect(
            try Self.pass(HTTPBodyScan(length: 5), bytes, sizes: [1]) == Passed(count: 5, payload: 5, isEnded: true))
        #expect(
            try Self.pass(HTTPBodyScan(length: 99), bytes, sizes: [4]) == Passed(count: 15, payload: 15, isEnded: false)
        )
    }

    @Test func `no body is over before it begins`() throws {
        for scan in [HTTPBodyScan(length: 0), .none] {
            #expect(scan.isEnded && scan.isWholeAtEndOfInput)
            var scan = scan
            let (count, isEnd) = try scan.advance(over: "more".utf8.span)
            #expect(count == 0 && isEnd && scan.payloadBytes == 0)
        }
    }

    @Test func `a body up to the end of the connection takes everything, and alone is whole at that end`() throws {
        let bytes = Array("hello".utf8)
        let passed = try Self.pass(.untilClose, bytes, sizes: [2])
        #expect(passed == Passed(count: 5, payload: 5, isEnded: false))
        #expect(HTTPBodyScan.untilClose.isWholeAtEndOfInput && !HTTPBodyScan.chunked(.init()).isWholeAtEndOfInput)
        #expect(!HTTPBodyScan(length: 1).isWholeAtEndOfInput)
    }

    @Test(arguments: [
        ("0\r\n\r\n", 0), ("5\r\nhello\r\n0\r\n\r\n", 5), ("000\r\nA: b\r\n\r\n", 0),
        (
            "a;a=b;c=\"d \\\" e\";f\r\n0123456789\r\n01;x\r\n\r\r\n00;y\r\nA:\r\nTransfer-Codings: \tb\u{E9}\r\n\r\n",
            11
        ),
        ("000000000000001\r\n\n\r\n0\r\nDate: x\r\nServer: y\r\nTraceparent: z\r\nproxy-authorizatio: z\r\n\r\n", 1),
    ])
    func `a chunked body ends where its trailer does, however it is cut`(body: String, payload: Int) throws {
        let bytes = Array(body.utf8)
        let expected = Passed(count: bytes.count, payload: payload, isEnded: true)
        let more = bytes + Array("GET / HTTP/1.1\r\n\r\n".utf8)
        for first in 1...bytes.count {
            for second in 1...max(1, bytes.count - first) {
                #expect(try Self.pass(.chunked(.init()), more, sizes: [first, second, .max]) == expected)
            }
        }
        #expect(try Self.pass(.chunked(.init()), more, sizes: [1]) == expected)
        for count in 1..<bytes.count {
            #expect(try !Self.pass(.chunked(.init()), Array(bytes.prefix(count))).isEnded)
        }
    }

    @Test(
        "A chunk that isn't exactly one is refused",
        arguments: [
            "\r\n", "x\r\n", "0x1\r\na\r\n0\r\n\r\n", "+1\r\na\r\n", "-1\r\n", " 1\r\na\r\n", "\t1\r\n", "1 \r\na\r\n",
            "1 2\r\n", "1,2\r\n", "1_0\r\n", "1\u{B}\r\n", "1\na\r\n", "\n", "1\r\na\n0\r\n\r\n", "1\r\nab\r\n",
            "1\r\na0\r\n\r\n", "1\r\na\r0", "1\rx", "1000000000000000\r\n", "0000000000000001\r\na\r\n",
            "0\r\n\n", "0\n\r\n", "0\r\n\rx",
        ])
    func size(_ body: String) {
        #expect(Self.refusal(body)?.status == .badRequest)
        #expect(Self.refusal(body, sizes: [1])?.status == .badRequest)
    }

    @Test(
        "An extension that isn't exactly one is refused",
        arguments: [
            "1;\r\n", "1;;a\r\n", "1;=b\r\n", "1;a=\r\n", "1;a=;b\r\n", "1;a b\r\n", "1;a \r\n", "1;a=b \r\n",
            "1 ;a\r\n", "1; a\r\n", "1;a =b\r\n", "1;a= b\r\n", "1;a\t;b\r\n",
            "1;a=b c\r\n",
            "1;a=\"b\r\n", "1;a=\"b\n\"\r\n", "1;a=\"b\\\r\n", "1;a=\"b\\\u{1}\"", "1;a=\"b\"c\r\n", "1;a=\"b\" \r\n",
            "1;a=b\"c\"\r\n", "1;a\0\r\n", "1;a\rb\r\n", "1;a\nb\r\n", ";a=b\r\n", "1;a\n", "1;a=(b)\r\n",
            "1;\u{E9}\r\n",
            "1 ;a= \n", "1;\n", "1 \n",
        ])
    func extensions(_ body: String) {
        #expect(Self.refusal(body)?.status == .badRequest)
        #expect(Self.refusal(body, sizes: [1])?.status == .badRequest)
    }

    @Test(
        "A trailer that isn't exactly one is refused",
        arguments: [
            "A : b\r\n", " A: b\r\n", ": b\r\n", "A\r\n", "A b: c\r\n", "A: b\r\n c\r\n", "A: b\rc\r\n", "A: b\0\r\n",
            "A: b\n", "A: b\u{7F}\r\n", "\u{E9}: b\r\n", "A: b\r\r\n", "Content-Length: 1\r\n", "HOST: x\r\n",
            "Transfer-Encoding: chunked\r\n", "Trailer: a\r\n", "Connection: close\r\n", "Cookie: a\r\n", "TE: a\r\n",
            "X-Forwarded-For: a\r\n", "X_Forwarded_Proto: a\r\n", "Forwarded: for=a\r\n", "Proxy-Authorization: a\r\n",
            "Expect: 100-continue\r\n",
        ])
    func trailer(_ fields: String) {
        #expect(Self.refusal("0\r\n" + fields + "\r\n")?.status == .badRequest)
        #expect(Self.refusal("0\r\n" + fields + "\r\n", sizes: [1])?.status == .badRequest)
        #expect(
            WireHTTPTests.refusal(
                "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + fields + "\r\n") != nil)
    }

    @Test(arguments: [
        ("X-User: a\r\n", true), ("A: b\r\nx_USER: a\r\n", true), ("X-Users: a\r\n", false),
        ("X-Use: a\r\n", false), ("X-: X-User\r\n", false), ("AX-User: a\r\n", false),
        ("X-Usex: a\r\nX-User: b\r\n", true),
    ])
    func `a trailer may be forbidden one more name`(_ fields: String, _ isRefused: Bool) throws {
        let name = HTTPFoldedName("X-User")
        let bytes = Array(("0\r\n" + fields + "\r\n").utf8)
        for step in [1, bytes.count] {
            var scan = HTTPBodyScan.chunked(HTTPSyntaxLimits())
            func pass() throws(HTTPSyntaxError) {
                for start in stride(from: 0, to: bytes.count, by: step) {
                    _ = try scan.advance(over: bytes.span.extracting(start..<start + step), refusing: name)
                }
            }
            if isRefused {
                #expect(throws: HTTPSyntaxError("a trailer has the field x-user")) { try pass() }
            } else {
                try pass()
                #expect(scan.isEnded)
            }
        }
    }

    @Test(arguments: [[Int.max], [1]])
    func `every limit holds, and not earlier`(sizes: [Int]) {
        var limits = HTTPSyntaxLimits()
        limits.chunkLineBytesMax = 10
        limits.lineBytesMax = 12
        limits.headBytesMax = 40
        limits.fieldCountMax = 3
        func status(_ text: String) -> HTTPStatus? { Self.refusal(text, sizes: sizes, limits)?.status }
        #expect(status("1;aaaaaaa\r\na\r\n1;aaaaaaa\r\na\r\n") == nil)
        #expect(status("1;aaaaaaaa\r\n") == .badRequest)
        #expect(status("0\r\nA: bcdefghij\r\n\r\n") == nil)
        #expect(status("0\r\nA: bcdefghijk") == .headerFieldsTooLarge)
        #expect(status("0\r\nabcdefghijklm") == .headerFieldsTooLarge)
        #expect(status("0\r\nA:\r\nA:\r\nA:\r\n\r\n") == nil)
        #expect(status("0\r\nA:\r\nA:\r\nA:\r\nA") == .headerFieldsTooLarge)
        #expect(status("0\r\nA: bcdefghi\r\nA: bcdefghi\r\nA: bcdefgh\r\n\r\n") == nil)
        #expect(status("0\r\nA: bcdefghi\r\nA: bcdefghi\r\nA: bcdefghi\r\n\r\n") == .headerFieldsTooLarge)
    }

    @Test func `a changed body ends where the decoder ends it, or is refused by both`() {
        let seeds = [
            "5;a=b\r\nhello\r\n0\r\nT: u\r\n\r\nGET", "1\r\na\r\n1;b\r\nc\r\n00\r\n\r\n",
            "0\r\nA: b\r\nC: d\r\n\r\n\r\n",
            "a;q=\"x;y\"\r\n0123456789\r\n0;z\r\nVib: x\r\nb: c\r\n\r\n",
        ]
        var numbers = SeededNumbers(seed: 7)
        var ended = 0
        for round in 0..<12_000 {
            let bytes = mutated(seeds[round % seeds.count], &numbers)
            let sizes = (0..<20).map { _ in Int.random(in: 1...9, using: &numbers) }
            let whole = Result { () throws(HTTPSyntaxError) in try Self.pass(.chunked(.init()), bytes) }
            let inPieces = Result { () throws(HTTPSyntaxError) in
                try Self.pass(.chunked(.init()), bytes, sizes: sizes)
            }
            let read = Result { () throws(HTTPSyntaxError) in try Self.read(bytes) }
            let shown = String(decoding: bytes, as: UTF8.self).debugDescription
            switch (whole, read) {
            case (.success(let passed), _):
                #expect(whole == read && whole == inPieces, "\(shown)")
                if passed.isEnded { ended += 1 }
            // The decoder looks at a trailer once it is whole.
            case (.failure, .success(let passed)): #expect(!passed.isEnded && whole == inPieces, "\(shown)")
            case (.failure, .failure): #expect(whole == inPieces, "\(shown)")
            }
        }
        #expect(ended > 1_000, "The changes are such that many bodies are still taken: \(ended)")
    }

    /// As `pass`, by the decoder.
    private static func read(_ bytes: [UInt8]) throws(HTTPSyntaxError) -> Passed {
        var decoder = HTTPRequestDecoder()
        decoder.feed(ByteBuffer(string: "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"))
        decoder.feed(ByteBuffer(bytes: bytes))
        var payload = 0
        while let part = try decoder.next() {
            switch part {
            case .head: break
            case .body(let buffer): payload += buffer.readableBytes
            case .end: return Passed(count: bytes.count - decoder.bufferedBytes, payload: payload, isEnded: true)
            }
        }
        return Passed(count: bytes.count, payload: payload, isEnded: false)
    }
}
