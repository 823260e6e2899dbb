// SPDX-License-Identifier: Apache-2.0

import Core
import NIOCore
import Testing
import WireHTTP

@testable import Ambassador

struct PathRewriteTests {
    private func written(_ pattern: String, _ replacement: String, _ target: String) throws -> String {
        let rewrite = PathRewrite(try #require(PathPattern(text: pattern)), to: replacement)
        return try RequestUnderTest("GET \(target)").written { rewrite.write($0, $1, into: &$2) }
    }

    @Test(
        "the part that matched is replaced, what is behind it and the query stay",
        arguments: [
            ("/shop", "/v2", "/shop", "/v2"), ("/shop", "/v2", "/shop/", "/v2/"),
            ("/shop", "/v2", "/shop/a/b?c=/d", "/v2/a/b?c=/d"),
            ("/shop", "/", "/shop", "/"), ("/shop", "/", "/shop/a", "/a"), ("/shop", "/v2/", "/shop/a", "/v2/a"),
            ("/", "/v2", "/", "/v2"), ("/", "/v2", "/a", "/v2/a"), ("/", "/", "/a?b", "/a?b"),
            ("/a/b", "/c", "/a/b/d", "/c/d"), ("=/a/b", "/c", "/a/b?x", "/c?x"),
            ("/k\u{E4}se", "/c", "/k%C3%A4se/a%2Fb", "/c/a%2Fb"),
        ])
    func path(pattern: String, replacement: String, target: String, expected: String) throws {
        #expect(try written(pattern, replacement, target) == expected)
    }

    @Test func `what is no path stays`() throws {
        let rewrite = PathRewrite(.prefix("/"), to: "/x")
        #expect(try RequestUnderTest("OPTIONS *").written { rewrite.write($0, $1, into: &$2) } == "*")
    }

    @Test(arguments: [("", "/x"), ("?a=b", "/x?a=b"), ("/", "/x"), ("/y?a", "/x/y?a")])
    func `the empty path of a URL is the root's`(_ target: String, _ expected: String) throws {
        let rewrite = PathRewrite(.prefix("/"), to: "/x")
        let request = try RequestUnderTest("GET http://example.com\(target)")
        #expect(request.written { rewrite.write($0, $1, into: &$2) } == expected)
    }
}

struct RedirectAnswerTests {
    private func location(
        _ request: RequestUnderTest, isSecure: Bool = false, _ change: (inout RedirectConfiguration) -> Void
    ) -> String {
        var redirect = RedirectConfiguration()
        change(&redirect)
        let edits = FieldEdits(FieldEditsConfiguration())
        let answer = RedirectAnswer(redirect, matching: .prefix("/old"), edits: edits)
        let written = request.written { answer.writeHead($0, $1, isSecure: isSecure, into: &$2) }
        return String(written.split(separator: "Location: ").last?.dropLast() ?? "")
    }

    @Test func `what isn't said stays as it was asked for`() throws {
        let request = try RequestUnderTest("GET /old/a?b=c", "host: example.com:8081")
        #expect(location(request) { $0.path = "/new" } == "http://example.com:8081/new/a?b=c")
        #expect(location(request, isSecure: true) { $0.path = "/new" } == "https://example.com:8081/new/a?b=c")
        #expect(location(request) { $0.host = "other.org" } == "http://other.org:8081/old/a?b=c")
        #expect(location(request) { $0.scheme = .https } == "https://example.com/old/a?b=c")
        #expect(location(request) { $0.port = 80 } == "http://example.com/old/a?b=c")
        #expect(location(request) { $0.port = 443 } == "http://example.com:443/old/a?b=c")
        #expect(location(request, isSecure: true) { $0.port = 443 } == "https://example.com/old/a?b=c")
        #expect(location(request) { $0.host = "::1" } == "http://[::1]:8081/old/a?b=c")
        #expect(location(request) { $0.to = "https://other.org/x" } == "https://other.org/x")
    }

    @Test func `targets that are no path lead to the root`() throws {
        #expect(location(try RequestUnderTest("OPTIONS *")) { $0.port = 81 } == "http://example.com:81/")
        #expect(
            location(try RequestUnderTest("GET http://example.com?a")) { $0.port = 81 } == "http://example.com:81/?a")
    }

    @Test func `a client that says no host gets a path, and never another host`() throws {
        for (target, expected) in [("/a", "/a"), ("//evil.org/a", "/evil.org/a"), ("/\\evil.org", "/evil.org")] {
            let request = try RequestUnderTest("GET \(target)", [], version: "HTTP/1.0")
            #expect(
                location(request) { $0.port = 81 }
                    == expected.replacing("/evil", with: target == "/\\evil.org" ? "\\evil" : "/evil"))
        }
    }

    @Test func `the whole head is written but for what all answers have`() throws {
        var redirect = RedirectConfiguration()
        redirect.to = "/x"
        redirect.status = .seeOther
        var headers = FieldEditsConfiguration()
        headers.add = ["X-A": "1"]
        let answer = RedirectAnswer(redirect, matching: .prefix("/"), edits: FieldEdits(headers))
        let written = try RequestUnderTest("GET /").written { answer.writeHead($0, $1, isSecure: false, into: &$2) }
        #expect(written == "HTTP/1.1 303 See Other\r\nContent-Length: 0\r\nX-A: 1\r\nLocation: /x\r\n")
    }
}

struct DirectAnswerTests {
    private func answer(
        _ headers: FieldEditsConfiguration = FieldEditsConfiguration(),
        _ change: (inout DirectAnswerConfiguration) -> Void
    ) -> DirectAnswer {
        var configuration = DirectAnswerConfiguration()
        change(&configuration)
        return DirectAnswer(configuration, edits: FieldEdits(headers))
    }

    @Test func `an answer is its status, its headers and its body`() {
        let found = answer {
            $0.status = 403
            $0.body = "no\n"
            $0.headers = ["X-A": "b", "content-type": "text/html"]
        }
        #expect(found.status == 403)
        #expect(
            String(buffer: found.head)
                == "HTTP/1.1 403 Forbidden\r\nX-A: b\r\ncontent-type: text/html\r\nContent-Length: 3\r\n")
        #expect(String(buffer: found.body) == "no\n")
    }

    @Test func `an answer without a body says so, and one that never has a body says nothing`() {
        #expect(String(buffer: answer { $0.status = 200 }.head) == "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n")
        #expect(String(buffer: answer { $0.status = 204 }.head) == "HTTP/1.1 204 No Content\r\n")
    }

    @Test func `the route's own edits are in it`() {
        var headers = FieldEditsConfiguration()
        headers.set = ["Content-Type": "text/css"]
        headers.remove = ["X-A"]
        let found = answer(headers) {
            $0.status = 200
            $0.body = "b"
            $0.headers = ["x-a": "b"]
        }
        #expect(String(buffer: found.head) == "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Type: text/css\r\n")
    }
}

struct FieldEditsTests {
    @Test func `what is set or removed is left out, what is set or added is put in`() {
        var configuration = FieldEditsConfiguration()
        configuration.set = ["X-Set": "1"]
        configuration.add = ["x-add": "2 3"]
        configuration.remove = ["Cookie", String(repeating: "x", count: 70)]
        let edits = FieldEdits(configuration)
        for name in ["x-set", "X-SET", "cookie", String(repeating: "X", count: 70)] {
            let isDropped = edits.drops(name.utf8.span)
            #expect(isDropped)
        }
        for name in ["x-add", "x-se", "cookies", "", String(repeating: "X", count: 69), "cooki\u{45}\u{0}"] {
            let isDropped = edits.drops(name.utf8.span)
            #expect(!isDropped)
        }
        var buffer = ByteBuffer()
        edits.append(to: &buffer)
        #expect(String(buffer: buffer) == "X-Set: 1\r\nx-add: 2 3\r\n")
        #expect(!edits.isEmpty)
    }

    @Test func `without edits nothing happens`() {
        let edits = FieldEdits(FieldEditsConfiguration())
        var buffer = ByteBuffer()
        edits.append(to: &buffer)
        #expect(edits.isEmpty)
        let isDropped = edits.drops("host".utf8.span)
        #expect(!isDropped)
        #expect(buffer.readableBytes == 0)
    }
}
