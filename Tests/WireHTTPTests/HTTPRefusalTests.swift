// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing
import WireHTTP

/// What is refused: everything that two programs could read in two ways, and everything that is too much.
@Suite struct HTTPRefusalTests {
    private static let head = "POST / HTTP/1.1\r\nHost: x\r\n"
    private static let chunked = head + "Transfer-Encoding: chunked\r\n\r\n"

    @Test(
        "A first line that isn't exactly one is refused",
        arguments: [
            ("GET / HTTP/1.1\nHost: x\r\n\r\n", 400), ("\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", 400),
            ("GET  / HTTP/1.1\r\n\r\n", 400), ("GET /  HTTP/1.1\r\n\r\n", 400), (" GET / HTTP/1.1\r\n\r\n", 400),
            ("GET / HTTP/1.1 \r\n\r\n", 400), ("GET /\tHTTP/1.1\r\n\r\n", 400), ("GET\t/ HTTP/1.1\r\n\r\n", 400),
            ("GET /a b HTTP/1.1\r\n\r\n", 400), ("GET /\r\r\n\r\n", 400), ("GET /\r HTTP/1.1\r\n\r\n", 400),
            ("GET /\0 HTTP/1.1\r\n\r\n", 400), ("GET /\u{7F} HTTP/1.1\r\n\r\n", 400), ("GET /\r\n\r\n", 400),
            ("G(T / HTTP/1.1\r\n\r\n", 400), ("G\u{E9}T / HTTP/1.1\r\n\r\n", 400), ("GET\r\n\r\n", 400),
            (String(repeating: "A", count: 33) + " / HTTP/1.1\r\n\r\n", 400),
            ("GET / http/1.1\r\n\r\n", 400), ("GET / HTTP/1.10\r\n\r\n", 400), ("GET / HTTP/11\r\n\r\n", 400),
            ("GET / HTTP/1.2\r\n\r\n", 505), ("GET / HTTP/2.0\r\n\r\n", 505), ("GET / HTTP/0.9\r\n\r\n", 505),
            ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505), ("\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\n", 400),
            ("\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        ])
    func firstLine(_ row: (text: String, status: Int)) {
        #expect(refusal(row.text)?.status.code == row.status)
        #expect(refusal(row.text, sizes: [1])?.status.code == row.status)
    }

    @Test(
        "A target in no known form is refused",
        arguments: [
            "a", "*", "*a", "host:80", "ftp://a/b", "http:/a", "http://", "http:///a", "http://u@a/b", "http://a,b/",
            "http://a\\b/", "http://a#b/", "javascript:alert(1)",
        ])
    func target(_ target: String) {
        #expect(refusal("GET \(target) HTTP/1.1\r\nHost: x\r\n\r\n")?.status == .badRequest)
    }

    @Test func `a character that joins the slash before it hides no path`() {
        #expect(refusal("GET http://a/\u{301} HTTP/1.1\r\nHost: x\r\n\r\n")?.status == .badRequest)
    }

    @Test func `a target that isn't UTF-8, and one of CONNECT that is a path, are refused`() {
        #expect(throws: HTTPSyntaxError.self) {
            try readRequests(Array("GET /".utf8) + [0xFF] + Array(" HTTP/1.1\r\nHost: x\r\n\r\n".utf8))
        }
        #expect(refusal("CONNECT / HTTP/1.1\r\nHost: x\r\n\r\n")?.status == .badRequest)
        #expect(refusal("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n") == nil)
    }

    @Test(
        "A field that isn't exactly one is refused",
        arguments: [
            "A: b\nC: d\r\n", "A: b\n", "A : b\r\n", "A\t: b\r\n", " A: b\r\n", ": b\r\n", "A\r\n", "A b: c\r\n",
            "A: b\r\n c\r\n", "A: b\r\n\tc\r\n", "A: b\rc\r\n", "A: b\0\r\n", "A: \u{1}\r\n", "A: b\u{7F}\r\n",
            "\u{E9}: b\r\n", "A\"B: c\r\n", "A\r: b\r\n", "\r: b\r\n", "A: b\r\r\n",
        ])
    func field(_ field: String) {
        #expect(refusal(Self.head + field + "\r\n")?.status == .badRequest)
        #expect(refusal(Self.head + field + "\r\n", sizes: [1])?.status == .badRequest)
        // A trailer is held to the same.
        #expect(refusal(Self.chunked + "0\r\n" + field + "\r\n")?.status == .badRequest)
    }

    @Test(
        "Anything but one host is refused",
        arguments: [
            ("1.1", ""), ("1.1", "Host: a\r\nHost: a\r\n"), ("1.0", "Host: a\r\nhost: b\r\n"), ("1.1", "Host: a b\r\n"),
            ("1.1", "Host: a/b\r\n"), ("1.1", "Host: a, b\r\n"), ("1.1", "Host: u@a\r\n"), ("1.1", "Host: a?b\r\n"),
            ("1.1", "Host: a#b\r\n"), ("1.1", "Host: a\\b\r\n"), ("1.1", "Host: \u{E9}\r\n"), ("1.0", "Host: a\tb\r\n"),
        ])
    func host(_ row: (version: String, fields: String)) {
        #expect(refusal("GET / HTTP/\(row.version)\r\n\(row.fields)\r\n")?.status == .badRequest)
    }

    @Test(
        "A length that isn't exactly one is refused",
        arguments: [
            "Content-Length:\r\n", "Content-Length: +1\r\n", "Content-Length: -1\r\n", "Content-Length: 0x1\r\n",
            "Content-Length: 1 1\r\n", "Content-Length: 1, 1\r\n", "Content-Length: 1.0\r\n", "Content-Length: 1e0\r\n",
            "Content-Length: 1\r\nContent-Length: 1\r\n", "Content-Length: 1\r\nContent-Length: 2\r\n",
            "Content-Length: 9999999999999999999\r\n", "Content-Length: \u{FF11}\r\n",
            "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n",
        ])
    func length(_ fields: String) {
        #expect(refusal(Self.head + fields + "\r\n1")?.status == .badRequest)
        #expect(throws: HTTPSyntaxError.self) { try readResponses("HTTP/1.1 200 OK\r\n\(fields)\r\n1") }
    }

    @Test(
        "A transfer coding other than chunked, once, is refused",
        arguments: [
            "Transfer-Encoding: gzip\r\n", "Transfer-Encoding: gzip, chunked\r\n",
            "Transfer-Encoding: chunked, chunked\r\n",
            "Transfer-Encoding: identity\r\n", "Transfer-Encoding:\r\n", "Transfer-Encoding: chunked;a=b\r\n",
            "Transfer-Encoding: \"chunked\"\r\n", "Transfer-Encoding: xchunked\r\n", "Transfer-Encoding: chunked,\r\n",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        ])
    func coding(_ fields: String) {
        #expect(refusal(Self.head + fields + "\r\n")?.status == .notImplemented)
        #expect(throws: HTTPSyntaxError.self) { try readResponses("HTTP/1.1 200 OK\r\n\(fields)\r\n") }
    }

    @Test func `HTTP 1.0 has no chunks`() {
        #expect(refusal("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n")?.status == .badRequest)
        #expect(throws: HTTPSyntaxError.self) {
            try readResponses("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
        }
    }

    @Test(
        "A chunk that isn't exactly one is refused",
        arguments: [
            "\r\n", "x\r\n", "0x1\r\na\r\n0\r\n\r\n", "+1\r\na\r\n0\r\n\r\n", "-1\r\n", " 1\r\na\r\n", "1 \r\na\r\n",
            "1 2\r\n", "1,2\r\n", "1\na\r\n", "1\r\na\n0\r\n\r\n", "1\r\nab\r\n0\r\n\r\n", "1\r\na0\r\n\r\n",
            "1;a\0\r\na\r\n", "1;a\rb\r\na\r\n", "1;a\nb\r\n", ";a=b\r\n", "1000000000000000\r\n",
            "0000000000000001\r\na\r\n", "FFFFFFFFFFFFFFFF\r\n", "10000000000000000000001\r\na", "0\r\n\n", "0\n\r\n",
            "0\r\nContent-Length: 1\r\n\r\n", "0\r\nTransfer-Encoding: chunked\r\n\r\n", "0\r\nHost: x\r\n\r\n",
            "0\r\nTrailer: a\r\n\r\n", "0\r\nConnection: close\r\n\r\n",
        ])
    func chunk(_ body: String) {
        #expect(refusal(Self.chunked + body)?.status == .badRequest)
        #expect(refusal(Self.chunked + body, sizes: [1])?.status == .badRequest)
    }

    // MARK: - Limits

    private static func limits(_ change: (inout HTTPSyntaxLimits) -> Void) -> HTTPSyntaxLimits {
        var limits = HTTPSyntaxLimits()
        change(&limits)
        return limits
    }

    @Test(arguments: [[Int.max], [1]])
    func `a line may be as long as its limit, and no longer`(sizes: [Int]) {
        let limits = Self.limits { $0.lineBytesMax = 40 }
        func status(target: Int, value: Int) -> HTTPStatus? {
            let target = String(repeating: "a", count: target)
            let value = String(repeating: "b", count: value)
            return refusal("GET /\(target) HTTP/1.1\r\nHost: x\r\nA: \(value)\r\n\r\n", sizes: sizes, limits: limits)?
                .status
        }
        #expect(status(target: 26, value: 37) == nil)
        #expect(status(target: 27, value: 37) == .uriTooLong)
        #expect(status(target: 26, value: 38) == .headerFieldsTooLarge)
        // The limit holds before the line has ended.
        let long = String(repeating: "a", count: 43)
        #expect(refusal("GET /\(long)", sizes: sizes, limits: limits)?.status == .uriTooLong)
        #expect(refusal("GET / HTTP/1.1\r\n\(long)", sizes: sizes, limits: limits)?.status == .headerFieldsTooLarge)
    }

    @Test(arguments: [[Int.max], [1]])
    func `a head may be as long as its limit, and no longer`(sizes: [Int]) {
        let text = "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n\r\n"
        let length = text.utf8.count
        #expect(refusal(text, sizes: sizes, limits: Self.limits { $0.headBytesMax = length }) == nil)
        let tooShort = Self.limits { $0.headBytesMax = length - 1 }
        #expect(refusal(text, sizes: sizes, limits: tooShort)?.status == .headerFieldsTooLarge)
        // The limit holds before the head has ended.
        let part = String(text.dropLast())
        #expect(refusal(part, sizes: sizes, limits: Self.limits { $0.headBytesMax = length - 3 }) != nil)
    }

    @Test func `a head or trailer may have as many fields as its limit, and no more`() {
        let limits = Self.limits { $0.fieldCountMax = 3 }
        #expect(refusal(Self.head + "A: b\r\nC: d\r\n\r\n", limits: limits) == nil)
        #expect(
            refusal(Self.head + "A: b\r\nC: d\r\nE: f\r\n\r\n", limits: limits)?.status == .headerFieldsTooLarge)
        let trailer = Self.chunked + "0\r\nA: b\r\nA: b\r\nA: b\r\n"
        #expect(refusal(trailer + "\r\n", limits: limits) == nil)
        #expect(refusal(trailer + "A: b\r\n\r\n", limits: limits)?.status == .headerFieldsTooLarge)
    }

    @Test(arguments: [[Int.max], [1]])
    func `a chunk's size may be as long as its limit, and no longer`(sizes: [Int]) {
        let limits = Self.limits { $0.chunkLineBytesMax = 20 }
        func status(_ length: Int, ends: Bool) -> HTTPStatus? {
            let line = "1;" + String(repeating: "a", count: length - 2)
            return refusal(
                Self.chunked + line + (ends ? "\r\na\r\n0\r\n\r\n" : ""), sizes: sizes, limits: limits)?.status
        }
        #expect(status(19, ends: true) == nil)
        #expect(status(21, ends: true) == .badRequest)
        #expect(status(20, ends: false) == nil)
        #expect(status(21, ends: false) == .badRequest)
    }

    @Test func `the length and the chunk that are the largest are taken`() throws {
        #expect(try readRequests(Self.head + "Content-Length: 999999999999999999\r\n\r\na")[0].text == "a")
        #expect(try readRequests(Self.chunked + "FFFFFFFFFFFFFFF\r\na")[0].text == "a")
        #expect(try readRequests(Self.chunked + "000000000000001\r\na\r\n0\r\n\r\n")[0].text == "a")
    }
}
