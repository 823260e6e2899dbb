// SPDX-License-Identifier: Apache-2.0

import Testing
import WireHTTP

/// The end of a head that comes in pieces.
@Suite struct HTTPHeadEndTests {
    /// After how many bytes the end is found if they come one by one, or nil.
    private static func end(_ text: String, _ limits: HTTPSyntaxLimits = HTTPSyntaxLimits()) -> Int? {
        let bytes = Array(text.utf8)
        var end = HTTPHeadEnd(limits)
        for count in 0...bytes.count where end.isFound(in: bytes.span.extracting(0..<count)) { return count }
        return nil
    }

    @Test(arguments: [
        "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n\r\n", "HTTP/1.1 200 OK\r\nA:\r\n\r\n",
        "\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n",
    ])
    func `it is the empty line behind a line that isn't`(text: String) {
        #expect(Self.end(text + "\r\n\r\nmore\r\n\r\n") == text.utf8.count)
        var whole = HTTPHeadEnd()
        #expect(whole.isFound(in: text.utf8.span) && whole.isFound(in: text.utf8.span))
    }

    @Test(arguments: ["GET / HTTP/1.1\n", "GET / HTTP/1.1\r\nA: b\n", "\n", "\r\n\n", "GET / HTTP/1.1\r\n\r\r\n\n"])
    func `a line that no head has ends the search, as scanning refuses it`(text: String) {
        #expect(Self.end(text + "more") == text.utf8.count)
    }

    @Test func `no more empty lines are awaited than are passed over`() {
        #expect(Self.end("\r\n\r\n\r\n\r\n") == nil)
        #expect(Self.end("\r\n\r\n\r\n\r\n\r\n") == 10)
    }

    @Test func `no more is awaited than the limits let pass`() {
        var limits = HTTPSyntaxLimits()
        limits.lineBytesMax = 20
        limits.headBytesMax = 40
        #expect(Self.end(String(repeating: "a", count: 21), limits) == nil)
        #expect(Self.end(String(repeating: "a", count: 40), limits) == 22)
        #expect(Self.end(String(repeating: "a", count: 21) + "\r\n", limits) == 22)
        #expect(Self.end(String(repeating: "a", count: 20) + "\r\n" + String(repeating: "b", count: 18), limits) == nil)
        #expect(Self.end(String(repeating: "a", count: 20) + "\r\n" + String(repeating: "b", count: 19), limits) == 41)
    }

    @Test func `no byte is looked at twice`() {
        // A head of a million bytes, a thousand at a time: looking at all of them each time would take half a second.
        let bytes = Array(String(repeating: "A: bcdefghijklmn\r\n", count: 57_000).utf8)
        var limits = HTTPSyntaxLimits()
        limits.headBytesMax = 2 << 20
        func seconds(step: Int) -> Double {
            var end = HTTPHeadEnd(limits)
            let time = ContinuousClock().measure {
                for count in stride(from: 0, through: bytes.count, by: step) {
                    if end.isFound(in: bytes.span.extracting(0..<count)) { Issue.record("there is no end") }
                }
            }
            return time / .seconds(1)
        }
        #expect(seconds(step: 1000) < seconds(step: bytes.count) * 20)
    }
}
