// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestKit
import Testing

extension EndToEnd {
    @Suite struct Traces {
        private static let traceID = "0af7651916cd43dd8448eb211c80319c"
        private static let parent = "00-\(traceID)-b7ad6b7169203331-01"

        @Test func `an invocation through two sidecars is one trace of linked spans at the collector`() throws {
            let collector = try TraceCollector()
            let orders = try sidecar("orders", collector, on: nil, with: TracedApp())
            try orders.waitUntilReady()
            let cart = try sidecar("cart", collector, on: orders.folder, with: nil)
            try cart.waitUntilServing()

            let answer = try cart.api.get(
                "/v1.0/invoke/orders/method/checkout?card=1",
                headers: ["traceparent": Self.parent, "tracestate": "a=1"])
            #expect(answer.status == 200)
            let seen = try #require(answer.json["traceparent"] as? String)
            // Their end brings what still waits to the collector.
            try cart.stop()
            try orders.stop()

            let spans = try collector.spans()
            let caller = try #require(spans.first { $0.service == "cart" })
            let callee = try #require(spans.first { $0.service == "orders" })
            #expect(spans.count == 2 && spans.allSatisfy { $0.traceID == Self.traceID })
            #expect(caller.parentID == "b7ad6b7169203331" && callee.parentID == caller.id)
            #expect(seen == "00-\(Self.traceID)-\(callee.id)-01")
            #expect(answer.json["tracestate"] as? String == "a=1")
            #expect(answer.headers["traceparent"] == "00-\(Self.traceID)-\(caller.id)-01")
            #expect(caller.name == "GET orders/checkout" && callee.name == "GET /checkout")
        }

        @Test func `a collector that comes late gets what waits, and the metrics count it`() throws {
            let collector = try TraceCollector(isUp: false)
            let cart = try sidecar("cart", collector, on: nil, with: nil)
            try cart.waitUntilServing()
            _ = try cart.api.get("/v1.0/metadata")
            try cart.waitUntil("the failure to be said") { cart.process.standardError.contains("can't be exported") }
            try collector.start()
            try cart.waitUntil("the recovery to be said") {
                cart.process.standardError.contains("Spans are exported again")
            }
            let metrics = try cart.admin.get("/metrics").body
            #expect(metrics.contains("\noutrigger_spans_exported_total 1\n"), "\(metrics)")
            #expect(try collector.spans().map(\.name) == ["GET /v1.0/metadata"])
            try cart.stop()
        }

        @Test func `a request through a proxy to the app is one trace of linked spans`() throws {
            let collector = try TraceCollector()
            let (folder, port, app) = (try TemporaryFolder(), try FreePort.next(), try FreePort.next())
            try folder.write(
                """
                ambassador:
                  http:
                    web:
                      listen: 127.0.0.1:\(port)
                      access-log: {path: access.log}
                      routes: {everything: {match: {path: /}, to: app}}
                      upstreams: {app: {servers: [127.0.0.1:\(app)]}}

                """, to: "outrigger.yaml")
            let sidecar = try sidecar(
                "shop", collector, on: folder, with: TracedApp(), "--config", "outrigger.yaml", "-p", "\(app)")
            try sidecar.waitUntilReady()
            let web = Endpoint(port: port)
            let answer = try web.get("/cart?card=1", headers: ["traceparent": Self.parent, "tracestate": "a=1"])
            #expect(answer.status == 200)
            let seen = try #require(answer.json["traceparent"] as? String)
            let begun = try #require(try web.get("/begins").json["traceparent"] as? String)
            try sidecar.stop()

            let spans = try collector.spans()
            let own = try #require(spans.first { $0.parentID == "b7ad6b7169203331" })
            let attempt = try #require(spans.first { $0.parentID == own.id })
            #expect(own.traceID == Self.traceID && attempt.traceID == Self.traceID && own.service == "shop")
            #expect(own.name == "GET /" && attempt.name == "GET app")
            #expect(seen == "00-\(Self.traceID)-\(attempt.id)-01")
            #expect(answer.json["tracestate"] as? String == "a=1")
            // The other request began a trace of its own.
            let first = try #require(spans.first { $0.parentID == nil })
            #expect(spans.count == 4 && begun.contains(first.traceID))
            let log = folder.text("access.log")
            #expect(log.contains(Self.traceID) && log.contains(first.traceID), "\(log)")
        }

        @Test func `an endpoint by https is refused before anything listens`() throws {
            let folder = try TemporaryFolder()
            let (exit, process) = try Binary.run(
                ["check", "-a", "cart"], in: folder, environment: ["OTEL_EXPORTER_OTLP_ENDPOINT": "https://c:4318"])
            #expect(exit == .status(78))
            #expect(process.output.contains("tracing.otlp.endpoint: found \"https://c:4318\""), "\(process.output)")
        }

        private func sidecar(
            _ appID: String, _ collector: TraceCollector, on folder: TemporaryFolder?, with app: TracedApp?,
            _ flags: String...
        ) throws -> Sidecar {
            try Sidecar(
                Sidecar.Plan(
                    appID: appID, flags: flags,
                    environment: ["OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:\(collector.port)"],
                    command: app?.command ?? [], hasAppPort: app != nil && !flags.contains("-p"), folder: folder))
        }
    }
}

/// An app in Python that answers every request with the place in a trace that it was told.
private struct TracedApp {
    let command = [
        "python3", "-c",
        """
        import json, os
        from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

        class App(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.end_headers()
                names = ["traceparent", "tracestate"]
                self.wfile.write(json.dumps({name: self.headers[name] for name in names}).encode())
            def log_message(self, *arguments):
                pass

        ThreadingHTTPServer(("127.0.0.1", int(os.environ["APP_PORT"])), App).serve_forever()
        """,
    ]
}

/// A collector in Python that writes each batch to its output.
private final class TraceCollector {
    struct Span {
        var service: String
        var traceID: String
        var id: String
        var parentID: String?
        var name: String
    }

    let port: Int
    private let folder: TemporaryFolder
    private var process: ChildProcess?

    init(isUp: Bool = true) throws {
        port = try FreePort.next()
        folder = try TemporaryFolder()
        if isUp { try start() }
    }

    func start() throws {
        process = try ChildProcess(
            ["python3", "-c", Self.script, "\(port)"], environment: Binary.environment(home: folder.path),
            workingDirectory: folder.path)
        try wait(for: "the collector to listen") { Endpoint(port: port).status("/") != nil }
    }

    /// The spans of all batches so far.
    func spans() throws -> [Span] {
        let batches = (process?.standardOutput ?? "").split(separator: "\n")
        return try batches.flatMap { batch in
            let json = try JSONSerialization.jsonObject(with: Data(batch.utf8)) as? [String: Any] ?? [:]
            return (json["resourceSpans"] as? [[String: Any]] ?? []).flatMap(Self.spans(of:))
        }
    }

    private static func spans(of resourceSpans: [String: Any]) -> [Span] {
        let resource = resourceSpans["resource"] as? [String: Any]
        let attributes = resource?["attributes"] as? [[String: Any]] ?? []
        let name = attributes.first { $0["key"] as? String == "service.name" }?["value"] as? [String: Any]
        let scopes = resourceSpans["scopeSpans"] as? [[String: Any]] ?? []
        return scopes.flatMap { $0["spans"] as? [[String: Any]] ?? [] }.map { span in
            Span(
                service: name?["stringValue"] as? String ?? "", traceID: span["traceId"] as? String ?? "",
                id: span["spanId"] as? String ?? "", parentID: span["parentSpanId"] as? String,
                name: span["name"] as? String ?? "")
        }
    }

    private static let script = """
        import sys
        from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

        class Collector(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_error(404)
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                good = self.path == "/v1/traces" and self.headers["Content-Type"] == "application/json"
                if good:
                    print(body, flush=True)
                self.send_response(200 if good else 400)
                self.send_header("Content-Length", "0")
                self.end_headers()
            def log_message(self, *arguments):
                pass

        ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Collector).serve_forever()
        """
}
