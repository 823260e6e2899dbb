// SPDX-License-Identifier: Apache-2.0

import Core
import Logging
import Telemetry
import Testing

@testable import Runtime

@Suite struct AdminTests {
    private let registry = PrometheusRegistry(logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })

    private func admin(_ probes: Probes = Probes(), rooms: [AdminEndpoint] = []) -> Admin {
        Admin(registry: registry, probes: probes, rooms: rooms)
    }

    private func text(_ response: AdminResponse) -> String { String(decoding: response.body, as: UTF8.self) }

    private let broken = Probe("app port") { .failing("127.0.0.1:8080 refuses connections") }
    private let fine = Probe("database") { .ok }

    @Test func `Metrics are answered in Prometheus' format`() async {
        registry.observe("outrigger_build_info", [("version", "1")]) { 1 }
        let response = await admin().respond(to: AdminRequest("GET", "/metrics"))
        #expect(response.status == 200)
        #expect(response.contentType == "text/plain; version=0.0.4; charset=utf-8")
        #expect(text(response).hasSuffix("outrigger_build_info{version=\"1\"} 1\n"))
    }

    @Test(arguments: ["/livez", "/readyz", "/startupz"])
    func `A probe without a failing check is ok`(path: String) async {
        let admin = admin(Probes(live: [fine], started: [fine], ready: [fine]))
        #expect(await admin.respond(to: AdminRequest("GET", path)) == .text("ok\n"))
        #expect(await admin.respond(to: AdminRequest("HEAD", path)).status == 200)
    }

    @Test func `A failing probe has a line for each check that fails`() async {
        let admin = admin(Probes(ready: [fine, broken]))
        let response = await admin.respond(to: AdminRequest("GET", "/readyz"))
        #expect(
            response
                == .text(
                    "[-]app port failed: 127.0.0.1:8080 refuses connections\nreadyz check failed\n", status: 503))
        #expect(await admin.respond(to: AdminRequest("GET", "/livez")).status == 200)
    }

    @Test func `A verbose probe lists every check`() async {
        let failing = await admin(Probes(ready: [fine, broken])).respond(
            to: AdminRequest("GET", "/readyz", query: "x=1&verbose"))
        #expect(text(failing).hasPrefix("[+]database ok\n[-]app port failed: "))
        let passing = await admin(Probes(ready: [fine])).respond(
            to: AdminRequest("GET", "/readyz", query: "verbose=true"))
        #expect(passing == .text("[+]database ok\nreadyz check passed\n"))
    }

    @Test func `A check that hangs fails in time, and isn't started again before it returns`() async {
        let (starts, started) = AsyncStream.makeStream(of: Void.self)
        let (gate, opened) = AsyncStream.makeStream(of: Void.self)
        let wedged = Probe("database") {
            started.yield()
            for await _ in gate {}
            return .ok
        }
        let admin = admin(Probes(live: [wedged, fine]))
        // Of high priority, which has threads of its own: other tests keep those of the usual one busy for seconds.
        let (responses, time) = await Task(priority: .high) {
            let begin = ContinuousClock.now
            var responses: [AdminResponse] = []
            for _ in 0..<3 { responses.append(await admin.respond(to: AdminRequest("GET", "/livez"))) }
            return (responses, ContinuousClock.now - begin)
        }.value
        #expect(time < .seconds(8))
        for response in responses {
            #expect(response.status == 503)
            #expect(text(response).hasPrefix("[-]database failed: no answer within 0.8 seconds\n"))
        }
        opened.finish()
        while await admin.respond(to: AdminRequest("GET", "/livez")).status != 200 { await Task.yield() }
        started.finish()
        var count = 0
        for await _ in starts { count += 1 }
        #expect(count >= 2)
        #expect(count < 100)
    }

    @Test func `The index names every endpoint`() async {
        let room = AdminEndpoint("/admin/state", summary: "Stores.") { _ in .json(Array("[]".utf8)) }
        let response = await admin(rooms: [room]).respond(to: AdminRequest("GET", "/admin"))
        #expect(response.contentType == "application/json")
        #expect(text(response).contains(#"{"path":"/admin/state","methods":["GET"],"summary":"Stores."}"#))
        for path in ["/metrics", "/livez", "/readyz", "/startupz"] { #expect(text(response).contains("\"\(path)\"")) }
        #expect(await admin().respond(to: AdminRequest("POST", "/admin")).status == 405)
    }

    @Test func `A room answers under its own path`() async {
        let room = AdminEndpoint("/admin/state", summary: "Stores.") { .json(Array("\"\($0.query)\"".utf8)) }
        let response = await admin(rooms: [room]).respond(to: AdminRequest("GET", "/admin/state", query: "a=b"))
        #expect(response == .json(Array("\"a=b\"".utf8)))
    }

    @Test func `A path that doesn't exist is told what does`() async {
        let response = await admin().respond(to: AdminRequest("GET", "/metric"))
        #expect(
            response
                == .text(
                    "There is no /metric here. There is:\n/admin\n/livez\n/metrics\n/readyz\n/startupz\n", status: 404))
    }

    @Test func `A method that isn't taken is told which are`() async {
        let response = await admin().respond(to: AdminRequest("POST", "/metrics", mayChange: true))
        #expect(response.status == 405)
        #expect(response.allow == "GET, HEAD")
    }

    @Test func `The log's level is read, and changed by who may`() async {
        let logs = Logs(LogConfiguration())
        let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let admin = admin(rooms: [.logLevel(logs, logger: quiet)])
        func put(_ body: String, mayChange: Bool = true) async -> AdminResponse {
            await admin.respond(
                to: AdminRequest("PUT", "/admin/log-level", body: Array(body.utf8), mayChange: mayChange))
        }
        #expect(text(await admin.respond(to: AdminRequest("GET", "/admin/log-level"))) == "{\"level\":\"info\"}\n")
        #expect(await put("debug", mayChange: false).status == 403)
        #expect(logs.level == .info)
        #expect(await put("loud").status == 400)
        #expect(text(await put("debug\n")) == "{\"level\":\"debug\"}\n")
        #expect(logs.level == .debug)
        #expect(await put("error").status == 200)
        #expect(logs.level == .error)
    }

    @Test func `Changes are taken from loopback without a browser, or with the token`() {
        let local = Admin.Access(listen: ListenAddress(host: "127.0.0.1", port: 9090), token: nil)
        let open = Admin.Access(listen: ListenAddress(host: "0.0.0.0", port: 9090), token: "secret")
        let bare = Admin.Access(listen: ListenAddress(host: "::", port: 9090), token: "")
        #expect(local.mayChange(token: nil, origin: nil))
        #expect(!local.mayChange(token: nil, origin: "https://example.com"))
        #expect(open.mayChange(token: "secret", origin: nil))
        #expect(!open.mayChange(token: "secreT", origin: nil))
        #expect(!open.mayChange(token: "secret2", origin: nil))
        #expect(!open.mayChange(token: nil, origin: nil))
        #expect(!bare.mayChange(token: "", origin: nil))
    }
}
