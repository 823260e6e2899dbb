// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing
import WireHTTP

@Suite struct HTTPDecoderTests {
    @Test func `a request without a body is a head and an end`() throws {
        var decoder = HTTPRequestDecoder()
        decoder.feed(ByteBuffer(string: "GET /a?b=c HTTP/1.1\r\nHost: x\r\nA:  b \r\n\r\n"))
        guard case .head(let head)? = try decoder.next() else {
            Issue.record("there is no head")
            return
        }
        #expect(head.method == .get && head.target == "/a?b=c" && head.fields["a"] == "b")
        guard case .end? = try decoder.next() else {
            Issue.record("there is no end")
            return
        }
        #expect(try decoder.next() == nil)
    }
}
