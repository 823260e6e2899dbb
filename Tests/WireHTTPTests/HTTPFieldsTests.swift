// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing
import WireHTTP

/// The list of fields: names without case, values as they came, and nothing that brings a second field with it.
@Suite struct HTTPFieldsTests {
    private func read(_ lines: String) throws -> HTTPFields {
        try readRequests("GET / HTTP/1.1\r\nHost: x\r\n\(lines)\r\nGET / HTTP/1.1\r\nHost: next\r\n\r\n")[0].head.fields
    }

    @Test func `names are found whatever their case, and the first of them counts`() throws {
        let fields = try read("ACCEPT: a\r\naccept: b\r\n")
        #expect(fields["Accept"] == "a" && fields.count(of: "aCCept") == 2 && fields.contains("accept"))
        #expect(fields["accep"] == nil && fields["accept-"] == nil && fields["acc\u{E9}pt"] == nil)
        #expect(!fields.contains(""))
        #expect(fields.name(at: 1) == "ACCEPT" && fields.value(at: 2) == "b" && fields.isNamed("accept", at: 2))
        // Only letters have a case: `@` and the backtick differ in the same bit.
        #expect(HTTPFields(dictionaryLiteral: ("a~", "b"))["a^"] == nil)
        #expect(HTTPFields(dictionaryLiteral: ("a`", "b"))["a@"] == nil)
    }

    @Test func `a list is split at its commas, over all fields of its name`() throws {
        let fields = try read("Connection: a,, B\t,\r\nconnection: ,c ;d\r\nConnection:\r\n")
        var tokens: [String] = []
        fields.forEachToken("connection") { bytes in
            tokens.append(bytes.indices.reduce(into: "") { $0.unicodeScalars.append(Unicode.Scalar(bytes[$1])) })
        }
        #expect(tokens == ["a", "B", "c ;d"])
        #expect(fields.hasToken("connection", "A") && fields.hasToken("CONNECTION", "b"))
        #expect(!fields.hasToken("connection", "c") && !fields.hasToken("connection", ""))
    }

    @Test func `what was read can be changed without changing what it was read from`() throws {
        let read = try read("A: 1\r\nB: 2\r\na: 3\r\n")
        var changed = read
        changed["a"] = "4"
        changed.append("C", "5")
        changed.remove("host")
        #expect(changed == ["b": "2", "A": "4", "c": "5"])
        #expect(read == ["host": "x", "a": "1", "b": "2", "A": "3"])
        changed["b"] = nil
        #expect(changed.count == 2 && !changed.isEmpty && changed["b"] == nil)
    }

    @Test func `fields are taken over byte for byte, but for those that aren't wanted`() throws {
        let bytes = Array("GET / HTTP/1.1\r\nHost: x\r\nA: ".utf8) + [0xFF, 0xFE] + Array("\r\nB: 2\r\n\r\n".utf8)
        let read = try readRequests(bytes)[0].head.fields
        var fields: HTTPFields = ["First": "0"]
        fields.append(contentsOf: read) { !read.isNamed("b", at: $0) }
        #expect(fields.count == 3 && fields["host"] == "x")
        #expect(fields.withValue(at: 2) { $0.count == 2 && $0[0] == 0xFF && $0[1] == 0xFE })
        fields.append(contentsOf: fields) { _ in true }
        #expect(fields.count == 6 && fields["first"] == "0")
    }

    @Test func `fields are equal if their bytes are, but for the case of names`() throws {
        let composed: HTTPFields = ["a": "\u{E9}"]
        #expect(composed == ["A": "\u{E9}"])
        #expect(composed != ["a": "e\u{301}"] && composed != ["a": "\u{C9}"] && composed != ["b": "\u{E9}"])
        #expect(composed != [:] && composed != ["a": "\u{E9}", "b": ""])
        func broken(_ byte: UInt8) throws -> HTTPFields {
            let bytes = Array("GET / HTTP/1.1\r\nHost: x\r\nA: ".utf8) + [byte] + Array("\r\n\r\n".utf8)
            return try readRequests(bytes)[0].head.fields
        }
        #expect(try broken(0xFF) == broken(0xFF) && broken(0xFF) != broken(0xFE))
    }

    @Test(
        "No value brings a second field with it",
        arguments: [
            "a\r\nB: c", "a\nB: c", "a\rB: c", "a\0B: c", "a\u{7F}", "a\r\n\r\nGET / HTTP/1.1", "a\n\u{301}B: c",
            "a\r\u{301}B: c",
        ])
    func value(_ value: String) throws {
        let fields: HTTPFields = ["A": value]
        #expect(fields == ["a": "a"])
        var bytes = ByteBuffer()
        bytes.writeHTTPHead(HTTPRequestHead(.get, "/", fields: ["Host": "x", "A": value]))
        #expect(try readRequests(Array(bytes.readableBytesView)).map(\.head.fields) == [["Host": "x", "A": "a"]])
    }

    @Test(arguments: ["", "a b", "a:", "a\r\nb", "a\n", "\u{E9}", "a\0"])
    func `nothing is put in under a name that is none`(name: String) {
        var fields: HTTPFields = ["a": "b"]
        fields.append(name, "c")
        fields[name] = "c"
        #expect(fields == ["a": "b"])
    }
}
