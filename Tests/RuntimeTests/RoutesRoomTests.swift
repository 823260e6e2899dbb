// SPDX-License-Identifier: Apache-2.0

import Core
import Logging
import NIOCore
import Synchronization
import Telemetry
import Testing

@testable import Ambassador
@testable import Proxying
@testable import Runtime

@Suite("What the admin listener tells of HTTP proxies")
struct RoutesRoomTests {
    /// A proxy that serves nobody.
    private final class StillProxy: ObservedHTTPProxy {
        let name = "web"
        let configuration: Mutex<HTTPProxyConfiguration>

        init(_ configuration: HTTPProxyConfiguration) { self.configuration = Mutex(configuration) }

        func snapshot() async -> HTTPProxySnapshot {
            let configuration = configuration.withLock { $0 }
            let names = HTTPProxyNames(routes: ["checkout", "everything"], upstreams: ["v1", "v2"])
            let counters = HTTPProxyCounters(names)
            for (upstream, status) in [(0, 200), (0, 200), (0, 503), (1, 200)] {
                counters.ended(
                    counters.row(route: 1, upstream: upstream), status: status, origin: .application,
                    nanoseconds: 1000, bytesIn: 0, bytesOut: 100)
            }
            var snapshot = HTTPProxySnapshot(
                name: name, listen: "127.0.0.1:8081", configuration, order: ["checkout", "everything"],
                counts: counters.counts(), upstreams: [Self.upstream])
            snapshot.comparisons["everything"] = ComparisonReport()
            if configuration.routes["everything"]?.split != ["v1": 90, "v2": 10] {
                snapshot.routes[1].written = ["v1": 90, "v2": 10]
            }
            return snapshot
        }

        func changeSplit(route: String, weights: NamedTable<Int>) async -> String? {
            configuration.withLock { configuration in
                do throws(SplitChangeError) {
                    configuration = try configuration.settingSplit(route: route, weights: weights)
                    return nil
                } catch {
                    return error.description
                }
            }
        }

        private static var upstream: UpstreamSnapshot {
            UpstreamSnapshot(
                name: "v1", balance: .leastRequest,
                endpoints: [
                    UpstreamSnapshot.Endpoint(
                        server: "a", configured: "v1:80", address: "10.0.0.1:80", weight: 1, share: 1, isHealthy: true,
                        isEjected: true, ejectedFor: 29_000_000_000, inFlight: 1, connections: 2, waiting: 0,
                        latency: 0, counters: EndpointCounters())
                ], isPanicking: false, requests: 1, retries: 0, refusals: CircuitBreaker.Refusals())
        }
    }

    private func room() -> RoutesRoom {
        var configuration = HTTPProxyConfiguration()
        var checkout = RouteConfiguration()
        checkout.match.path = .exact("/checkout")
        checkout.match.header["x-beta"] = "1"
        checkout.redirect.path = "/cart"
        var everything = RouteConfiguration()
        everything.split = ["v1": 90, "v2": 10]
        everything.mirror.to = "shadow"
        everything.mirror.compare = true
        configuration.routes = ["everything": everything, "checkout": checkout]
        for name in ["v1", "v2", "shadow"] { configuration.upstreams[name] = UpstreamConfiguration() }
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        return RoutesRoom(proxies: [StillProxy(configuration)], logger: logger)
    }

    private func ask(
        _ room: RoutesRoom, _ path: String, _ query: String = "", method: String = "GET", body: String = ""
    ) async throws -> (status: Int, text: String) {
        let request = AdminRequest(method, path, query: query, body: Array(body.utf8), mayChange: true)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let admin = Admin(
            registry: PrometheusRegistry(logger: logger), probes: Probes(live: [], started: [], ready: []),
            rooms: room.endpoints)
        let response = await admin.respond(to: request)
        return (response.status, String(decoding: response.body, as: UTF8.self))
    }

    @Test func `routes are listed in the order in which they are tried`() async throws {
        let (status, text) = try await ask(room(), "/admin/routes", "format=text")
        #expect(status == 200)
        #expect(
            text == """
                web: http on 127.0.0.1:8081, 0 clients, 0 requests in flight
                ROUTE       MATCH                TO                         WEIGHT    SHARE  MEASURED  REQUESTS  5XX
                checkout    =/checkout x-beta=1  redirects with 302                                           0
                everything  /                    v1                             90   90.0 %    75.0 %         3    1
                                                 v2                             10   10.0 %    25.0 %         1    0
                                                 shadow (copies, compared)          100.0 %

                UPSTREAM  ENDPOINT             STATE               SHARE  CONNECTIONS  IN FLIGHT  \
                REQUESTS  FAILURES  EJECTIONS
                v1        v1:80 (10.0.0.1:80)  ejected for 29 s  100.0 %            2          1  \
                       0         0          0

                """)
    }

    @Test func `JSON has the same`() async throws {
        let (_, json) = try await ask(room(), "/admin/routes", "proxy=web")
        #expect(!json.contains("configuredWeights"))
        #expect(json.hasPrefix(#"{"proxies":[{"name":"web","listen":"127.0.0.1:8081","tls":false,"clients":{"#))
        #expect(json.contains(#"{"upstream":"v1","weight":90,"share":0.9,"measured":0.75,"requests":3,"failures":1}"#))
        #expect(json.contains(#""mirror":{"upstream":"shadow","percent":100.0,"compare":true}"#))
        #expect(json.contains(#""healthy":true,"ejected":true,"ejectedSeconds":29.0"#))
    }

    @Test func `a split is changed, and the answer shows it`() async throws {
        let room = room()
        let (status, json) = try await ask(
            room, "/admin/routes/web/everything/split", method: "PUT", body: #"{"v1": 80, "v2": 20}"#)
        #expect(status == 200)
        #expect(json.contains(#"{"upstream":"v2","weight":20,"share":0.2"#))
        #expect(json.contains(#""configuredWeights":{"v1":90,"v2":10}"#))
        let (_, text) = try await ask(room, "/admin/routes", "format=text")
        #expect(text.contains(" (set while running; configured: v1=90 v2=10)\n"))
    }

    @Test(arguments: [
        ("web/everything", #"{"v1": -1, "v2": 2}"#, 400), ("web/everything", "{}", 400),
        ("web/everything", #"{"v3": 1}"#, 400), ("web/everything", "90", 400),
        ("web/everything", #"{"v1": 1.5}"#, 400), ("web/everything", #"{"v1": 0}"#, 400),
        ("web/everything", #"{"v1": 1, "v1": 2}"#, 400), ("web/everything", "", 400),
        ("web/nothing", #"{"v1": 1}"#, 400), ("web/checkout", #"{"v1": 1}"#, 400),
        ("web/", #"{"v1": 1}"#, 404), ("everything", #"{"v1": 1}"#, 404), ("web/a/b", #"{"v1": 1}"#, 404),
        ("other/everything", #"{"v1": 1}"#, 404),
    ])
    func `a wrong change is refused with its reason`(_ row: (path: String, body: String, status: Int)) async throws {
        let room = room()
        let (_, before) = try await ask(room, "/admin/routes")
        let (status, text) = try await ask(room, "/admin/routes/\(row.path)/split", method: "PUT", body: row.body)
        #expect(status == row.status)
        #expect(text.count > 10 && text.hasSuffix("\n"))
        #expect(try await ask(room, "/admin/routes").text == before)
    }

    @Test func `comparisons are told by route`() async throws {
        let (_, text) = try await ask(room(), "/admin/routes/compare", "format=text")
        #expect(text.hasPrefix("web everything: 0 compared"))
        let (_, json) = try await ask(room(), "/admin/routes/compare", "route=everything")
        #expect(json.hasPrefix(#"{"proxies":[{"name":"web","comparisons":[{"route":"everything","compared":0"#))
        #expect(try await ask(room(), "/admin/routes/compare", "route=checkout").status == 404)
        #expect(try await ask(room(), "/admin/routes/compare", "proxy=x").status == 404)
    }

    @Test func `a proxy that isn't there is told what is`() async throws {
        let (status, text) = try await ask(room(), "/admin/routes", "proxy=wbe")
        #expect(status == 404)
        #expect(text == "There is no HTTP proxy \"wbe\"; there is: web.\n")
    }
}
