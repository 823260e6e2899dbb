// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing
import WireHTTP

@testable import Ambassador

@Suite struct MirroredHeadTests {
    private func copy(
        _ fields: String, host: String = "b", _ purpose: MirroredHead.Purpose = .shadow, body: String = ""
    ) throws -> String {
        var scan = HTTPHeadScan()
        let head = ByteBuffer(string: "POST /a?token=1 HTTP/1.1\r\n\(fields)\r\n")
        let mirrored = try #require(MirroredHead(head, scan: &scan, host: ByteBuffer(string: "asked")))
        #expect(mirrored.words == ("POST", "/a"))
        return String(
            buffer: mirrored.bytes(for: purpose, host: ByteBuffer(string: host), body: ByteBuffer(string: body)))
    }

    @Test func `a copy names its host and says that it is one`() throws {
        #expect(
            try copy("X: 1\r\nHost: a\r\nContent-Length: 2\r\n", body: "hi")
                == "POST /a?token=1 HTTP/1.1\r\nhost: b\r\nX: 1\r\nContent-Length: 2\r\nx-mirrored: shadow\r\n\r\nhi")
        #expect(try copy("Host: a\r\n", .again).hasSuffix("\r\nx-mirrored: again\r\n\r\n"))
    }

    @Test func `a body that is sent at once isn't announced`() throws {
        #expect(try !copy("Expect: 100-continue\r\nHost: a\r\n").contains("100-continue"))
    }

    @Test func `the host is that of the head, or the one that was asked for`() throws {
        var scan = HTTPHeadScan()
        let named = ByteBuffer(string: "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        let nameless = ByteBuffer(string: "GET / HTTP/1.0\r\n\r\n")
        let asked = ByteBuffer(string: "asked")
        #expect(MirroredHead(named, scan: &scan, host: asked)?.host == ByteBuffer(string: "a"))
        #expect(MirroredHead(nameless, scan: &scan, host: asked)?.host == asked)
        #expect(MirroredHead(ByteBuffer(string: "GET / HTTP/1.1\r\n"), scan: &scan, host: asked) == nil)
    }

    @Test("A copy is known by its mark", arguments: [("X-Mirrored: shadow\r\n", true), ("X-Mirror: 1\r\n", false)])
    func mark(fields: String, isMarked: Bool) throws {
        let bytes = Array("GET / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n".utf8)
        var scan = HTTPHeadScan()
        #expect(try scan.scanRequest(bytes.span) != nil)
        let found = MirroredHead.isMarked(scan, bytes.span)
        #expect(found == isMarked)
    }
}
