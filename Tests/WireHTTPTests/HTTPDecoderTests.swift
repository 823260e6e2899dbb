// SPDX-License-Identifier: Apache-2.0

import NIOCore
import TestKit
import Testing
import WireHTTP

/// What is taken, and that it doesn't matter in which pieces it comes.
@Suite struct HTTPDecoderTests {
    private static let stream =
        "GET /a?b=c HTTP/1.1\r\nHost: x\r\nA:  b \r\nEmpty:\r\n\r\n"
        + "POST /b HTTP/1.1\r\nhost: x:80\r\ncontent-length: 5\r\n\r\nhello"
        + "\r\nPUT /c HTTP/1.1\r\nHost: [::1]:80\r\nTransfer-Encoding: Chunked\r\n\r\n"
        + "5;a=b;c=\"d e\"\r\nhello\r\n01;x\r\n!\r\n000\r\nChecksum: 12\r\n\r\n"
        + "POST /d HTTP/1.1\r\nHost:\r\nContent-Length: 0\r\n\r\n"
        + "GET /e HTTP/1.0\r\n\r\n" + "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n"
        + "M-SEARCH /\u{E9} HTTP/1.1\r\nHost: x\r\nA: \u{E9}\tb\r\n\r\n"

    @Test func `requests are read in their order, with their bodies`() throws {
        let requests = try readRequests(Self.stream)
        #expect(requests.map(\.head.target) == ["/a?b=c", "/b", "/c", "/d", "/e", "*", "/\u{E9}"])
        #expect(requests.map(\.head.method) == [.get, .post, .put, .post, .get, .options, .other("M-SEARCH")])
        #expect(requests.map(\.text) == ["", "hello", "hello!", "", "", "", ""])
        #expect(requests.allSatisfy { $0.trailer != nil })
        #expect(requests[0].head.fields == ["Host": "x", "A": "b", "Empty": ""])
        #expect(requests[2].trailer == ["checksum": "12"])
        #expect(requests[4].head.version == .http10 && requests[0].head.version == .http11)
        #expect(requests[6].head.fields["a"] == "\u{E9}\tb")
    }

    @Test func `every way to cut the bytes into two gives the same`() throws {
        let whole = try readRequests(Self.stream)
        for cut in 1..<Self.stream.utf8.count {
            #expect(try readRequests(Self.stream, sizes: [cut, .max]) == whole, "cut at \(cut)")
        }
    }

    @Test func `bytes one by one, or in random pieces, give the same`() throws {
        let whole = try readRequests(Self.stream)
        #expect(try readRequests(Self.stream, sizes: [1]) == whole)
        var numbers = SeededNumbers(seed: 1)
        for _ in 0..<300 {
            let sizes = (0..<100).map { _ in Int.random(in: 1...12, using: &numbers) }
            #expect(try readRequests(Self.stream, sizes: sizes) == whole, "\(sizes)")
        }
    }

    @Test func `a body comes as it is sent, not when it is whole`() throws {
        var decoder = HTTPRequestDecoder()
        decoder.feed(ByteBuffer(string: "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc"))
        guard case .head? = try decoder.next(), case .body(let part)? = try decoder.next() else {
            Issue.record("there is no body")
            return
        }
        #expect(part == ByteBuffer(string: "abc"))
        let more = try decoder.next()
        #expect(more == nil && decoder.isWithinMessage && decoder.bufferedBytes == 0)
        decoder.feed(ByteBuffer(string: "defghijGET"))
        guard case .body? = try decoder.next(), case .end? = try decoder.next() else {
            Issue.record("there is no end")
            return
        }
        let evenMore = try decoder.next()
        #expect(evenMore == nil && decoder.isWithinMessage)
    }

    @Test func `between two requests nothing of the last one is left`() throws {
        var decoder = HTTPRequestDecoder()
        #expect(!decoder.isWithinMessage)
        for _ in 0..<3 {
            decoder.feed(ByteBuffer(string: "GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
            while try decoder.next() != nil {}
            #expect(!decoder.isWithinMessage && decoder.bufferedBytes == 0)
        }
    }

    @Test func `after an error there is nothing more`() throws {
        let broken = [
            "GET / HTTP/1.1\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabcd\r\n",
            "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nHost: x\r\n\r\n",
        ]
        for text in broken {
            var decoder = HTTPRequestDecoder()
            decoder.feed(ByteBuffer(string: text))
            #expect(throws: HTTPSyntaxError.self) { while try decoder.next() != nil {} }
            decoder.feed(ByteBuffer(string: "\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"))
            let more = try decoder.next()
            #expect(more == nil && decoder.bufferedBytes == 0 && !decoder.isWithinMessage, "\(text)")
        }
    }

    @Test(arguments: [
        ("http://a.example/b?c", "a.example", "/b?c"), ("HTTP://a.example", "a.example", "/"),
        ("https://a.example:8443?c", "a.example:8443", "/?c"), ("http://[::1]:80/", "[::1]:80", "/"),
    ])
    func `the absolute form is a path, and its authority the host`(target: String, host: String, path: String) throws {
        let head = try readRequests("GET \(target) HTTP/1.1\r\nA: b\r\nHost: \(host.uppercased())\r\n\r\n")[0].head
        #expect(head.target == path)
        #expect(head.fields["host"] == host.uppercased() && head.fields.count == 2 && head.fields["a"] == "b")
        for fields in ["Host: other\r\n", "Host: \(host).\r\n", "Host:\r\n", "Host: \(host)0\r\n"] {
            #expect(refusal("GET \(target) HTTP/1.1\r\n\(fields)\r\n")?.status == .badRequest)
        }
        #expect(refusal("GET \(target) HTTP/1.0\r\n\r\n")?.status == .badRequest)
    }

    @Test(
        arguments: [
            ("", .http11, true), ("Connection: close\r\n", .http11, false),
            ("Connection: a, CLOSE\r\n", .http11, false),
            ("Connection: a\r\nConnection: close\r\n", .http11, false), ("Connection: closed\r\n", .http11, true),
            ("", .http10, false), ("Connection: keep-alive\r\n", .http10, false),
        ] as [(String, HTTPVersion, Bool)])
    func `a connection goes on unless somebody says otherwise`(
        fields: String, version: HTTPVersion, keeps: Bool
    ) throws {
        let name = version == .http10 ? "HTTP/1.0" : "HTTP/1.1"
        #expect(try readRequests("GET / \(name)\r\nHost: x\r\n\(fields)\r\n")[0].head.keepsConnection == keeps)
    }

    @Test func `what a client expects is read`() throws {
        func expects(_ version: String, _ value: String) throws -> Bool {
            try readRequests("PUT / \(version)\r\nHost: x\r\nExpect: \(value)\r\n\r\n")[0].head.expectsContinue
        }
        #expect(try expects("HTTP/1.1", "100-Continue"))
        #expect(try !expects("HTTP/1.1", "200-continue"))
        #expect(try !expects("HTTP/1.0", "100-continue"))
    }
}
