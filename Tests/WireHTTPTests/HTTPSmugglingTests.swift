// SPDX-License-Identifier: Apache-2.0

import NIOCore
import TestKit
import Testing
import WireHTTP

/// What has let requests through that only one of two servers saw, or fields that a proxy should have taken away.
///
/// Method: each known way is a row, and each byte is tried in each place of a head. The decoder stands on the same
/// scan, so its own tests of what is refused (`HTTPRefusalTests`) hold here too.
@Suite struct HTTPSmugglingTests {
    private static func status(_ bytes: [UInt8]) -> HTTPStatus? {
        var scan = HTTPHeadScan()
        do {
            #expect(try scan.scanRequest(bytes.span) == bytes.count, "\(String(decoding: bytes, as: UTF8.self))")
            return nil
        } catch { return error.status }
    }

    @Test(
        "Two ways to say where a body ends are refused, however they are written",
        arguments: [
            ("Content-Length: 4\r\nTransfer-Encoding: chunked", 400),
            ("Transfer-Encoding: chunked\r\nContent-Length: 0", 400),
            ("Content-Length: 0\r\nContent-Length: 0", 400), ("content-length: 4\r\nCONTENT-LENGTH: 5", 400),
            ("Content-Length: 4, 4", 400), ("Content-Length: 4 ,", 400), ("Content-Length: \"4\"", 400),
            ("Content-Length: +4", 400), ("Content-Length: -0", 400), ("Content-Length: 4;", 400),
            ("Content-Length: 4_0", 400),
            ("Content-Length: 0x4", 400), ("Content-Length: 4\u{B}", 400), ("Content-Length:\u{B}4", 400),
            ("Content-Length: \u{C}4", 400), ("Content-Length: 4\0", 400), ("Content-Length: 4\u{A0}", 400),
            ("Content-Length:\t4", 400), ("Content-Length: \t 4", 400), ("Content-Length: 4 ", 400),
            ("Content-Length: 4\t", 400),
            ("Transfer-Encoding:\tchunked", 501), ("Transfer-Encoding: chunked ", 501),
            ("Transfer-Encoding: chunked\t", 501),
            ("Content-Length : 4", 400), ("Content-Length\t: 4", 400), (" Content-Length: 4", 400),
            ("Content-Length", 400),
            ("Content-Length\u{B}: 4", 400), ("Content-Length\0: 4", 400), ("\u{B}Content-Length: 4", 400),
            ("A: b\r\n Content-Length: 4", 400), ("A: b\r\n\tTransfer-Encoding: chunked", 400),
            ("A: b\nTransfer-Encoding: chunked", 400), ("A: b\rTransfer-Encoding: chunked", 400),
            ("Transfer-Encoding: chunked\r\n , identity", 400), ("Transfer-Encoding:\r\n chunked", 501),
            ("Transfer-Encoding : chunked", 400), ("Transfer-Encoding: \u{B}chunked", 400),
            ("Transfer-Encoding: chunked, identity", 501), ("Transfer-Encoding: identity, chunked", 501),
            ("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", 501),
            ("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked", 501), ("Transfer-Encoding: 'chunked'", 501),
            ("Transfer-Encoding: chunked\r\nTransfer-encoding: x", 501), ("Transfer-Encoding: , chunked", 501),
            ("Transfer-Encoding: chunked;", 501), ("Transfer-Encoding: chu\u{212A}ed", 501),
            ("Transfer-Encoding: chunkedx", 501),
            ("Connection: Content-Length\r\nContent-Length: 4", 400), ("Connection: close, transfer-encoding", 400),
            ("Connection: Host", 400), ("Connection: X-Forwarded-For", 400), ("Connection: Cookie", 400),
            ("Connection: forwarded", 400), ("Connection: keep-alive, expect", 400),
        ])
    func framing(_ row: (fields: String, status: Int)) {
        let text = "POST / HTTP/1.1\r\nHost: x\r\n\(row.fields)\r\n\r\n"
        #expect(Self.status(Array(text.utf8))?.code == row.status)
        #expect(refusal(text)?.status.code == row.status)
        let response = "HTTP/1.1 200 OK\r\n\(row.fields)\r\n\r\n"
        #expect(throws: HTTPSyntaxError.self) { try HTTPHeadScanTests.response(response) }
    }

    @Test(
        "Two ways to say whom a request is for are refused",
        arguments: [
            ("/", "Host: a\r\nHost: a"), ("/", "Host: a\r\nhost: b"), ("/", "A: b"), ("/", "Host: a/b"),
            ("/", "Host:\ta"), ("/", "Host: a "),
            ("/", "Host: a:80:81"),
            ("/", "Host: a:b"), ("/", "Host: :80"), ("/", "Host: a:-1"), ("/", "Host: [::1"), ("/", "Host: ::1]"),
            ("/", "Host: []"),
            ("/", "Host: [::1]x"), ("/", "Host: [::1]:x"), ("/", "Host: ::1"), ("/", "Host: x[::1]"),
            ("/", "Host: [[::1]]"),
            ("/", "Host: a, b"), ("/", "Host: a b"), ("/", "Host: u@a"), ("/", "Host: u:p@a"), ("/", "Host: http://a"),
            ("/", "Host: a\\b"), ("/", "Host: a\u{E9}"), ("http://a/", "Host: b"), ("http://a/", "Host: a:80"),
            ("http://a/", "Host:"),
            ("http://a:80/", "Host: a"), ("http://a/", "A: b"), ("http://u@a/", "Host: a"),
            ("http://a:80:81/", "Host: a"),
            ("http://a\\@b/", "Host: a"), ("http:a/", "Host: a"), ("http:/a/", "Host: a"), ("//a/", "A: b"),
            ("a/", "Host: a"),
            ("http:///a", "Host:"), ("http://:80/", "Host: :80"), ("http://?", "Host:"), ("ws://a/", "Host: a"),
            ("*", "Host: a"),
            ("/#", "Host: a"), ("/a#?b", "Host: a"), ("http://a/#", "Host: a"), ("http://a#/", "Host: a"),
            ("?a", "Host: a"),
        ])
    func host(_ row: (target: String, field: String)) {
        let text = "GET \(row.target) HTTP/1.1\r\n\(row.field)\r\n\r\n"
        #expect(Self.status(Array(text.utf8)) == .badRequest)
        #expect(refusal(text)?.status == .badRequest)
    }

    @Test(arguments: [
        "a", "a:", ":1", "/", "*", "http://a:1", "a:1/", "u@a:1", "a:1:2", "[::1]", "[::1:1", "a:x", "a,b:1",
    ])
    func `a tunnel is asked for by a host and its port alone`(target: String) {
        #expect(refusal("CONNECT \(target) HTTP/1.1\r\nHost: a\r\n\r\n")?.status == .badRequest)
    }

    @Test func `bytes of a target that are no UTF-8 are refused`() {
        // The second is a slash to a reader that takes long forms.
        for bytes: [UInt8] in [[0xFF], [0xC0, 0xAF], [0xE2, 0x82], [0xED, 0xA0, 0x80], [0x41, 0x80]] {
            for prefix in ["/", "/a/long/enough/path", "/?", "http://x/"] {
                let text = Array("GET \(prefix)".utf8) + bytes + Array(" HTTP/1.1\r\nHost: x\r\n\r\n".utf8)
                #expect(Self.status(text) == .badRequest)
            }
        }
    }

    @Test(arguments: [
        "GET /\r\n", "GET / \r\n\r\n", "GET /", "GET / HTTP/1.1\n\n", "GET / HTTP/1.1\r\r\n", "\n",
        "\u{B}GET / HTTP/1.1\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\u{16}\u{3}\u{1}\u{2}\0\u{1}", "HTTP/1.1 200 OK\r\n\r\n",
        "GET / HTTP/1.1 a\r\n\r\n",
    ])
    func `what is no HTTP 1 is refused as soon as it shows`(text: String) {
        for count in 1...text.utf8.count {
            if Self.isRefused(Array(text.utf8.prefix(count))) { return }
        }
        #expect(text == "GET /", "\(text.debugDescription)")
    }

    private static func isRefused(_ bytes: [UInt8]) -> Bool {
        var scan = HTTPHeadScan()
        do { return try scan.scanRequest(bytes.span) == .max } catch { return true }
    }

    // MARK: - Byte by byte

    private static let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    private static let places: [(before: String, after: String, taken: Set<UInt8>)] = [
        ("G", "T / HTTP/1.1\r\nHost: x\r\n\r\n", Set((letters + "!#$%&'*+-.^_`|~").utf8)),
        ("GET /aaaaaaaa", "a HTTP/1.1\r\nHost: x\r\n\r\n", Set(0x21...0x7E).subtracting("#".utf8)),
        ("GET / HTTP/1.", "\r\nHost: x\r\n\r\n", Set("01".utf8)),
        ("GET / HTTP/1.1\r\nHost: x\r\nAccept", "Accept: b\r\n\r\n", Set((letters + "!#$%&'*+-.^_`|~:").utf8)),
        ("GET / HTTP/1.1\r\nHost: x\r\n", "Accept: b\r\n\r\n", Set((letters + "!#$%&'*+-.^_`|~").utf8)),
        ("GET / HTTP/1.1\r\nHost: x\r\nA: b", "c\r\n\r\n", Set(0x20...0xFF).subtracting([0x7F]).union([0x09])),
        ("GET / HTTP/1.1\r\nHost: a", "b\r\n\r\n", Set((letters + "!$%&'()*+-.;=_~").utf8)),
        ("GET / HTTP/1.1\r\nHost: a:1", "1\r\n\r\n", Set("0123456789".utf8)),
        ("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1", "1\r\n\r\n", Set("0123456789".utf8)),
        ("GET / HTTP/1.1\r\nHost: x", "\n\r\n", [0x0D]), ("GET / HTTP/1.1\r\nHost: x\r", "\r\n", [0x0A]),
        ("GET / HTTP/1.1\r\nHost: x\r\n\r", "", [0x0A]),
    ]

    @Test(arguments: places.indices) func `a byte is taken where it may stand, and nowhere else`(place: Int) {
        let (before, after, taken) = Self.places[place]
        // Bytes are looked at by eight: each of them is tried in each place of the eight.
        for shift in 0..<8 {
            let before = before.replacing("GET /", with: "GET /" + String(repeating: "a", count: shift))
            for byte in UInt8.min ... .max {
                let bytes = Array(before.utf8) + [byte] + Array(after.utf8)
                #expect((Self.status(bytes) == nil) == taken.contains(byte), "\(byte) behind \(shift)")
            }
        }
    }

    @Test func `a byte is taken in a reason where it may stand, and nowhere else`() {
        let taken = Set<UInt8>(0x20...0xFF).subtracting([0x7F]).union([0x09])
        for byte in UInt8.min ... .max {
            var scan = HTTPHeadScan()
            let bytes = Array("HTTP/1.1 200 O".utf8) + [byte] + Array("K\r\n\r\n".utf8)
            let count = try? scan.scanResponse(bytes.span)
            #expect((count == bytes.count) == taken.contains(byte), "\(byte)")
        }
    }
}
