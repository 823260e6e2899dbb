// SPDX-License-Identifier: Apache-2.0

import AppInvocation
import Proxying
import Testing
import WireHTTP

@testable import HTTPAPI

/// Whom a target invokes, and with which path.
@Suite struct InvokedTargetTests {
    @Test(arguments: [
        // As it came.
        ("/a", "/a"), ("/a/b/c", "/a/b/c"), ("/a/", "/a/"), ("/a?x=1&y=%20", "/a?x=1&y=%20"), ("/a%20b", "/a%20b"),
        ("/a%2Fb", "/a%2Fb"), ("/a%3Fb?c", "/a%3Fb?c"), ("/a%23b", "/a%23b"), ("/caf%C3%A9", "/caf%C3%A9"),
        ("/a+b", "/a+b"), ("/%2e%2e%2e/a", "/%2e%2e%2e/a"), ("/a%2ejs", "/a%2ejs"), ("/..a/b..", "/..a/b.."),
        ("/a?b=../%2e%2e", "/a?b=../%2e%2e"), ("/a?next=http://x/%zz", "/a?next=http://x/%zz"),
        // Dots, however they are written.
        ("/a/%2e%2e/b", "/b"), ("/a/%2E%2e/b", "/b"), ("/a/.%2e/b", "/b"), ("/a/%2e./b", "/b"), ("/a/%2e/b", "/a/b"),
        ("/a/b/%2e%2e", "/a/"), ("/a/%2e", "/a/"), ("/a/%2e%2e%2fb", "/b"), ("/a/..%2fb", "/b"), ("/a%2f..%2fb", "/b"),
        ("/a%2F%2e%2E%2Fb/c", "/b/c"), ("/%2e%2e/%2e%2e/a", "/a"), ("/a/%2e%2e/%2e%2e/%2e%2e/b", "/b"),
        ("/public/%2e%2e/admin?x", "/admin?x"), ("/%2e%2e", "/"), ("/a/%252e%252e/b", "/a/%252e%252e/b"),
        // A slash is one whatever stands behind it.
        ("/a/%2e%2e/\u{301}b", "/\u{301}b"), ("/a/..%2f\u{301}b", "/\u{301}b"), ("/a/%2e%2e%2F\u{200D}b", "/\u{200D}b"),
        // A fragment is none to some programs.
        ("/a#b", "/a%23b"), ("/a#/%2e%2e/b?c#d", "/b?c%23d"),
    ])
    func `dots are resolved and all else stays as it came`(came: String, goes: String) throws {
        #expect(try InvokedTarget.resolved(came) == goes)
    }

    @Test(arguments: ["/%", "/a%2", "/%zz", "/a/%2e%2", "/%%2e"])
    func `what only looks like an escape is refused`(path: String) {
        #expect(throws: InvokedTarget.EncodingInvalid.self) { try InvokedTarget.resolved(path) }
    }

    @Test(arguments: [
        ("/v1.0/invoke/cart/method/add", "cart", "/add"), ("/v1.0/invoke/cart/method/a/b/c?d=e", "cart", "/a/b/c?d=e"),
        ("/v1.0//invoke//cart/method//add", "cart", "/add"), ("/v1.0/invoke/cart/method/a//b", "cart", "/a/b"),
        ("/v1.0/invoke/cart/method/add/", "cart", "/add/"), ("/v1.0/invoke/cart.shop/method/a", "cart.shop", "/a"),
        ("/v1.0/invoke/my%20cart/method/a%20b", "my cart", "/a%20b"),
        ("/v1.0/invoke/cart/method/a/../b", "cart", "/b"), ("/v1.0/invoke/cart/method/a/%2e%2e/b", "cart", "/b"),
        ("/v1.0/invoke/cart/method/method/b", "cart", "/method/b"),
        ("/v1.0/invoke/cart/method/a/../\u{301}b", "cart", "/\u{301}b"),
        ("/v1.0/invoke/cart/method/a/../b?\u{301}c=/../d", "cart", "/b?\u{301}c=/../d"),
        ("/v1.0/invoke/http://127.0.0.1:80/method/a?b", "http://127.0.0.1:80", "/a?b"),
        ("/v1.0/invoke/http%3A%2F%2F127.0.0.1:80/method/a", "http://127.0.0.1:80", "/a"),
    ])
    func `a path names an app and its method`(target: String, app: String, path: String) throws {
        let target = try RequestTarget(method: .get, path: target)
        #expect(target.route == .invoke)
        #expect(target.name == app)
        #expect(target.key == path)
    }

    @Test(arguments: [
        "/v1.0/invoke", "/v1.0/invoke/cart", "/v1.0/invoke/cart/method", "/v1.0/invoke/cart/method/",
        "/v1.0/invoke/cart/method//", "/v1.0/invoke/cart/add", "/v1.0/invoke//method/add",
        "/v1.0/invoke/cart/method/..", "/v1.0/invoke/cart/method/%2e%2e", "/v1.0/invoke/cart/method/%2e?x",
        "/v1.0/invoke/cart/method/../../cart",
    ])
    func `a path without an app or a method names none`(target: String) throws {
        #expect(try RequestTarget(method: .get, path: target).route == .unknown)
    }

    @Test(
        arguments: [
            (["dapr-app-id": "cart"], "/a/b?c", "cart", "/a/b?c"),
            (["dapr-app-id": "cart"], "/a/../b//c/", "cart", "/b/c/"),
            (["dapr-app-id": "cart"], "/a/%2e%2e/b", "cart", "/b"),
            (["Dapr-App-Id": "cart.shop"], "/", "cart.shop", "/"),
            // dapr-app-id:cart
            (["authorization": "Basic ZGFwci1hcHAtaWQ6Y2FydA=="], "/a", "cart", "/a"),
            (["authorization": "basic ZGFwci1hcHAtaWQ6Y2FydA=="], "/a", "cart", "/a"),
            (["authorization": "Basic bWU6Y2FydA==", "dapr-app-id": "shop"], "/a", "shop", "/a"),
        ] as [(HTTPFields, String, String, String)])
    func `a head names an app too`(fields: HTTPFields, target: String, app: String, path: String) throws {
        let head = HTTPRequestHead(.get, target, fields: fields)
        var target = try RequestTarget(method: .get, path: head.target)
        try target.invoke(head)
        #expect(target.route == .invoke)
        #expect(target.name == app)
        #expect(target.key == path)
    }

    @Test(
        arguments: [
            ([:], "/a"), (["dapr-app-id": ""], "/a"), (["dapr-app-id": "cart"], "*"),
            (["dapr-app-id": "cart"], "host:443"),
            // me:cart, one without a colon, and what is no Base64 or no UTF-8.
            (["authorization": "Basic bWU6Y2FydA=="], "/a"), (["authorization": "Basic ZGFwci1hcHAtaWQ="], "/a"),
            (["authorization": "Basic ZGFwci1hcHAtaWQ6"], "/a"), (["authorization": "Basic ???"], "/a"),
            (["authorization": "Basic /////w=="], "/a"), (["authorization": "Bearer ZGFwci1hcHAtaWQ6Y2FydA=="], "/a"),
        ] as [(HTTPFields, String)])
    func `a head that names no app invokes none`(fields: HTTPFields, target: String) throws {
        let head = HTTPRequestHead(.get, target, fields: fields)
        var target = try RequestTarget(method: .get, path: head.target)
        try target.invoke(head)
        #expect(target.route == .unknown)
    }

    @Test func `credentials that name the app are removed, and others stay`() throws {
        let target = try RequestTarget(method: .get, path: "/a")
        var head = HTTPRequestHead(.get, "/a", fields: ["authorization": "Basic ZGFwci1hcHAtaWQ6Y2FydA=="])
        target.removeCredentials(from: &head)
        #expect(head.fields.isEmpty)
        head.fields["authorization"] = "Bearer token"
        target.removeCredentials(from: &head)
        #expect(head.fields["authorization"] == "Bearer token")
    }

    private static func url(_ text: String) -> ServerURL {
        guard let url = try? ServerURL(text) else { preconditionFailure("The test's URL is one.") }
        return url
    }

    @Test(
        arguments: [
            ("cart", .app("cart", namespace: nil)), ("cart.shop", .app("cart", namespace: "shop")),
            ("a.b.c", .app("a.b", namespace: "c")),
            ("http://127.0.0.1:8080", .server(url("http://127.0.0.1:8080"))),
            ("HTTP://localhost", .server(url("http://localhost:80"))),
            ("http://[::1]:81/base", .server(url("http://[::1]:81/base"))),
            ("https://x", .server(url("https://x:443"))),
            ("https://x/a?b", .refused("a query belongs behind the method")),
            ("ftp://x", .refused("ftp:// is no scheme that can be called")),
            ("http://user@host", .refused("user@host is no address")), ("http://", .refused(" is no address")),
            ("http://host:port", .refused("host:port is no address")),
        ] as [(String, InvocationTarget)])
    func `a name is an app or a URL`(name: String, target: InvocationTarget) {
        #expect(InvocationTarget(name) == target)
    }
}
