// SPDX-License-Identifier: Apache-2.0

import Testing
import WireHTTP

/// Where the parts of a head lie.
@Suite struct HTTPHeadScanTests {
    static func request(_ text: String) throws(HTTPSyntaxError) -> HTTPHeadScan? {
        var scan = HTTPHeadScan()
        return try scan.scanRequest(text.utf8.span) == nil ? nil : scan
    }

    static func response(_ text: String) throws(HTTPSyntaxError) -> HTTPHeadScan? {
        var scan = HTTPHeadScan()
        return try scan.scanResponse(text.utf8.span) == nil ? nil : scan
    }

    private static func part(_ range: Range<Int>?, of text: String) -> String? {
        range.map { String(decoding: Array(text.utf8)[$0], as: UTF8.self) }
    }

    @Test func `a request's parts are found where they are`() throws {
        let text =
            "\r\n\r\nPUT /a/b?c=d?e HTTP/1.0\r\nHost:x:80\r\nX-Any: \t b c\t \r\nEmpty:\r\n"
            + "content-LENGTH: 12\r\nConnection: upgrade , x-any\r\n\r\nmore"
        var scan = HTTPHeadScan()
        #expect(try scan.scanRequest(text.utf8.span) == text.utf8.count - 4)
        func part(_ range: Range<Int>?) -> String? { Self.part(range, of: text) }
        #expect(part(scan.method) == "PUT" && part(scan.target) == "/a/b?c=d?e" && part(scan.path) == "/a/b")
        #expect(part(scan.query) == "c=d?e" && scan.authority == nil && scan.version == .http10)
        #expect(part(scan.host) == "x:80" && scan.contentLength == 12 && !scan.isChunked)
        #expect(scan.fields.map { part($0.nameRange) } == ["Host", "X-Any", "Empty", "content-LENGTH", "Connection"])
        #expect(scan.fields.map { part($0.valueRange) } == ["x:80", "b c", "", "12", "upgrade , x-any"])
        #expect(scan.fields.map(\.name) == [.host, .other, .other, .contentLength, .connection])
        #expect(part(scan.fields[1].lineRange) == "X-Any: \t b c\t \r\n")
        #expect(scan.connection == [.upgrade, .others] && !scan.keepsConnection)
        #expect(scan.present.contains(.host) && scan.present.contains(.connection) && !scan.present.contains(.via))
    }

    @Test func `a response's parts are found where they are`() throws {
        let text = "HTTP/1.1 503 Out of \u{E9}\tThis\r\nServer: x\r\nTransfer-Encoding: CHUNKED\r\n\r\nmore"
        var scan = HTTPHeadScan()
        #expect(try scan.scanResponse(text.utf8.span) == text.utf8.count - 4)
        #expect(scan.status == 503 && scan.version == .http11 && scan.isChunked && scan.keepsConnection)
        #expect(scan.fields.map(\.name) == [.server, .transferEncoding])
    }

    @Test(
        arguments: [
            ("/", "/", "/", nil), ("/?", "/?", "/", ""), ("/a?", "/a?", "/a", ""), ("/a%23?b", "/a%23?b", "/a%23", "b"),
            (
                "/long/enough/for/words?and=more", "/long/enough/for/words?and=more", "/long/enough/for/words",
                "and=more"
            ),
            ("//x", "//x", "//x", nil), ("http://x", "", "", nil), ("HTTPS://X/", "/", "/", nil),
            ("http://x/a?b", "/a?b", "/a", "b"), ("http://x?b=/", "?b=/", "", "b=/"),
            ("/\u{E9}\u{1F600}?\u{E9}", nil, nil, "\u{E9}"),
        ] as [(String, String?, String?, String?)])
    func `a target has a path, and a query behind its first question mark`(
        row: (raw: String, target: String?, path: String?, query: String?)
    ) throws {
        let text = "GET \(row.raw) HTTP/1.1\r\nHost: x\r\n\r\n"
        let scan = try #require(try Self.request(text))
        #expect(Self.part(scan.target, of: text) == row.target ?? row.raw)
        #expect(row.path == nil || Self.part(scan.path, of: text) == row.path)
        #expect(Self.part(scan.query, of: text) == row.query)
        #expect(Self.part(scan.authority, of: text)?.lowercased() == (row.raw.hasPrefix("/") ? nil : "x"))
    }

    @Test func `OPTIONS may ask for everything, and CONNECT asks for a host with its port`() throws {
        let everything = try #require(try Self.request("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n"))
        #expect(everything.target == 8..<9 && everything.path == 8..<9)
        let tunnel = try #require(try Self.request("CONNECT [::1]:443 HTTP/1.1\r\nHost: x\r\n\r\n"))
        #expect(tunnel.target == 8..<17 && tunnel.authority == nil)
    }

    @Test(arguments: [
        "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        "\r\n\r\n\r\n\r\nGET http://a.b:1/c?d HTTP/1.1\r\nA: b\r\nhost: A.B:1\r\n\r\n",
        "CONNECT a:1 HTTP/1.1\r\nHost:\r\n\r\n",
        "M-SEARCH /\u{E9}?a HTTP/1.0\r\nA:\t\u{E9}\r\nConnection: close\r\n\r\n",
        "POST /a HTTP/1.1\r\nHost: [::1]\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST /a HTTP/1.1\r\nContent-Length: 000\r\nHost: x:\r\n\r\n",
    ])
    func `the beginning of a request is awaited to its end, and what follows doesn't matter`(text: String) throws {
        let bytes = Array(text.utf8)
        for count in 0..<bytes.count {
            var scan = HTTPHeadScan()
            #expect(try scan.scanRequest(bytes.span.extracting(0..<count)) == nil)
        }
        for more in ["", "\n", "\r\n", "\0", "GET / HTTP/1.1\r\n\r\n"] {
            var scan = HTTPHeadScan()
            #expect(try scan.scanRequest((text + more).utf8.span) == bytes.count)
        }
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.0 404\r\nContent-Length: 3\r\n\r\n", "HTTP/1.1 101 \r\nUpgrade: a\r\n\r\n",
        "HTTP/1.1 999 \u{E9} b\r\nTransfer-Encoding: chunked\r\nA: \t\r\n\r\n",
    ])
    func `the beginning of a response is awaited to its end`(text: String) throws {
        let bytes = Array(text.utf8)
        for count in 0...bytes.count {
            var scan = HTTPHeadScan()
            let isWhole = try scan.scanResponse(bytes.span.extracting(0..<count)) != nil
            #expect(isWhole == (count == bytes.count))
        }
    }

    @Test func `nothing of a head is left in the next one`() throws {
        var scan = HTTPHeadScan()
        _ = try scan.scanRequest(
            "POST http://x/ HTTP/1.0\r\nHost: x\r\nConnection: close, a\r\nContent-Length: 1\r\n\r\n".utf8.span)
        #expect(try scan.scanRequest("GET /b HTTP/1.0\r\nA: b\r\n\r\n".utf8.span) == 25)
        #expect(scan.host == nil && scan.authority == nil && scan.contentLength == nil && scan.connection == [])
        #expect(scan.fields.count == 1 && scan.present == HTTPFieldNames())
        _ = try scan.scanResponse("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".utf8.span)
        #expect(try scan.scanResponse("HTTP/1.1 201 OK\r\n\r\n".utf8.span) == 19)
        #expect(!scan.isChunked && scan.status == 201 && scan.version == .http11)
    }

    // MARK: - Connection and body

    @Test(
        arguments: [
            ("1.1", "A: b", true, []), ("1.1", "Connection: close", false, .close),
            ("1.1", "Connection: Keep-Alive", true, .keepAlive),
            ("1.1", "Connection: a, ,\tCLOSE,", false, [.close, .others]),
            ("1.1", "Connection: upgrade\r\nConnection: close", false, [.upgrade, .close]), ("1.0", "A: b", false, []),
            ("1.0", "Connection: keep-alive", true, .keepAlive),
            ("1.0", "Connection: keep-alive, close", false, [.keepAlive, .close]),
            ("1.1", "Connection: te, trailer, http2-settings, connection", true, []), ("1.1", "Connection:", true, []),
            ("1.1", "Connection: closed", true, .others), ("1.1", "Connection: \"close\"", true, .others),
        ] as [(String, String, Bool, HTTPHeadScan.Connection)])
    func `a connection goes on unless somebody says otherwise`(
        row: (version: String, fields: String, keeps: Bool, connection: HTTPHeadScan.Connection)
    ) throws {
        let request = try #require(try Self.request("GET / HTTP/\(row.version)\r\nHost: x\r\n\(row.fields)\r\n\r\n"))
        let response = try #require(try Self.response("HTTP/\(row.version) 200 OK\r\n\(row.fields)\r\n\r\n"))
        for scan in [request, response] {
            #expect(scan.keepsConnection == row.keeps && scan.connection == row.connection)
        }
    }

    @Test(
        arguments: [
            ("A: b", .none), ("Content-Length: 0", .none), ("Content-Length: 05", .length(5)),
            ("Transfer-Encoding:  Chunked", .chunked),
        ] as [(String, HTTPFraming)])
    func `a request has a body if it says so`(row: (field: String, framing: HTTPFraming)) throws {
        for method in ["GET", "POST", "HEAD"] {
            let scan = try #require(try Self.request("\(method) / HTTP/1.1\r\nHost: x\r\n\(row.field)\r\n\r\n"))
            #expect(scan.requestFraming == row.framing)
        }
    }

    @Test(
        arguments: [
            (200, "A: b", .untilClose), (200, "Content-Length: 0", .none), (200, "Content-Length: 5", .length(5)),
            (200, "Transfer-Encoding: chunked", .chunked), (304, "Content-Length: 5", .none), (304, "A: b", .none),
            (304, "Transfer-Encoding: chunked", .none), (204, "Content-Length: 0", .none), (204, "A: b", .none),
            (100, "A: b", .none), (101, "A: b", .none), (205, "A: b", .untilClose),
        ] as [(Int, String, HTTPFraming)])
    func `a response has a body unless its status or HEAD forbids it`(
        row: (status: Int, field: String, framing: HTTPFraming)
    ) throws {
        let scan = try #require(try Self.response("HTTP/1.1 \(row.status) A\r\n\(row.field)\r\n\r\n"))
        #expect(scan.responseFraming(toHead: false) == row.framing && scan.responseFraming(toHead: true) == .none)
        #expect(HTTPBodyScan(row.framing).isEnded == (row.framing == .none))
    }

    // MARK: - Names

    @Test func `a name is known in any case, and nothing else is`() throws {
        var known = 0
        for name in (1...UInt8.max).lazy.prefix(while: { HTTPFieldName(rawValue: $0) != nil }) {
            let field = try #require(HTTPFieldName(rawValue: name))
            known += 1
            let text = "\(field.text)"
            for written in [text, text.uppercased(), text.capitalized] {
                #expect(HTTPFieldName(written.utf8.span) == field, "\(written)")
            }
            var near = [text + "s", String(text.dropLast()), "q" + text.dropFirst(), text.dropLast() + "_"]
            let isAliased = [.xForwardedFor, .xForwardedProto, .xForwardedHost].contains(field)
            if isAliased {
                for alias in [text.replacing("-", with: "_"), "X_" + text.dropFirst(2)] {
                    #expect(HTTPFieldName(alias.utf8.span) == .xForwardedAlias, "\(alias)")
                }
            } else if text.contains("-") {
                near.append(text.replacing("-", with: "_"))
            }
            for other in near { #expect(HTTPFieldName(other.utf8.span) == .other, "\(other)") }
        }
        #expect(known == 25 && HTTPFieldName(rawValue: 0) == .other)
    }
}

extension String {
    /// With a capital at the beginning of each word.
    fileprivate var capitalized: String {
        split(separator: "-", omittingEmptySubsequences: false)
            .map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined(separator: "-")
    }
}
