// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing
import WireHTTP

/// Where a response ends: that isn't in its head alone, but in the request and in the connection too.
@Suite struct HTTPResponseDecoderTests {
    @Test(arguments: [[Int.max], [1], [7]])
    func `responses follow each other, each with its body`(sizes: [Int]) throws {
        let text =
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n"
            + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
            + "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n" + "HTTP/1.1 304\r\nContent-Length: 5\r\n\r\n"
            + "HTTP/1.1 500 \r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nT: u\r\n\r\n"
            + "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n" + "HTTP/1.1 999 What \u{E9}ver\r\n\r\nuntil close"
        let (responses, isWhole) = try readResponses(text, sizes: sizes)
        #expect(responses.map(\.head.status.code) == [100, 103, 200, 204, 304, 500, 200, 999])
        #expect(responses.map(\.text) == ["", "", "hi", "", "", "a", "", "until close"])
        #expect(responses.map { $0.trailer != nil } == [false, false, true, true, true, true, true, false])
        #expect(responses[5].trailer == ["t": "u"] && responses[1].head.fields["link"] == "a")
        #expect(responses[6].head.version == .http10 && isWhole)
    }

    @Test func `the answer to HEAD has no body, whatever its fields say`() throws {
        for field in ["Content-Length: 5", "Transfer-Encoding: chunked", "A: b"] {
            let (responses, isWhole) = try readResponses(
                "HTTP/1.1 200 OK\r\n\(field)\r\n\r\nHTTP/1.1 404 No\r\n\(field)\r\n\r\n", to: .head)
            #expect(responses.map(\.head.status.code) == [200, 404] && isWhole)
        }
    }

    @Test(arguments: [
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", false),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", true),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", false),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n", false),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", true),
        ("HTTP/1.1 200 OK\r\n\r\nhello", true), ("HTTP/1.1 200 OK\r\nA: b\r\n", false), ("HTT", false), ("", true),
    ])
    func `an end that cuts a response off is told from one that ends it`(text: String, isWhole: Bool) throws {
        #expect(try readResponses(text).isWhole == isWhole)
        #expect(try readResponses(text, sizes: [1]).isWhole == isWhole)
    }

    @Test(arguments: [100, 103, 204])
    func `a response that can have no body announces none`(status: Int) throws {
        for field in ["Content-Length: 5", "Transfer-Encoding: chunked"] {
            #expect(throws: HTTPSyntaxError.self) { try readResponses("HTTP/1.1 \(status) A\r\n\(field)\r\n\r\n") }
        }
        #expect(try readResponses("HTTP/1.1 \(status) A\r\nContent-Length: 0\r\n\r\n").responses.count == 1)
    }

    @Test(
        "What isn't a status line is refused",
        arguments: [
            "HTTP/1.1 20 OK", "HTTP/1.1 2000 OK", "HTTP/1.1 099 OK", "HTTP/1.1 -20 OK", "HTTP/1.1 2x0 OK",
            "HTTP/1.1  200 OK", "HTTP/1.1\t200 OK", "HTTP/2.0 200 OK", "HTTP/1.1 200OK", "http/1.1 200 OK", "200 OK",
            "HTTP/1.1 200 O\rK", "HTTP/1.1 200 O\0K", "GET / HTTP/1.1", "HTTP/1.1 101 Switching Protocols",
        ])
    func statusLine(_ line: String) {
        #expect(throws: HTTPSyntaxError.self) { try readResponses("\(line)\r\nContent-Length: 0\r\n\r\n") }
        #expect(throws: HTTPSyntaxError.self) { try readResponses("\(line)\r\n\r\n", sizes: [1]) }
    }

    @Test func `after the end of the connection there is nothing more`() throws {
        var decoder = HTTPResponseDecoder()
        decoder.feed(ByteBuffer(string: "HTTP/1.1 200 OK\r\n\r\n"))
        while try decoder.next() != nil {}
        #expect(decoder.endOfInput() == true)
        decoder.feed(ByteBuffer(string: "HTTP/1.1 200 OK\r\n\r\n"))
        let more = try decoder.next()
        let isWhole = decoder.endOfInput()
        #expect(more == nil && !isWhole)
    }
}
