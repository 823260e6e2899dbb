// SPDX-License-Identifier: Apache-2.0

import Core
import Proxying
import Synchronization
import Telemetry
import TestKit
import Testing

@testable import Ambassador

/// What proxied requests leave in a collector's queue, and what servers are told of their traces.
@Suite(.timeLimit(.minutes(1))) struct HTTPProxyTraceTests {
    private static let traceID = "0af7651916cd43dd8448eb211c80319c"
    private static let recorded = "00-\(traceID)-b7ad6b7169203331-01"
    private static let unrecorded = "00-\(traceID)-b7ad6b7169203331-00"

    /// What one request brings about: what the server was told each time, and the spans in the order of their ends.
    ///
    /// - Parameter answers: the server's, one after the other.
    private func outcome(
        of lines: [String] = [], rate: Double = 0, queue: SpanQueue? = SpanQueue(), answers: [String] = ["200 OK"],
        _ configure: (inout HTTPProxyConfiguration) -> Void = { _ in },
        before end: () async throws -> Void = {}
    ) async throws -> (answer: String, told: [[String]], spans: [TraceSpan]) {
        let left = Mutex(answers)
        let server = try AnsweringServer { _, _ in
            AnsweringServer.text("hi", status: left.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] })
        }
        defer { server.stop() }
        let tracer = Tracer(queue, rate: rate)
        var answer = ""
        try await withProxy(
            [], tracer: tracer,
            {
                $0.upstreams["up"]?.servers["s"] = UpstreamServerConfiguration(
                    address: .network(host: "127.0.0.1", port: server.port))
                configure(&$0)
            }
        ) { proxy in
            let head = ["GET /shop/a?token=1 HTTP/1.1", "Host: [::1]:80", "Connection: close"] + lines
            answer = try await proxy.whole(head.joined(separator: "\r\n") + "\r\n\r\n")
            try await end()
        }
        return (answer, server.requests, queue?.take() ?? [])
    }

    private func field(_ name: String, in lines: [String]?) -> [String] {
        (lines ?? []).compactMap { line in
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, parts[0].lowercased() == name else { return nil }
            return parts[1].trimmingPrefix(" ").description
        }
    }

    @Test func `a recorded trace gets a span for the request and one below it that the server is told of`() async throws
    {
        let (_, told, spans) = try await outcome(of: ["traceparent: \(Self.recorded)", "tracestate: a=1,b=2"])
        let attempt = try #require(spans.first)
        let own = try #require(spans.last)
        #expect(spans.count == 2 && own.parentID == 0xb7ad_6b71_6920_3331 && attempt.parentID == own.context.spanID)
        #expect(own.kind == .server && attempt.kind == .client)
        #expect(field("traceparent", in: told.first) == [attempt.context.traceparent])
        #expect(field("traceparent", in: told.first).first?.contains(Self.traceID) == true)
        #expect(field("tracestate", in: told.first) == ["a=1,b=2"] && own.context.state == "a=1,b=2")
        #expect(own.name == "GET /" && attempt.name == "GET up")
        #expect(own.attributes.contains(TraceSpan.Attribute("url.path", "/shop/a")))
        #expect(own.attributes.contains(TraceSpan.Attribute("outrigger.route", "all")))
        #expect(own.attributes.contains(TraceSpan.Attribute("server.address", "[::1]")))
        #expect(own.attributes.contains(TraceSpan.Attribute("http.response.status_code", 200)))
        #expect(attempt.attributes.contains(TraceSpan.Attribute("server.address", "127.0.0.1")))
        #expect(own.status == .unset && attempt.status == .unset)
        // Queries may hold what is nobody's business.
        #expect(!"\(spans)".contains("token"))
    }

    @Test func `a trace that its maker doesn't record goes through as it came`() async throws {
        let (_, told, spans) = try await outcome(of: ["TraceParent: \(Self.unrecorded)", "tracestate: a=1"], rate: 1)
        #expect(spans.isEmpty)
        #expect(told.first?.contains("TraceParent: \(Self.unrecorded)") == true)
        #expect(field("tracestate", in: told.first) == ["a=1"])
    }

    @Test func `without a collector a trace goes through as it came`() async throws {
        let (_, told, _) = try await outcome(of: ["traceparent: \(Self.recorded)"], queue: nil)
        #expect(field("traceparent", in: told.first) == [Self.recorded])
    }

    @Test(arguments: [
        ["traceparent: 00-0-0-01", "tracestate: a=1"], ["tracestate: a=1"],
        ["traceparent: \(recorded)", "traceparent: \(unrecorded)"],
    ])
    func `a request without a place in a trace begins one`(lines: [String]) async throws {
        let (_, told, spans) = try await outcome(of: lines, rate: 1)
        let own = try #require(spans.last)
        #expect(spans.count == 2 && own.parentID == nil)
        #expect(field("traceparent", in: told.first) == [spans[0].context.traceparent])
        #expect(field("tracestate", in: told.first) == [])
        #expect(!own.context.traceparent.contains(Self.traceID))
    }

    @Test func `a trace that begins here and isn't recorded is told to the server, and leaves no spans`() async throws {
        let (_, told, spans) = try await outcome(rate: 0)
        let context = try #require(field("traceparent", in: told.first).first.flatMap { TraceContext(traceparent: $0) })
        #expect(!context.isSampled && spans.isEmpty)
    }

    @Test func `a proxy without tracing adds nothing`() async throws {
        let server = try AnsweringServer { _, _ in AnsweringServer.text("hi") }
        defer { server.stop() }
        try await withProxy(
            [],
            {
                $0.upstreams["up"]?.servers["s"] = UpstreamServerConfiguration(
                    address: .network(host: "127.0.0.1", port: server.port))
            }
        ) { _ = try await $0.client.send("GET", "/", headers: [("traceparent", "nonsense")]) }
        #expect(field("traceparent", in: server.requests.first) == ["nonsense"])
    }

    @Test func `each try has a span of its own, and its server is told of that`() async throws {
        let (answer, told, spans) = try await outcome(
            of: ["traceparent: \(Self.recorded)"], answers: ["503 Busy", "200 OK"]
        ) {
            $0.routes["all"]?.retry.attempts = 1
            $0.routes["all"]?.retry.on = [.serverError]
        }
        #expect(answer.hasPrefix("HTTP/1.1 200 OK"))
        let own = try #require(spans.last)
        let tries = spans.dropLast()
        try #require(tries.count == 2)
        #expect(tries.allSatisfy { $0.kind == .client && $0.parentID == own.context.spanID })
        #expect(tries.map(\.context.traceparent) == told.flatMap { field("traceparent", in: $0) })
        #expect(tries[0].status == .failed("status 503") && tries[1].status == .unset)
        #expect(tries[1].attributes.contains(TraceSpan.Attribute("http.request.resend_count", 1)))
    }

    @Test func `what has failed says so`() async throws {
        let (answer, _, spans) = try await outcome(of: ["traceparent: \(Self.recorded)"]) {
            $0.upstreams["up"]?.servers["s"]?.address = .network(host: "127.0.0.1", port: 1)
        }
        #expect(answer.hasPrefix("HTTP/1.1 503 "))
        #expect(spans.map(\.status) == [.failed("connection failed"), .failed("status 503")])
        #expect(spans.first?.attributes.contains(TraceSpan.Attribute("error.type", "connection failed")) == true)
        #expect(spans.last?.attributes.contains(TraceSpan.Attribute("outrigger.origin", "upstream")) == true)
    }

    @Test func `an answer of the proxy's own has a span without tries`() async throws {
        let (_, told, spans) = try await outcome(of: ["traceparent: \(Self.recorded)"]) {
            $0.routes["all"]?.match.path = .exact("/else")
        }
        #expect(told.isEmpty && spans.count == 1)
        #expect(spans.first?.name == "GET")
        #expect(spans.first?.attributes.contains(TraceSpan.Attribute("http.response.status_code", 404)) == true)
    }

    @Test func `a route that removes the field has its way`() async throws {
        let (_, told, spans) = try await outcome(of: ["traceparent: \(Self.recorded)"]) {
            $0.routes["all"]?.requestHeaders.remove = ["traceparent"]
        }
        #expect(field("traceparent", in: told.first) == [] && spans.count == 2)
    }

    @Test func `copies for a mirror belong to the request, and make no spans`() async throws {
        let shadow = try AnsweringServer { _, _ in AnsweringServer.text("hi") }
        defer { shadow.stop() }
        let (_, _, spans) = try await outcome(
            of: ["traceparent: \(Self.recorded)"]
        ) {
            $0.upstreams["shadow"] = UpstreamConfiguration()
            $0.upstreams["shadow"]?.servers["s"] = UpstreamServerConfiguration(
                address: .network(host: "127.0.0.1", port: shadow.port))
            $0.routes["all"]?.mirror.to = "shadow"
        } before: {
            for _ in 0..<500 where shadow.requests.isEmpty { try await Task.sleep(for: .milliseconds(10)) }
        }
        let own = try #require(spans.last)
        #expect(spans.count == 2)
        #expect(field("traceparent", in: shadow.requests.first) == [own.context.traceparent])
        #expect(field("x-mirrored", in: shadow.requests.first) == ["shadow"])
    }

    @Test func `the access log names the trace that begins here`() async throws {
        let path = TemporaryFile.path("trace")
        let file = try AccessLogFile(path: path, proxy: "web", buffer: .mebibytes(1), logger: .silent)
        let queue = SpanQueue()
        let server = try AnsweringServer { _, _ in AnsweringServer.text("hi") }
        defer { server.stop() }
        try await withProxy(
            [], tracer: Tracer(queue, rate: 1), accessLog: file,
            {
                $0.upstreams["up"]?.servers["s"] = UpstreamServerConfiguration(
                    address: .network(host: "127.0.0.1", port: server.port))
                $0.accessLog.format = AccessLogFormat(text: "%{trace-id}") ?? .json
            }
        ) { _ = try await $0.client.send("GET", "/") }
        let own = try #require(queue.take().last)
        #expect(try TemporaryFile.take(path) == "\(own.context.traceparent.split(separator: "-")[1])\n")
    }
}
