// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing
import WireHTTP

/// What is written is read as what it was.
@Suite struct HTTPEncoderTests {
    @Test func `a request's head is read as it was written`() throws {
        let fields: HTTPFields = ["Host": "x", "A": "", "b": "\u{E9} c"]
        for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "M-SEARCH"] {
            let head = HTTPRequestHead(HTTPMethod(method), "/a?b=%20\u{E9}", fields: fields)
            var bytes = ByteBuffer()
            bytes.writeHTTPHead(head)
            #expect(try readRequests(Array(bytes.readableBytesView)).map(\.head) == [head])
            #expect(head.method.name == method)
        }
    }

    @Test func `no target and no method brings a second request with it`() throws {
        let target = "/a b\r\n\u{1}\u{7F}HTTP/1.1\r\nHost: y\r\n\r\nGET /c"
        var bytes = ByteBuffer()
        bytes.writeHTTPHead(HTTPRequestHead(.other("GE T / HTTP/1.1\r\n"), target, fields: ["Host": "x"]))
        let requests = try readRequests(Array(bytes.readableBytesView))
        #expect(requests.count == 1 && requests[0].head.fields == ["Host": "x"])
        #expect(
            requests[0].head.target == "/a%20b%0D%0A%01%7FHTTP/1.1%0D%0AHost:%20y%0D%0A%0D%0AGET%20/c")
    }

    @Test func `a response's head is read as it was written, for every status`() throws {
        for code in 102...999 {
            let head = HTTPResponseHead(HTTPStatus(code), fields: ["A": "b"])
            var bytes = ByteBuffer()
            bytes.beginHTTPHead(head)
            bytes.writeHTTPField("c", "d")
            bytes.endHTTPHead()
            let read = try readResponses(String(buffer: bytes)).responses
            #expect(read.map(\.head) == [HTTPResponseHead(HTTPStatus(code), fields: ["A": "b", "C": "d"])])
            #expect(!head.status.reason.isEmpty && head.status.isSuccess == (code / 100 == 2))
        }
    }

    @Test func `chunks are read as they were written, with their trailer`() throws {
        var bytes = ByteBuffer(string: "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        let parts = [1, 9, 10, 15, 16, 255, 256, 70_000].map { String(repeating: "a", count: $0) }
        for part in parts {
            bytes.writeHTTPChunkSize(part.utf8.count)
            bytes.writeString(part + "\r\n")
        }
        bytes.writeHTTPLastChunk(trailer: ["A": "b"])
        let requests = try readRequests(Array(bytes.readableBytesView))
        #expect(requests.map(\.text) == [parts.joined()] && requests[0].trailer == ["a": "b"])
    }
}
