// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing
import WireHTTP

@testable import Ambassador

@Suite struct ResponseComparisonTests {
    private func response(
        _ body: String = "", status: Int = 200, type: String? = nil, _ fields: [(String, String)] = []
    ) -> RecordedResponse {
        var head = HTTPFields()
        if let type { head.append("Content-Type", type) }
        for (name, value) in fields { head.append(name, value) }
        return RecordedResponse(status: status, fields: head, body: ByteBuffer(string: body))
    }

    private func json(_ body: String) -> RecordedResponse { response(body, type: "application/json") }

    /// The differences as `PLACE: PRIMARY / CANDIDATE`.
    private func compare(
        _ primary: RecordedResponse, _ candidate: RecordedResponse, ignoring: [String] = []
    ) throws -> [String] {
        let ignored = try ignoring.map { try #require(IgnoredPlace(text: $0)) }
        return ResponseComparison(ignoring: ignored).differences(primary, candidate)
            .map { "\($0.place): \($0.primary) / \($0.candidate)" }
    }

    @Test func `the same is the same`() throws {
        #expect(try compare(json(#"{"a":[1,2]}"#), json(#" { "a" : [ 1 , 2 ] } "#)).isEmpty)
        #expect(try compare(response("x"), response("x")).isEmpty)
    }

    @Test func `of two statuses nothing else is compared`() throws {
        #expect(try compare(response("a"), response("b", status: 500)) == ["status: 200 / 500"])
    }

    @Test func `headers are compared by name, without what always differs`() throws {
        let primary = response(
            "", [("Date", "now"), ("X-A", "1"), ("x-a", "2"), ("Server", "old"), ("Content-Length", "0"), ("X-B", "")])
        let candidate = response(
            "", [("Date", "then"), ("x-A", "1"), ("Connection", "close"), ("Content-Length", "5")])
        #expect(
            try compare(primary, candidate, ignoring: ["server"]) == [
                "content-length: 0 / 5", "x-a: 1, 2 / 1", "x-b:  / (absent)",
            ])
    }

    @Test func `the length of a body that is compared isn't`() throws {
        let primary = response("abc", [("Content-Length", "3")])
        let candidate = response("abcd", [("Content-Length", "4")])
        #expect(try compare(primary, candidate) == ["body: 3 bytes, at 0: abc / 4 bytes, at 0: abcd"])
    }

    @Test func `JSON is compared field by field`() throws {
        let primary = json(#"{"id":1,"name":"a","tags":["x"],"sub":{"p":1},"gone":null}"#)
        let candidate = json(#"{"id":2,"name":"a","tags":["x","y"],"sub":[1],"new":true}"#)
        #expect(
            try compare(primary, candidate) == [
                "$.gone: null / (absent)", "$.id: 1 / 2", "$.new: (absent) / true", "$.sub: {1 members} / [1 elements]",
                #"$.tags[1]: (absent) / "y""#,
            ])
    }

    @Test func `of an array's elements the first that differs stands for all`() throws {
        let primary = json(#"{"items":[{"id":1,"a":1},{"id":2},{"id":3}]}"#)
        let candidate = json(#"{"items":[{"id":1,"a":1},{"id":8},{"id":9,"a":2}]}"#)
        #expect(try compare(primary, candidate) == ["$.items[1].id: 2 / 8", "$.items[2].a: (absent) / 2"])
    }

    @Test(
        "numbers are compared by their value",
        arguments: [
            ("1", "1.0", true), ("1e2", "100", true), ("0.1", "0.10", true), ("1", "2", false),
            ("9007199254740993", "9007199254740992", false), ("-0", "0", false), ("1", "\"1\"", false),
        ])
    func numbers(a: String, b: String, isSame: Bool) throws { #expect(try compare(json(a), json(b)).isEmpty == isSame) }

    @Test func `ignored places are left out, with what is in them`() throws {
        let primary = json(#"{"time":1,"items":[{"id":1,"meta":{"a":1}}],"n":1}"#)
        let candidate = json(#"{"time":2,"items":[{"id":2,"meta":{"a":2}}],"n":2}"#)
        #expect(try compare(primary, candidate, ignoring: ["$.time", "$..meta", "$.items[*].id"]) == ["$.n: 1 / 2"])
        #expect(try compare(primary, candidate, ignoring: ["$"]).isEmpty)
        #expect(try compare(response("a"), response("b"), ignoring: ["$"]).isEmpty)
    }

    @Test(
        "what can't be read as JSON is compared as bytes",
        arguments: [
            (#"{"a":1}"#, "text/plain", ""), (#"{"a":1"#, "application/json", ""),
            (#"{"a":1}"#, "application/json", "gzip"),
        ])
    func bytes(body: String, type: String, encoding: String) throws {
        let fields = encoding.isEmpty ? [] : [("content-encoding", encoding)]
        let found = try compare(
            response(body, type: type, fields), response(body.replacing("1", with: "2"), type: type, fields))
        #expect(found.count == 1 && found[0].hasPrefix("body: "))
    }

    @Test func `JSON has many names`() {
        #expect(response("", type: "application/problem+json; charset=utf-8").isJSON)
        #expect(response("", type: "Application/JSON").isJSON)
        #expect(!response("", type: "application/jsonl").isJSON)
        #expect(!response("").isJSON)
    }

    @Test func `too much JSON is compared as bytes`() throws {
        let long = "[\"" + String(repeating: "a", count: JSONTree.bytesMax) + "\",1]"
        #expect(try compare(json(long), json(long.replacing(",1]", with: ",2]"))).first?.hasPrefix("body: ") == true)
    }

    @Test func `deep JSON takes no stack that isn't there`() throws {
        let deep = String(repeating: "[", count: 500) + "1" + String(repeating: "]", count: 500)
        let found = try compare(json(deep), json(deep.replacing("1", with: "2")))
        #expect(found.count == 1)
        let deeper = String(repeating: "[", count: 100_000)
        #expect(try compare(json(deeper), json(deeper + "[")).count == 1)
    }

    @Test func `there is a limit of differences`() throws {
        func object(_ value: Int) -> RecordedResponse {
            json("{" + (0..<500).map { "\"k\($0)\":\(value)" }.joined(separator: ",") + "}")
        }
        #expect(try compare(object(1), object(2)).count == ResponseComparison.differencesMax)
    }

    @Test func `secrets are hidden`() throws {
        let primary = json(#"{"user":{"password":"hunter2","access_token":"abc"},"a":{"apiKey":"k"}}"#)
        let candidate = json(#"{"user":{"password":"hunter3","access_token":"abd"},"a":{"apiKey":"l"}}"#)
        let found = try compare(primary, candidate)
        #expect(found.count == 3 && found.allSatisfy { $0.hasSuffix(": (hidden) / (hidden)") })
        #expect(
            try compare(response("", [("Set-Cookie", "id=1")]), response("", [("Set-Cookie", "id=2")])) == [
                "set-cookie: (hidden) / (hidden)"
            ])
    }

    @Test func `values are short and do nothing to a terminal`() throws {
        let found = try compare(
            json("\"\\u001b[2J\""), json("\"" + String(repeating: "a", count: 1000) + "\""))
        #expect(found == [#"$: "\u{1b}[2J" / ""# + String(repeating: "a", count: 119) + "…"])
    }

    @Test func `names are short and do nothing to a terminal`() throws {
        func object(_ key: String, _ value: Int) -> RecordedResponse { json("{\"\(key)\":\(value)}") }
        #expect(
            try compare(object("\\u001b[2J\\u202e", 1), object("\\u001b[2J\\u202e", 2)) == [
                #"$["\u{1b}[2J\u{202e}"]: 1 / 2"#
            ])
        let max = ComparedPlace.charactersMax
        let long = String(repeating: "a", count: max * 2)
        let found = ResponseComparison().differences(object(long, 1), object(long, 2))
        #expect(found.map { "\($0.place)" } == ["$." + String(repeating: "a", count: max - 2) + "…"])
        #expect(found.first?.place == .json(JSONPath([.key(String(repeating: "a", count: max))])))
        // What is hidden or ignored is so by its whole name.
        #expect(try compare(object(long + "token", 1), object(long + "token", 2)).first?.hasSuffix("(hidden)") == true)
        #expect(try compare(object(long, 1), object(long, 2), ignoring: ["$.\(long)"]).isEmpty)
    }

    @Test func `a deep place is named as far as there is room`() throws {
        let deep = String(repeating: "{\"key\":", count: 300)
        let found = ResponseComparison().differences(
            json(deep + "1" + String(repeating: "}", count: 300)),
            json(deep + "2" + String(repeating: "}", count: 300)))
        guard case .json(let path) = found.first?.place else {
            Issue.record("\(found)")
            return
        }
        #expect(path.steps == Array(repeating: .key("key"), count: ComparedPlace.charactersMax / 4))
    }

    @Test func `a recorded response is read as it came`() throws {
        let chunked = ByteBuffer(
            string: "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n"
                + "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x=y\r\nc\r\n0\r\nT: 1\r\n\r\n")
        let response = try #require(RecordedResponse(chunked, to: "GET"))
        #expect(response.status == 200 && response.body == ByteBuffer(string: "abc"))
        let head = ByteBuffer(string: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
        #expect(RecordedResponse(head, to: "HEAD")?.body.readableBytes == 0)
        #expect(RecordedResponse(head, to: "GET") == nil)
        let untilClose = ByteBuffer(string: "HTTP/1.0 200 OK\r\n\r\nabc")
        #expect(RecordedResponse(untilClose, to: "GET")?.body == ByteBuffer(string: "abc"))
        #expect(RecordedResponse(ByteBuffer(string: "nonsense\r\n\r\n"), to: "GET") == nil)
        #expect(RecordedResponse(ByteBuffer(), to: "GET") == nil)
    }
}
