// SPDX-License-Identifier: Apache-2.0

import NIOCore
import TestKit
import Testing
import WireHTTP

/// Goal: whatever is taken here means the same to another parser, that of swift-nio (llhttp).
///
/// Method: valid messages with a few bytes changed. What the scan takes has to be taken by the other with the same
/// parts; what it refuses may be taken there, and a table says where that is meant to be so.
@Suite struct HTTPStockFuzzTests {
    private static let requests = [
        "GET /a?b=c HTTP/1.1\r\nHost: x\r\nConnection: close, a\r\nUser-Agent: curl/8.0 (x; y)\r\n\r\n",
        "POST http://a:1/c HTTP/1.1\r\nHost: a:1\r\nContent-Length: 5\r\nX-Empty:\r\n\r\nhello",
        "PUT /%C3?a=b%20c HTTP/1.1\r\nTransfer-Encoding: chunked\r\nHost: [::1]:80\r\n\r\n"
            + "5;a=b\r\nhello\r\n0\r\nT: u\r\n\r\n",
        "OPTIONS * HTTP/1.0\r\nAccept: */*, a;q=\"b\"\r\n\r\n",
    ]
    private static let responses = [
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nServer: nginx\r\n\r\nhi",
        "HTTP/1.0 404 Not Found\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 500\r\nTransfer-Encoding: chunked\r\nSet-Cookie: a=b; c\r\n\r\na;b=c\r\n0123456789\r\n0\r\n\r\n",
    ]
    /// The other parser knows a list of methods and no more.
    private static let methods: Set = ["GET", "POST", "PUT", "OPTIONS", "HEAD", "DELETE"]

    struct Read: Equatable {
        var startLine: [String]
        var isHTTP10: Bool
        var fields: [[String]]
        var body: [UInt8]?
        var trailer: [[String]]?
    }

    @Test func `a changed request that is taken is the same to the stock parser`() throws {
        var numbers = SeededNumbers(seed: 11)
        var taken = 0
        for round in 0..<8_000 {
            let bytes = mutated(Self.requests[round % Self.requests.count], &numbers)
            var scan = HTTPHeadScan()
            guard let length = try? scan.scanRequest(bytes.span) else { continue }
            let method = Self.text(bytes, scan.method)
            // It takes no target beyond ASCII, which clients send nevertheless.
            guard Self.methods.contains(method), bytes[scan.target].allSatisfy({ $0 < 0x80 }) else { continue }
            guard let ours = Self.read(bytes, scan, length, scan.requestFraming, [method, Self.rawTarget(bytes, scan)])
            else { continue }
            try Self.compare(ours, StockParser.requests(bytes), bytes)
            taken += 1
        }
        #expect(taken > 1_000, "The changes are such that many requests are still taken: \(taken)")
    }

    @Test func `a changed response that is taken is the same to the stock parser`() throws {
        var numbers = SeededNumbers(seed: 12)
        var taken = 0
        for round in 0..<8_000 {
            let bytes = mutated(Self.responses[round % Self.responses.count], &numbers)
            var scan = HTTPHeadScan()
            guard let length = try? scan.scanResponse(bytes.span), scan.status >= 200 else { continue }
            guard
                let ours = Self.read(bytes, scan, length, scan.responseFraming(toHead: false), ["\(scan.status)"])
            else { continue }
            try Self.compare(ours, StockParser.responses(bytes), bytes)
            taken += 1
        }
        #expect(taken > 1_000, "The changes are such that many responses are still taken: \(taken)")
    }

    @Test func `the decoder takes and refuses what the scan does, and the search for the end misses nothing`() throws {
        var numbers = SeededNumbers(seed: 13)
        for round in 0..<6_000 {
            let bytes = mutated(Self.requests[round % Self.requests.count], &numbers)
            let shown = Comment(rawValue: String(decoding: bytes, as: UTF8.self).debugDescription)
            var scan = HTTPHeadScan()
            let length = Result { () throws(HTTPSyntaxError) in try scan.scanRequest(bytes.span) }
            var decoder = HTTPRequestDecoder()
            decoder.feed(ByteBuffer(bytes: bytes))
            switch (length, Result { () throws(HTTPSyntaxError) in try decoder.next() }) {
            case (.failure(let ours), .failure(let theirs)): #expect(ours == theirs, shown)
            case (.success(nil), .success(nil)): break
            case (.success(let length?), .success(.head(let head)?)):
                #expect(decoder.bufferedBytes == bytes.count - length, shown)
                #expect(
                    head.fields.count == scan.fields.count && head.method.name == Self.text(bytes, scan.method), shown)
            default: Issue.record(shown)
            }
            var end = HTTPHeadEnd()
            for count in 0...bytes.count where end.isFound(in: bytes.span.extracting(0..<count)) {
                // Nothing is awaited any more; and if it is a head, it ends here.
                let length = Result { () throws(HTTPSyntaxError) in
                    try scan.scanRequest(bytes.span.extracting(0..<count))
                }
                if case .success(let length) = length { #expect(length == count, shown) }
                break
            }
        }
    }

    // MARK: - What is meant to differ

    @Test(
        "Of requests, here is refused what the stock parser takes",
        arguments: [
            "GET /a HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: u@a/b, c\r\n\r\n", "GET / HTTP/1.1\r\nHost: a:b\r\n\r\n",
            "GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n", "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", "CONNECT a HTTP/1.1\r\nHost: a\r\n\r\n",
            "\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "\n\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", "GET /  HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET / HTTP/1.1\r\nHost:\ta\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nConnection: host\r\n\r\n",
            "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked \r\n\r\n0\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2 \r\n\r\nhi",
        ])
    func stricterRequests(_ text: String) {
        #expect(throws: HTTPSyntaxError.self) { try readRequests(text) }
        let (messages, isRefused) = StockParser.requests(Array(text.utf8))
        #expect(!isRefused && messages.first?.trailer != nil)
    }

    @Test(
        "Of chunks, here is refused what the stock parser takes",
        arguments: [
            "0;a=\r\n\r\n", "0;;a\r\n\r\n", "00000000000000000\r\n\r\n", "0\r\nHost: a\r\n\r\n",
            "0\r\nX-Forwarded-For: a\r\n\r\n",
        ])
    func stricterChunks(_ body: String) {
        stricterRequests("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + body)
    }

    @Test(
        "Of responses, here is refused what the stock parser takes",
        arguments: [
            "\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 204 OK\r\nContent-Length: 5\r\n\r\n",
            "HTTP/1.1 204 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            "HTTP/1.1 200 O\0K\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200 O\u{1}K\r\nContent-Length: 0\r\n\r\n",
        ])
    func stricterResponses(_ text: String) {
        #expect(throws: HTTPSyntaxError.self) { try readResponses(text) }
        let (messages, isRefused) = StockParser.responses(Array(text.utf8))
        #expect(!isRefused && messages.first?.trailer != nil)
    }

    @Test(arguments: ["GET /\u{E9} HTTP/1.1\r\nHost: a\r\n\r\n", "ANY / HTTP/1.1\r\nHost: a\r\n\r\n"])
    func `here is taken what the stock parser refuses`(text: String) throws {
        #expect(try readRequests(text).count == 1)
        #expect(StockParser.requests(Array(text.utf8)).isRefused)
    }

    // MARK: -

    /// The message as it is taken here; its body is nil if it isn't whole. Nil if the body is refused.
    private static func read(
        _ bytes: [UInt8], _ scan: HTTPHeadScan, _ length: Int, _ framing: HTTPFraming, _ startLine: [String]
    ) -> Read? {
        var body = HTTPBodyScan(framing)
        do {
            let (_, isEnd) = try body.advance(over: bytes.span.extracting(length..<bytes.count))
            let fields = scan.fields.map { [text(bytes, $0.nameRange), text(bytes, $0.valueRange)] }
            let isWhole = isEnd || framing == .untilClose
            return Read(
                startLine: startLine, isHTTP10: scan.version == .http10, fields: fields,
                body: isWhole ? Array(repeating: 0, count: body.payloadBytes) : nil)
        } catch { return nil }
    }

    private static func compare(
        _ ours: Read, _ theirs: (messages: [StockMessage], isRefused: Bool), _ bytes: [UInt8]
    ) throws {
        let shown = Comment(rawValue: String(decoding: bytes, as: UTF8.self).debugDescription)
        let message = try #require(theirs.messages.first, shown)
        #expect(message.startLine == ours.startLine && message.isHTTP10 == ours.isHTTP10, shown)
        // It leaves the blanks behind a value, which don't belong to it (RFC 9110, section 5.5).
        #expect(message.fields.map { [$0.name, Self.withoutBlanksBehind($0.value)] } == ours.fields, shown)
        if let body = ours.body { #expect(message.body.count == body.count, shown) }
    }

    private static func text(_ bytes: [UInt8], _ range: Range<Int>) -> String {
        String(decoding: bytes[range], as: UTF8.self)
    }

    private static func withoutBlanksBehind(_ value: String) -> String {
        String(decoding: value.utf8.reversed().drop { $0 == 0x20 || $0 == 0x09 }.reversed(), as: UTF8.self)
    }

    /// The target as it came, also where it is in absolute form.
    private static func rawTarget(_ bytes: [UInt8], _ scan: HTTPHeadScan) -> String {
        text(bytes, scan.method.upperBound + 1..<scan.target.upperBound)
    }
}
