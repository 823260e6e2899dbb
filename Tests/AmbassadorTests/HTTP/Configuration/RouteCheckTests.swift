// SPDX-License-Identifier: Apache-2.0

import Core
import Proxying
import Testing

@testable import Ambassador

struct RouteCheckTests {
    private static func mistakes(_ change: (inout RouteConfiguration) -> Void) -> [String] {
        var proxy = HTTPProxyConfiguration.serving(["v1", "v2"])
        var route = RouteConfiguration()
        change(&route)
        proxy.routes = ["r": route]
        return proxy.mistakes.map { "\($0.key): \($0.message)" }
    }

    @Test func `a route that goes on, sends elsewhere or answers has no mistake`() {
        #expect(Self.mistakes { $0.to = "v1" } == [])
        #expect(Self.mistakes { $0.split = ["v1": 1, "v2": 0] } == [])
        #expect(Self.mistakes { $0.redirect.scheme = .https } == [])
        #expect(Self.mistakes { $0.respond.status = 204 } == [])
    }

    @Test func `the header for clients' certificates says nothing else, and there are authorities of clients`() {
        func mistakes(_ name: String, ca: String?) -> [String] {
            var proxy = HTTPProxyConfiguration.serving(["v1"])
            proxy.routes["r"] = RouteConfiguration()
            proxy.routes["r"]?.to = "v1"
            proxy.forwarding.clientCertificateHeader = name
            proxy.tls.ca = ca
            return proxy.mistakes.map { "\($0.key): \($0.message)" }
        }
        let expected = "expected the authorities of clients because client-certificate-header is given"
        #expect(mistakes("x-client-subject", ca: "ca.pem") == [])
        #expect(mistakes("x-client-subject", ca: nil) == ["tls.ca: found nothing, \(expected)"])
        let known = "found \"Forwarded\", expected another header: this one says something else"
        #expect(mistakes("Forwarded", ca: "ca.pem") == ["client-certificate-header: \(known)"])
    }

    @Test func `a route has one action`() {
        #expect(
            Self.mistakes { _ in } == [
                "routes.r: found nothing that becomes of a request, expected to, split, redirect or respond"
            ])
        let both = Self.mistakes {
            $0.to = "v1"
            $0.respond.status = 200
        }
        #expect(both == ["routes.r.respond: found both to and respond, expected one of them"])
    }

    @Test func `an unknown upstream is a mistake wherever it is named`() {
        let unknown = Self.mistakes {
            $0.split = ["v1": 1, "v11": 1]
            $0.mirror.to = "shadow"
        }
        #expect(
            unknown == [
                "routes.r.split.v11: found \"v11\", which is no upstream; expected v1, perhaps",
                "routes.r.mirror.to: found \"shadow\", expected an upstream: v1 or v2",
            ])
    }

    @Test func `a split has a weight above 0, and one thing that makes it sticky`() {
        let wrong = Self.mistakes {
            $0.split = ["v1": 0]
            $0.sticky.header = "x"
            $0.sticky.address = true
        }
        #expect(
            wrong == [
                "routes.r.split: found no weight but 0, expected at least one above it",
                "routes.r.sticky: found more than one, expected header, cookie, query or address",
            ])
        let alone = Self.mistakes {
            $0.to = "v1"
            $0.sticky.cookie = "x"
            $0.override.header = "y"
        }
        #expect(
            alone == [
                "routes.r.sticky: found it without a split, expected one",
                "routes.r.override: found it without a split, expected one",
            ])
    }

    @Test func `what is for requests that go on is a mistake where none does`() {
        let idle = Self.mistakes {
            $0.respond.status = 200
            $0.rewrite.path = "/x"
            $0.mirror.to = "v2"
        }
        #expect(idle.map { $0.prefix(17) } == ["routes.r.rewrite:", "routes.r.mirror: "])
    }

    @Test func `a redirect leads somewhere, by the whole address or by parts of it`() {
        #expect(
            Self.mistakes { $0.redirect.status = .permanent } == [
                "routes.r.redirect: found no place to go, expected to, scheme, host, port or path"
            ])
        let both = Self.mistakes {
            $0.redirect.to = "/x"
            $0.redirect.port = 1
        }
        #expect(both == ["routes.r.redirect.to: found the whole address beside a part of it, expected one of them"])
    }

    @Test func `an answer has a status, and a body only where that status has one`() {
        #expect(
            Self.mistakes { $0.respond.body = "x" } == ["routes.r.respond.status: found nothing, expected a status"])
        let empty = Self.mistakes {
            $0.respond.status = 304
            $0.respond.body = "x"
        }
        #expect(empty == ["routes.r.respond.body: found a body, expected none: 304 has none"])
        let long = Self.mistakes {
            $0.respond.status = 200
            $0.respond.body = String(repeating: "x", count: DirectAnswerConfiguration.bodyBytesMax + 1)
        }
        #expect(long == ["routes.r.respond.body: found 65537 bytes, expected at most 65536"])
    }

    @Test func `headers that aren't names, or aren't the user's, are mistakes`() {
        let wrong = Self.mistakes {
            $0.to = "v1"
            $0.match.header = ["a:b": "1"]
            $0.requestHeaders.set = ["Host": "x", "content-length": "1"]
            $0.responseHeaders.remove = ["Connection"]
        }
        #expect(
            wrong == [
                "routes.r.match.header.a:b: found \"a:b\", expected the name of a header",
                "routes.r.request-headers.set.Host: found Host, expected rewrite.host for it",
                "routes.r.request-headers.set.content-length: found \"content-length\", expected another header: this "
                    + "one is the connection's own",
                "routes.r.response-headers.remove: found \"Connection\", expected another header: this one is the "
                    + "connection's own",
            ])
    }

    @Test func `two routes that match the same are a mistake, however they say it`() {
        var proxy = HTTPProxyConfiguration.serving(["v1"])
        var one = RouteConfiguration()
        one.to = "v1"
        one.match.header = ["X-A": "1", "x-b": "2"]
        one.match.methods = ["GET", "HEAD"]
        var two = one
        two.match.header = ["x-b": "2", "x-a": "1"]
        two.match.methods = ["HEAD", "GET"]
        two.order = 3
        proxy.routes = ["one": one, "two": two]
        #expect(
            proxy.mistakes == [
                HTTPProxyMistake(
                    key: "routes.two.match", message: "found what routes.one matches, too; expected something else")
            ])
        two.match.methods = ["GET"]
        proxy.routes = ["one": one, "two": two]
        #expect(proxy.mistakes.isEmpty)
    }

    @Test func `a proxy has routes, unless all are sent to https, and its upstreams have servers`() {
        var proxy = HTTPProxyConfiguration()
        #expect(proxy.mistakes.map(\.key) == ["routes"])
        proxy.redirectToHTTPS = 443
        #expect(proxy.mistakes.isEmpty)
        proxy.upstreams["v1"] = UpstreamConfiguration()
        #expect(proxy.mistakes.map(\.key) == ["upstreams.v1.servers"])
    }
}

struct RoutePatternTests {
    @Test func `paths are prefixes by segments, or exact behind an equals sign`() {
        #expect(PathPattern(text: "/") == .prefix("/"))
        #expect(PathPattern(text: "/shop/") == .prefix("/shop"))
        #expect(PathPattern(text: "=/shop/") == .exact("/shop/"))
        #expect(PathPattern(text: "/.well-known/käse und brot") == .prefix("/.well-known/käse und brot"))
        #expect(PathPattern(text: "=/") == .exact("/"))
    }

    @Test(
        "a path that programs read in two ways is no pattern",
        arguments: [
            "", "shop", "=shop", "/a//b", "//", "/a/../b", "/./a", "/a%2fb", "/a;b", "/a\\b", "/a?b", "/a#b", "/a\nb",
        ])
    func noPath(text: String) { #expect(PathPattern(text: text) == nil) }

    @Test func `hosts are names, addresses, or all names below one`() {
        #expect(HostPattern(text: "Shop.Example.com") == .exact("shop.example.com"))
        #expect(HostPattern(text: "*.Example.com") == .below(".example.com"))
        #expect(HostPattern(text: "[::1]") == .exact("[::1]"))
        #expect(HostPattern(text: "10.0.0.1") == .exact("10.0.0.1"))
    }

    @Test(
        "what is no host is refused",
        arguments: ["", "*", "*.", "a:80", "a..b", "*.*.com", "a*", "[::1", "a/b", "ä.de", "a b", "[g::]"])
    func noHost(text: String) { #expect(HostPattern(text: text) == nil) }
}
