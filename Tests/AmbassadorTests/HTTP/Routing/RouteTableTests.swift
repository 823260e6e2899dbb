// SPDX-License-Identifier: Apache-2.0

import Core
import TestKit
import Testing
import WireHTTP

@testable import Ambassador

struct RouteTableTests {
    @Test(
        "the exact path comes first, then the longest prefix by segments",
        arguments: [
            ("/", "/"), ("/shop", "/shop"), ("/shop/", "/shop"), ("/shop/cart", "=/shop/cart"),
            ("/shop/cart/", "/shop"), ("/shop/cart/1", "/shop"), ("/shopping", "/"), ("/sho", "/"),
            ("/shop?x=/shop/cart", "/shop"), ("/a/very/long/path/indeed", "/a/very/long/path"),
            ("/a/very/long/pat", "/a/very"), ("/a/very/long/paths", "/a/very"), ("/A/very", "/"),
        ])
    func paths(target: String, expected: String) throws {
        let table = RouteTable.ofPaths("/", "/a/very", "/shop", "=/shop/cart", "/a/very/long/path")
        #expect(try RequestUnderTest("GET \(target)").route(in: table) == expected)
    }

    @Test func `a request that nothing matches has no route`() throws {
        let table = RouteTable.ofPaths("/shop", "=/")
        #expect(try RequestUnderTest("GET /other").route(in: table) == nil)
        #expect(try RequestUnderTest("GET /").route(in: table) == "=/")
    }

    @Test func `the more specific host comes before the more specific path`() throws {
        let table = RouteTable.of([
            ("any", { $0.match.path = .exact("/x") }), ("org", { $0.match.hosts = [.below(".example.org")] }),
            ("shop", { $0.match.hosts = [.exact("shop.example.org"), .exact("[::1]")] }),
            ("deep", { $0.match.hosts = [.below(".a.example.org")] }),
        ])
        func route(_ host: String) throws -> String? {
            try RequestUnderTest("GET /x", "host: \(host)").route(in: table)
        }
        #expect(try route("shop.example.org") == "shop")
        #expect(try route("SHOP.example.ORG.:8081") == "shop")
        #expect(try route("other.example.org:80") == "org")
        #expect(try route("b.c.example.org") == "org")
        #expect(try route("b.a.example.org") == "deep")
        #expect(try route("a.example.org") == "org")
        #expect(try route("example.org") == "any")
        #expect(try route(".example.org") == "any")
        #expect(try route("[::1]:8081") == "shop")
        #expect(try route("[::1]") == "shop")
    }

    @Test func `of equal paths the one with a method is first, then more headers, then more parameters, then the name`()
        throws
    {
        let table = RouteTable.of([
            ("b", { _ in }), ("a", { _ in }), ("method", { $0.match.methods = ["POST", "PUT"] }),
            ("header", { $0.match.header = ["X-Beta": "1"] }),
            ("headers", { $0.match.header = ["x-beta": "1", "x-any": "*"] }),
            ("query", { $0.match.query = ["a b": "1+1"] }),
        ])
        #expect(try RequestUnderTest("GET /").route(in: table) == "a")
        #expect(try RequestUnderTest("PUT /", "x-beta: 1").route(in: table) == "method")
        #expect(try RequestUnderTest("GET /?a+b=1%2B1", "x-beta: 1").route(in: table) == "header")
        #expect(try RequestUnderTest("GET /", "x-beta: 2", "x-bet: 1").route(in: table) == "a")
        #expect(try RequestUnderTest("GET /", "x-any:", "X-BETA:  1 ").route(in: table) == "headers")
        #expect(try RequestUnderTest("GET /", "x-beta: 2", "x-beta: 1").route(in: table) == "header")
        #expect(try RequestUnderTest("GET /?a+b=1%2B1").route(in: table) == "query")
        #expect(try RequestUnderTest("GET /?x&a%20b=1%2b1&y").route(in: table) == "query")
        #expect(try RequestUnderTest("GET /?a+b=1+1").route(in: table) == "a")
        #expect(try RequestUnderTest("GET /?a+b").route(in: table) == "a")
        #expect(try RequestUnderTest("put /").route(in: table) == "a")
    }

    @Test func `a parameter may have any value, also none`() throws {
        let table = RouteTable.of([("all", { _ in }), ("debug", { $0.match.query = ["debug": "*"] })])
        for target in ["/?debug", "/?debug=", "/?x=1&debug=on", "/?de%62ug"] {
            #expect(try RequestUnderTest("GET \(target)").route(in: table) == "debug")
        }
        for target in ["/", "/?", "/?debugger=1", "/?x=debug", "/?debu"] {
            #expect(try RequestUnderTest("GET \(target)").route(in: table) == "all")
        }
    }

    @Test func `a lower order comes before all of it`() throws {
        let table = RouteTable.of([
            ("exact", { $0.match.path = .exact("/x") }), ("first", { $0.order = -1 }), ("last", { $0.order = 1 }),
        ])
        #expect(try RequestUnderTest("GET /x").route(in: table) == "first")
        #expect(table.routes.map(\.name) == ["first", "exact", "last"])
        #expect(table.routes.map(\.index) == [0, 1, 2])
    }

    @Test func `targets that are no path match the root alone`() throws {
        let table = RouteTable.ofPaths("/", "/x", "=/")
        #expect(try RequestUnderTest("OPTIONS *").route(in: table) == "=/")
        #expect(try RequestUnderTest("CONNECT example.com:443").route(in: table) == "=/")
        #expect(try RequestUnderTest("GET http://example.com").route(in: table) == "=/")
        #expect(try RequestUnderTest("GET http://example.com/x/y").route(in: table) == "/x")
    }

    @Test func `whoever comes without TLS is sent to HTTPS if that is asked for`() throws {
        var proxy = HTTPProxyConfiguration.serving(["v"])
        var route = RouteConfiguration()
        route.to = "v"
        proxy.routes["all"] = route
        proxy.redirectToHTTPS = 8443
        let table = RouteTable(proxy)
        let request = try RequestUnderTest("GET /a%2f..?b=c", "host: example.com:8080")
        let found = try #require(try table.match(request.head, request.bytes.span, isSecure: false))
        #expect(found.name == "redirect-to-https")
        #expect(found.index == 1)
        guard case .redirect(let redirect) = found.action else { return #expect(Bool(false), "\(found.action)") }
        let written = request.written { redirect.writeHead($0, $1, isSecure: false, into: &$2) }
        #expect(written.hasPrefix("HTTP/1.1 301 Moved Permanently\r\n"))
        #expect(written.hasSuffix("Location: https://example.com:8443/a%2f..?b=c\r\n"))
        #expect(try RequestUnderTest("GET /").route(in: table, isSecure: true) == "all")
    }
}

struct PathReadingsTests {
    @Test(
        "escapes of what nobody divides paths by are read",
        arguments: [("/sh%6Fp/cart", "/shop"), ("/k%C3%A4se", "/käse"), ("/k\u{E4}se", "/käse"), ("/k%C3%A4", "/")])
    func escapes(target: String, expected: String) throws {
        #expect(try RequestUnderTest("GET \(target)").route(in: .ofPaths("/", "/shop", "/käse")) == expected)
    }

    @Test(
        "a path that is the same route in every reading passes",
        arguments: [
            ("/shop/a%2Fb", "/shop"), ("/shop//x", "/shop"), ("/shop/x;id=1", "/shop"), ("/a//b", "/"),
            ("/shop/%", "/shop"), ("/shop/%zz%2", "/shop"), ("/%25", "/"), ("/.well-known/x", "/.well-known"),
            ("/shop/...", "/shop"), ("/shop/.a/..b", "/shop"), ("/shop/a\\b", "/shop"), ("/admin/%252e%252e", "/admin"),
        ])
    func same(target: String, expected: String) throws {
        let table = RouteTable.ofPaths("/", "/shop", "/admin", "/.well-known")
        #expect(try RequestUnderTest("GET \(target)").route(in: table) == expected)
    }

    @Test(
        "a path that leads elsewhere in another reading is refused",
        arguments: [
            "//admin", "/%2Fadmin", "/%2fadmin/x", "/admin;x=1", "/admin;/x", "/;x/admin", "/\\admin", "/%5Cadmin",
            "/admin%2Fx", "/shop%2F", "/x/../admin", "/x/%2e%2E/admin", "/admin/..", "/admin/.", "/./admin",
            "/x/..;a=b/admin", "/admin/..%2f", "/x%5c..%5cadmin", "/a//../admin", "/..", "/.", "/shop/%00", "/shop/%0a",
            "/a%7f", "//admin/secret",
        ])
    func refused(target: String) throws {
        let table = RouteTable.ofPaths("/", "/shop", "/admin", "/a/admin")
        let request = try RequestUnderTest("GET \(target)")
        #expect(throws: HTTPSyntaxError.self) { try request.route(in: table) }
    }

    @Test func `where no route looks at the path, any path passes`() throws {
        for target in ["/x/../admin", "//admin", "/%00", "/a;b"] {
            #expect(try RequestUnderTest("GET \(target)").route(in: .ofPaths("/")) == "/")
        }
    }

    @Test func `no reading of any path leads past a route`() throws {
        let table = RouteTable.ofPaths("/", "/a", "/a/b", "=/a/b/c", "/b")
        var generator = SeededNumbers(seed: 7)
        let parts = ["/", "/", "a", "b", "c", "%2f", "%2F", "\\", "%5c", ";", ".", "%2e", "%61", "%", "//", "..", "x"]
        var passed = 0
        for _ in 0..<5000 {
            let path =
                "/"
                + (0..<Int.random(in: 1...7, using: &generator)).map { _ in
                    parts.randomElement(using: &generator) ?? ""
                }.joined()
            let request = try RequestUnderTest("GET \(path)")
            guard let route = try? request.route(in: table) else { continue }
            passed += 1
            let others = Self.readings(of: path).filter { Self.plainRoute($0) != route }
            #expect(others.isEmpty, "\(path)")
        }
        #expect(passed > 500)
    }

    /// What programs make of a path that do any of five things, in one order or the other.
    private static func readings(of path: String) -> Set<String> {
        var all: Set<String> = [path]
        let steps: [(String) -> String] = [
            { $0.replacing("%2f", with: "/").replacing("%2F", with: "/") }, { $0.replacing("%5c", with: "\\") },
            { $0.replacing("\\", with: "/") }, { $0.replacing("%2e", with: ".").replacing("%61", with: "a") },
            { text in
                text.split(separator: "/", omittingEmptySubsequences: false)
                    .map { $0.prefix { $0 != ";" } }.joined(separator: "/")
            },
            { text in
                "/" + text.split(separator: "/").joined(separator: "/")
                    + (text.hasSuffix("/") && text.contains { $0 != "/" } ? "/" : "")
            },
        ]
        for _ in steps { for step in steps { all.formUnion(all.map(step)) } }
        return all
    }

    /// The route by the bytes alone; a path with escapes that routes decode is no other route for it.
    private static func plainRoute(_ reading: String) -> String {
        let path = reading.replacing("%61", with: "a").replacing("%2e", with: ".")
        if path == "/a/b/c" { return "=/a/b/c" }
        for prefix in ["/a/b", "/a", "/b"] where path == prefix || path.hasPrefix(prefix + "/") { return prefix }
        return "/"
    }
}
