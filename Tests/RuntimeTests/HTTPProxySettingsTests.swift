// SPDX-License-Identifier: Apache-2.0

import Ambassador
import Core
import Proxying
import Runtime
import Settings
import Testing

struct HTTPProxySettingsTests {
    private func proxy(_ yaml: String, environment: [String: String] = [:]) throws -> HTTPProxyConfiguration {
        let folder = try ConfigurationFolder(["o.yaml": "api: {enabled: false}\n" + yaml])
        let loaded = try folder.invocation("-c", "@/o.yaml", environment: environment).loaded
        return try #require(loaded.configuration.ambassador.http["web"])
    }

    /// What is wrong with a proxy whose upstreams are v1 and v2.
    private func problems(
        _ settings: String, upstreams: String = "{v1: {servers: ['a:1']}, v2: {servers: ['a:2']}}"
    )
        throws -> [String]
    {
        let yaml = "api: {enabled: false}\nambassador: {http: {web: {upstreams: \(upstreams), \(settings)}}}"
        return try ConfigurationFolder(["o.yaml": yaml]).problems("-c", "@/o.yaml").lines
    }

    private let file = """
        ambassador:
          http:
            web:
              listen: 127.0.0.1:8081
              routes:
                checkout:
                  match: {path: /checkout, header: {x-beta: "1"}}
                  to: v2
                everything:
                  match: {path: /}
                  split: {v1: 90, v2: 10}
                  sticky: {header: x-user}
                  mirror: {to: shadow, percent: 50, compare: true}
              upstreams:
                v1: {servers: [10.0.0.1:8080, 10.0.0.2:8080], balance: least-request}
                v2: {servers: [web-v2:8080]}
                shadow: {servers: [web-next:8080]}
        """

    @Test func `the file of the guide is read`() throws {
        let web = try proxy(file)
        #expect(web.listen == .network(ListenAddress(host: "127.0.0.1", port: 8081)))
        #expect(web.routes.names == ["checkout", "everything"])
        let checkout = try #require(web.routes["checkout"])
        #expect(checkout.match.path == .prefix("/checkout"))
        #expect(checkout.match.header == ["x-beta": "1"])
        #expect(checkout.to == "v2")
        let everything = try #require(web.routes["everything"])
        #expect(everything.split == ["v1": 90, "v2": 10])
        #expect(everything.sticky.header == "x-user")
        #expect(everything.mirror.to == "shadow")
        #expect(web.upstreams["v1"]?.servers.names == ["10.0.0.1:8080", "10.0.0.2:8080"])
        #expect(
            web.upstreams["v2"]?.servers["web-v2:8080"]?.address == .network(host: "web-v2", port: 8080))
    }

    private let everySetting = """
        ambassador:
          http:
            web:
              redirect-to-https: 8443
              hsts: {age: 8760h, subdomains: true}
              server: web
              connect: true
              proxy-protocol: accept
              trusted-proxies: [10.0.0.0/8]
              routes:
                a:
                  match: {host: [A.example.com, "*.example.org"], path: =/x, method: GET, query: {q: "*"}}
                  order: -1
                  to: v1
                  rewrite: {path: /y, host: internal}
                  request-headers: {set: {x-a: "1"}, add: {x-b: b c}, remove: cookie}
                  timeout: 3s
                  faults: {slow: {kind: delay, delay: 1s}}
                b:
                  match: {path: /old, method: [GET, HEAD]}
                  redirect: {scheme: https, host: new.example.com, status: 308}
                c:
                  match: {path: /robots.txt}
                  respond: {status: 200, body: "User-agent: *", headers: {x-c: c}}
              upstreams: {v1: {servers: {a: 'a:1'}}}
        """

    @Test func `all that a route can say is read`() throws {
        let web = try proxy(everySetting)
        let a = try #require(web.routes["a"])
        #expect(a.match.hosts == [.exact("a.example.com"), .below(".example.org")])
        #expect(a.match.path == .exact("/x"))
        #expect(a.match.methods == ["GET"])
        #expect(a.order == -1)
        #expect(a.rewrite.path == "/y")
        #expect(a.requestHeaders.set == ["x-a": "1"])
        #expect(a.requestHeaders.remove == ["cookie"])
        #expect(a.timeout == .seconds(3))
        #expect(a.faults["slow"]?.delay == .seconds(1))
        #expect(web.routes["b"]?.redirect.status == .permanent)
        #expect(web.routes["c"]?.respond.body == "User-agent: *")
        #expect(web.redirectToHTTPS == 8443)
        #expect(web.hsts.age == .seconds(8760 * 3600))
        #expect(web.forwarding.trusted.count == 1)
    }

    @Test func `a variable overrides a weight and a server`() throws {
        let web = try proxy(
            file,
            environment: [
                "OUTRIGGER_AMBASSADOR_HTTP_WEB_ROUTES_EVERYTHING_SPLIT_V2": "50",
                "OUTRIGGER_AMBASSADOR_HTTP_WEB_UPSTREAMS_V2_SERVERS_WEB_V2_8080_ADDRESS": "other:1",
            ])
        #expect(web.routes["everything"]?.split == ["v1": 90, "v2": 50])
        #expect(web.upstreams["v2"]?.servers["web-v2:8080"]?.address == .network(host: "other", port: 1))
    }

    @Test(
        "what is wrong with a proxy is said with its place",
        arguments: [
            (
                "routes: {a: {to: v3}}",
                "routes.a.to: found \"v3\", which is no upstream; expected v1, perhaps"
            ),
            (
                "routes: {a: {match: {path: x}, to: v1}}",
                "routes.a.match.path: found \"x\", expected a path such as /shop"
            ),
            ("routes: {a: {to: v1, split: {v2: 1}}}", "routes.a.split: found both to and split, expected one of them"),
            ("routes: {a: {split: {v1: 0}}}", "routes.a.split: found no weight but 0, expected at least one above it"),
            ("tls: {certificate: /nowhere.pem}, routes: {a: {to: v1}}", "tls.key: found nothing"),
            ("listen: nonsense, routes: {a: {to: v1}}", "listen: found \"nonsense\""),
            ("routes: {a: }", "routes.a: found nothing that becomes of a request"),
        ])
    func sentences(settings: String, expected: String) throws {
        let lines = try problems(settings)
        #expect(lines.count == 1)
        #expect(lines.first?.contains(": ambassador.http.web.\(expected)") == true, "\(lines)")
    }

    @Test func `a server without an address, and an address that is taken, are problems`() throws {
        let noAddress = try problems("routes: {a: {to: v1}}", upstreams: "{v1: {servers: {a: {weight: 2}}}}")
        #expect(
            noAddress.first?.contains("web.upstreams.v1.servers.a.address: found nothing, expected HOST:PORT") == true)
        let yaml = """
            api: {enabled: false}
            ambassador:
              redis: {cache: {listen: 127.0.0.1:8081, servers: {a: 'a:1'}}}
              http: {web: {routes: {a: {to: v}}, upstreams: {v: {servers: [b:1]}}}}
            """
        let taken = try ConfigurationFolder(["o.yaml": yaml]).problems("-c", "@/o.yaml").lines
        #expect(
            taken.map {
                $0.contains("ambassador.http.web.listen: found 127.0.0.1:8081, which is ambassador.redis.cache")
            }
                == [true])
    }
}
