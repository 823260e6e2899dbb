// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing
import WireHTTP

/// What a head means for whoever passes it on.
@Suite struct HTTPForwardingTests {
    private static func scan(_ fields: String, version: String = "1.1") throws -> (HTTPHeadScan, [UInt8]) {
        let text = "GET /a HTTP/\(version)\r\nHost: x\r\n\(fields)\r\n\r\n"
        return (try #require(try HTTPHeadScanTests.request(text)), Array(text.utf8))
    }

    @Test func `the fields begin behind the first line, also if there are none`() throws {
        let (scan, _) = try Self.scan("A: b")
        #expect(scan.startLineEnd == 17 && scan.fieldsStart == 17)
        let response = try #require(try HTTPHeadScanTests.response("HTTP/1.1 200 OK\r\n\r\n"))
        #expect(response.fieldsStart == 17)
    }

    @Test(arguments: [
        ("A: b", false), ("Via: b", false), ("Date: b", false), ("Connection: close", true), ("Connection: a", true),
        ("TE: trailers", true), ("Trailer: a", true), ("Upgrade: a", true), ("Keep-Alive: a", true),
        ("HTTP2-Settings: a", true), ("Proxy-Connection: a", true), ("Proxy-Authenticate: a", true),
        ("Proxy-Authorization: a", true),
    ])
    func `fields that end with the connection are known`(field: String, isOfConnection: Bool) throws {
        let (scan, _) = try Self.scan(field)
        #expect(scan.hasConnectionFields == isOfConnection)
        #expect(scan.fields[1].name.isOfConnection == isOfConnection)
    }

    @Test(arguments: ["X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "Forwarded"])
    func `fields that tell who a client is are known`(name: String) throws {
        #expect(try Self.scan("\(name): a").0.present.containsAnyOfForwarding)
        #expect(try !Self.scan("\(name)s: a").0.present.containsAnyOfForwarding)
    }

    @Test func `a field that Connection names in any of its lines ends with the connection`() throws {
        let (scan, bytes) = try Self.scan("A: 1\r\nConnection: close,  b ,c\r\nB: 2\r\nBc: 3\r\nConnection: A\r\nC: 4")
        let named = scan.fields.filter { scan.isNamedByConnection($0, bytes.span) }
        #expect(named.map { bytes[$0.nameRange] } == ["A", "B", "C"].map { Array($0.utf8)[...] })
    }

    @Test(
        arguments: [
            ("Connection: upgrade\r\nUpgrade: websocket", "1.1", true),
            ("Connection: keep-alive, Upgrade\r\nUpgrade: a/1, b", "1.1", true), ("Upgrade: websocket", "1.1", false),
            ("Connection: upgrade", "1.1", false), ("Connection: upgrade\r\nUpgrade: websocket", "1.0", false),
            ("Connection: upgrade\r\nUpgrade: h2c", "1.1", false),
            ("Connection: upgrade\r\nUpgrade: websocket, H2C", "1.1", false),
            ("Connection: upgrade\r\nUpgrade: h2c,", "1.1", false),
            ("Connection: upgrade\r\nUpgrade: websocket\r\nUpgrade: h2c", "1.1", false),
            ("Connection: upgrade, http2-settings\r\nUpgrade: websocket\r\nHTTP2-Settings: a", "1.1", false),
        ])
    func `another protocol may be asked for, but for one that hides requests`(
        row: (fields: String, version: String, asks: Bool)
    ) throws {
        let (scan, bytes) = try Self.scan(row.fields, version: row.version)
        #expect(scan.asksForUpgrade(bytes.span) == row.asks)
    }

    @Test(arguments: [1, 2, 3, 7, .max]) func `a body's chunks are taken off, in whatever pieces it comes`(size: Int) {
        var unchunker = HTTPBodyUnchunker(HTTPSyntaxLimits())
        var data: [UInt8] = []
        for piece in pieces(Array("5;a=b\r\nhello\r\n1\r\n!\r\n0\r\nA: b\r\n\r\n".utf8), sizes: [size]) {
            data += unchunker.data(in: piece).readableBytesView
        }
        #expect(String(decoding: data, as: UTF8.self) == "hello!")
        #expect(unchunker.trailer == ["a": "b"])
    }

    @Test func `a scanned response becomes a head with the bytes that it came in`() throws {
        let bytes = ByteBuffer(string: "HTTP/1.0 404 Not Found\r\nA: b\r\nC:  d \r\n\r\n")
        var scan = HTTPHeadScan()
        #expect(try scan.scanResponse(bytes.readableBytesUInt8Span) == bytes.readableBytes)
        let head = HTTPResponseHead(scan, bytes: bytes)
        _ = try scan.scanResponse("HTTP/1.1 200 OK\r\n\r\n".utf8.span)
        #expect(head == HTTPResponseHead(.notFound, version: .http10, fields: ["a": "b", "c": "d"]))
    }
}
