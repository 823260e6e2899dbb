// SPDX-License-Identifier: Apache-2.0

import Core
import NIOCore
import Testing
import WireHTTP

@testable import Ambassador

@Suite struct ForwardedFieldsTests {
    /// What an upstream is told about a request with these lines.
    private func lines(
        _ request: [String], from client: String? = "10.0.0.1", version: String = "1.1", isTLS: Bool = false,
        changesHost: Bool = false, _ change: (inout ForwardingConfiguration) -> Void = { _ in }
    ) throws -> [String] {
        var configuration = ForwardingConfiguration()
        change(&configuration)
        let fields = ForwardedFields(configuration, client: client.flatMap(IPAddress.init(text:)), isTLS: isTLS)
        let text = (["GET / HTTP/\(version)", "Host: shop:80"] + request + ["", ""]).joined(separator: "\r\n")
        var head = HTTPHeadScan()
        let bytes = Array(text.utf8)
        #expect(try head.scanRequest(bytes.span) == bytes.count)
        var buffer = ByteBuffer()
        for field in head.fields where !fields.replaces(field.name) && field.name != .host {
            buffer.writeBytes(bytes[field.lineRange])
        }
        fields.append(head, bytes.span, changesHost: changesHost, to: &buffer)
        let written = String(buffer: buffer)
        #expect(written.hasSuffix("\r\n"))
        // To Swift the end of a line is one character.
        return written.dropLast().split(separator: "\r\n", omittingEmptySubsequences: false).map(String.init)
    }

    private let plain = ["X-Forwarded-For: 10.0.0.1", "X-Forwarded-Proto: http", "Via: 1.1 outrigger"]

    @Test func `an upstream learns who the client is and how it came`() throws {
        #expect(try lines([]) == plain)
        #expect(
            try lines([], from: "2001:db8::1", isTLS: true) == [
                "X-Forwarded-For: 2001:db8::1", "X-Forwarded-Proto: https", "Via: 1.1 outrigger",
            ])
    }

    @Test func `what a client says of itself is replaced`() throws {
        let lies = [
            "x-forwarded-for: 1.2.3.4", "X-FORWARDED-FOR: 5.6.7.8", "X-Forwarded-Proto: https",
            "X-Forwarded-Host: bank", "Forwarded: for=1.2.3.4", "x-other: 1",
        ]
        #expect(try lines(lies) == ["x-other: 1"] + plain)
        #expect(
            try lines(lies, from: "10.0.0.1") { $0.trusted = [AddressRange(text: "10.0.0.2")].compactMap { $0 } }
                == ["x-other: 1"] + plain)
    }

    @Test func `what a trusted proxy says is kept and added to`() throws {
        let said = [
            "X-Forwarded-For: 1.2.3.4", "X-Forwarded-For: 5.6.7.8", "X-Forwarded-Proto: https",
            "X-Forwarded-Host: bank", "Forwarded: for=1.2.3.4",
        ]
        #expect(
            try lines(said, changesHost: true, trust("10.0.0.0/8")) == [
                "X-Forwarded-For: 1.2.3.4, 5.6.7.8, 10.0.0.1", "X-Forwarded-Proto: https", "X-Forwarded-Host: bank",
                "Forwarded: for=1.2.3.4, for=10.0.0.1;proto=http;host=\"shop:80\"", "Via: 1.1 outrigger",
            ])
        #expect(
            try lines(["X-Forwarded-Host: bank"], trust("::/0")) == [
                "X-Forwarded-For: 10.0.0.1", "X-Forwarded-Proto: http", "X-Forwarded-Host: bank", "Via: 1.1 outrigger",
            ])
        #expect(try lines(["X-Forwarded-For:"], trust("::/0")) == plain)
    }

    @Test func `with replace nobody is trusted`() throws {
        let configured = trust("10.0.0.0/8")
        let written = try lines(["X-Forwarded-For: 1.2.3.4"]) {
            configured(&$0)
            $0.policy = .replace
        }
        #expect(written == plain)
    }

    @Test func `with off the fields pass as they came`() throws {
        let said = ["X-Forwarded-For: 1.2.3.4", "Forwarded: for=1.2.3.4"]
        #expect(try lines(said) { $0.policy = .off } == said + ["Via: 1.1 outrigger"])
        #expect(
            try lines(["x: 1"], changesHost: true) {
                $0.policy = .off
                $0.addsVia = false
            } == ["x: 1"])
    }

    @Test func `a host that the upstream isn't told goes into a field`() throws {
        #expect(
            try lines([], changesHost: true) == [
                "X-Forwarded-For: 10.0.0.1", "X-Forwarded-Proto: http", "X-Forwarded-Host: shop:80",
                "Via: 1.1 outrigger",
            ])
        #expect(
            try lines([], changesHost: true) { $0.format = .forwarded } == [
                "Forwarded: for=10.0.0.1;proto=http;host=\"shop:80\"", "Via: 1.1 outrigger",
            ])
    }

    @Test func `both forms can be written`() throws {
        #expect(
            try lines([], from: "::1", isTLS: true) { $0.format = .both } == [
                "X-Forwarded-For: ::1", "X-Forwarded-Proto: https", "Forwarded: for=\"[::1]\";proto=https",
                "Via: 1.1 outrigger",
            ])
        #expect(
            try lines(["X-Forwarded-For: 1.2.3.4"], from: "::1") {
                $0.format = .forwarded
                $0.addsVia = false
                $0.trusted = [AddressRange(text: "::1")].compactMap { $0 }
            } == ["X-Forwarded-For: 1.2.3.4, ::1", "Forwarded: for=\"[::1]\";proto=http"])
    }

    @Test func `a client without an address is unknown`() throws {
        #expect(
            try lines(["X-Forwarded-For: 1.2.3.4"], from: nil) == ["X-Forwarded-Proto: http", "Via: 1.1 outrigger"])
        #expect(
            try lines([], from: nil) { $0.format = .forwarded } == [
                "Forwarded: for=unknown;proto=http", "Via: 1.1 outrigger",
            ])
    }

    @Test func `via names the version that the request came in, behind what was there`() throws {
        #expect(
            try lines(["Via: 1.1 edge"], version: "1.0") == [
                "Via: 1.1 edge", "X-Forwarded-For: 10.0.0.1", "X-Forwarded-Proto: http", "Via: 1.0 outrigger",
            ])
    }

    @Test(arguments: [
        (["1.2.3.4"], "1.2.3.4"), (["1.2.3.4, 10.0.0.7"], "1.2.3.4"), (["9.9.9.9, 1.2.3.4,10.0.0.7 ,"], "1.2.3.4"),
        (["9.9.9.9", "1.2.3.4 , 10.0.0.7", "10.0.0.8"], "1.2.3.4"), (["10.0.0.6, 10.0.0.7"], "10.0.0.6"),
        (["1.2.3.4, unknown, 10.0.0.7"], "unknown"), ([",,"], nil), ([], nil),
    ])
    func `the client is the last address that isn't a trusted proxy's`(_ row: (said: [String], client: String?)) throws
    {
        var configuration = ForwardingConfiguration()
        trust("10.0.0.0/8")(&configuration)
        let request = row.said.map { "X-Forwarded-For: \($0)\r\n" }.joined()
        let bytes = Array("GET / HTTP/1.1\r\nHost: a\r\n\(request)\r\n".utf8)
        var head = HTTPHeadScan()
        _ = try head.scanRequest(bytes.span)
        let near = ForwardedFields(configuration, client: IPAddress(text: "10.0.0.1"), isTLS: false)
        let found = near.client(head, bytes.span).map { String(decoding: bytes[$0], as: UTF8.self) }
        #expect(found == row.client)
        let far = ForwardedFields(configuration, client: IPAddress(text: "11.0.0.1"), isTLS: false)
        #expect(far.client(head, bytes.span) == nil)
    }

    private func trust(_ range: String) -> (inout ForwardingConfiguration) -> Void {
        { $0.trusted = [AddressRange(text: range)].compactMap { $0 } }
    }
}
