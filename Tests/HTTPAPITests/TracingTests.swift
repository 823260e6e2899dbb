// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Core
import Logging
import NIOCore
import Proxying
import Synchronization
import Telemetry
import TestKit
import Testing
import WireHTTP

@testable import HTTPAPI

/// Two sidecars, one app behind the second, and what they record.
@Suite struct TracingTests {
    private static let traceID = "0af7651916cd43dd8448eb211c80319c"
    private static let sampled = "00-\(traceID)-b7ad6b7169203331-01"
    private static let unsampled = "00-\(traceID)-b7ad6b7169203331-00"

    @Test func `an invocation through two sidecars is one chain of spans that the app continues`() async throws {
        try await Pair.run(rate: 0) { pair in
            let answer = try await pair.client.send(
                "POST", "/v1.0/invoke/orders/method/checkout?card=1",
                headers: [("traceparent", Self.sampled), ("tracestate", "a=1"), ("tracestate", "b=2")], body: "{}")
            #expect(answer.status == 200)
            let (caller, callee) = (try #require(pair.callerSpans.take().first), try pair.calleeSpan())
            #expect(caller.parentID == 0xb7ad_6b71_6920_3331 && callee.parentID == caller.context.spanID)
            #expect(caller.kind == .client && callee.kind == .server)
            #expect(caller.name == "POST orders/checkout" && callee.name == "POST /checkout")
            #expect(caller.attributes.contains(.init("peer.service", "orders")))
            #expect(caller.attributes.contains(.init("http.route", "/v1.0/invoke/{app}/method")))
            #expect(callee.attributes.contains(.init("outrigger.caller", "cart")))
            #expect(callee.attributes.contains(.init("http.response.status_code", 200)))
            let app = try pair.app.context()
            #expect(app == callee.context && app.state == "a=1,b=2")
            #expect(answer["traceparent"] == caller.context.traceparent)
        }
    }

    @Test func `a trace that its maker doesn't record goes through as it is`() async throws {
        try await Pair.run(rate: 1) { pair in
            let headers = [("traceparent", Self.unsampled), ("tracestate", "a=1")]
            let answer = try await pair.client.send("GET", "/v1.0/invoke/orders/method/x", headers: headers)
            #expect(answer["traceparent"] == Self.unsampled)
            #expect(try pair.app.context().traceparent == Self.unsampled && pair.app.context().state == "a=1")
            #expect(pair.callerSpans.count == 0 && pair.calleeSpans.count == 0)
        }
    }

    @Test(
        "a request without a trace, or with one that can't be read, begins one",
        arguments: [[], ["00-nonsense"], [sampled, sampled]])
    func newTraces(_ parents: [String]) async throws {
        try await Pair.run(rate: 1) { pair in
            let headers = parents.map { ("traceparent", $0) } + [("tracestate", "a=1")]
            _ = try await pair.client.send("GET", "/v1.0/invoke/orders/method/x", headers: headers)
            let (caller, callee) = (try #require(pair.callerSpans.take().first), try pair.calleeSpan())
            #expect(caller.parentID == nil && callee.parentID == caller.context.spanID)
            #expect(caller.context.state == "", "another trace's state")
            #expect(try pair.app.context() == callee.context)
        }
    }

    @Test func `sidecars without a collector still begin traces, by rate`() async throws {
        try await Pair.run(rate: 1, records: false) { pair in
            let answer = try await pair.client.send("GET", "/v1.0/invoke/orders/method/x")
            let context = try pair.app.context()
            #expect(context.isSampled && answer["traceparent"] == context.traceparent)
            let metadata = try await pair.client.send("GET", "/v1.0/metadata")
            #expect(metadata["traceparent"] == nil)
        }
    }

    @Test("sidecars that take no part pass on what comes", arguments: [nil, sampled, "nonsense"])
    func noPart(_ parent: String?) async throws {
        try await Pair.run(rate: nil) { pair in
            let headers = parent.map { [("traceparent", $0), ("tracestate", "a=1")] } ?? []
            let answer = try await pair.client.send("GET", "/v1.0/invoke/orders/method/x", headers: headers)
            #expect(pair.app.parent == parent && answer["traceparent"] == nil)
        }
    }

    @Test func `a failed invocation is a failed span`() async throws {
        try await Pair.run(rate: 1) { pair in
            let missing = try await pair.client.send("GET", "/v1.0/invoke/nobody/method/x")
            #expect(missing.status == 500 && missing["traceparent"] != nil)
            let span = try #require(pair.callerSpans.take().first)
            #expect(span.status == .failed("status 500"))
            _ = try await pair.client.send("GET", "/v1.0/invoke/orders/method/fail")
            #expect(pair.callerSpans.take().first?.status == .failed("status 503"))
            #expect(try pair.calleeSpan().status == .failed("status 503"))
            _ = try await pair.client.send("GET", "/v1.0/invoke/orders/method/missing")
            #expect(pair.callerSpans.take().first?.status == .failed("status 404"))
            #expect(try pair.calleeSpan().status == .unset, "a server that answers 404 does its work")
        }
    }

    @Test func `requests to blocks are spans by their route; probes and refused callers are none`() async throws {
        try await Pair.run(rate: 1, token: "secret") { pair in
            let token = [("dapr-api-token", "secret")]
            let answer = try await pair.client.send("GET", "/v1.0/state/nostore/key", headers: token)
            let span = try #require(pair.callerSpans.take().first)
            #expect(span.name == "GET /v1.0/state/{store}/{key}" && span.kind == .server && span.status != .unset)
            #expect(span.attributes.contains(.init("outrigger.name", "nostore")))
            #expect(answer["traceparent"] == span.context.traceparent)
            _ = try await pair.client.send("GET", "/v1.0/healthz")
            _ = try await pair.client.send("GET", "/v1.0/healthz/outbound")
            _ = try await pair.client.send("GET", "/v1.0/metadata")
            #expect(pair.callerSpans.count == 0)
        }
    }

    @Test func `a span ends with the last part of its answer`() {
        let spans = SpanQueue()
        let tracing = RequestTracing(tracer: Tracer(spans, rate: 1))
        var request = HTTPRequest(HTTPRequestHead(.get, "/a"))
        let span = tracing.beginInternal(&request)
        var response: HTTPResponse? = HTTPResponse(.ok, length: nil) { _ in }
        response.map {
            var answer = $0
            tracing.endInternal(span, request, &answer)
            response = answer
        }
        #expect(spans.count == 0)
        response = nil
        #expect(spans.take().map(\.status) == [.unset])
    }

    @Test func `an answer that breaks off has failed, whatever its head said`() async throws {
        try await Pair.run(rate: 1) { pair in
            await #expect(throws: (any Error).self) {
                try await pair.client.send("GET", "/v1.0/invoke/orders/method/cut")
            }
            for _ in 0..<500 where pair.callerSpans.count == 0 { try await Task.sleep(for: .milliseconds(10)) }
            #expect(pair.callerSpans.take().first?.status == .failed("the answer broke off"))
        }
    }

    @Test func `whoever doesn't know the secret records nothing at the internal listener`() async throws {
        try await Pair.run(rate: 1) { pair in
            let answer = try await HTTPClient(port: pair.internalPort).send(
                "GET", "/x", headers: [("traceparent", Self.sampled)])
            #expect(answer.status == 401 && pair.calleeSpans.count == 0)
        }
    }
}

/// The caller's API, the callee's internal listener and app, and the spans of both sidecars.
private struct Pair {
    let callerSpans = SpanQueue()
    let calleeSpans = SpanQueue()
    let app = App()
    let client: HTTPClient
    let internalPort: Int
    private let listeners: [HTTPListener]
    private let api: HTTPAPIService

    /// What the callee's app has seen.
    final class App: Sendable {
        private let last = Mutex<HTTPFields>([:])

        var parent: String? { last.withLock { $0["traceparent"] } }
        func context() throws -> TraceContext { try #require(last.withLock { $0.traceContext }) }

        func respond(_ request: HTTPRequest) -> HTTPResponse {
            last.withLock { $0 = request.head.fields }
            switch request.head.target {
            case "/fail": return HTTPResponse(.serviceUnavailable)
            case "/missing": return HTTPResponse(.notFound)
            case "/cut":
                return HTTPResponse(.ok, length: nil) { writer in
                    try await writer.write(ByteBuffer(string: "part"))
                    throw CancellationError()
                }
            default: return HTTPResponse(.ok)
            }
        }
    }

    private struct Resolver: NameResolver {
        let peer: SidecarPeer

        func resolve(_ appID: String, namespace: String, isFresh: Bool) async throws -> [SidecarPeer] {
            // An app that nobody knows is asked for again and again; one look is enough here.
            if appID == "orders" { return [peer] }
            throw CancellationError()
        }
    }

    private init(rate: Double?, records: Bool, token: String?) async throws {
        let loops = EpollEventLoopGroup.singleton
        func listen(_ respond: @escaping HTTPListener.Responder) async throws -> (HTTPListener, ListenAddress) {
            let any = ListenAddress(host: "127.0.0.1", port: 0)
            let listener = HTTPListener(
                address: any, eventLoopGroup: loops, logger: Logger(label: "test"), respond: respond)
            return (listener, ListenAddress(host: any.host, port: try await listener.bind()))
        }
        func tracer(_ spans: SpanQueue) -> Tracer { rate.map { Tracer(records ? spans : nil, rate: $0) } ?? .off }

        let (appListener, appAddress) = try await listen { [app] in app.respond($0) }
        let channel = HTTPAppChannel(
            HTTPUpstream(address: appAddress, eventLoopGroup: loops), token: nil, concurrency: nil, health: nil)
        let secret = try #require(APIToken("of-the-callee"))
        let responder = InternalResponder(
            app: channel, secret: secret, health: HealthState(), tracer: tracer(calleeSpans),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let (callee, address) = try await listen { await responder.respond($0) }
        let peer = SidecarPeer(id: "1", address: address, secret: "of-the-callee")
        var configuration = APIConfiguration()
        configuration.listen.port = 0
        configuration.token = token
        api = HTTPAPIService(
            configuration: configuration, components: APIComponents(),
            invoker: Invoker(
                appID: "cart", namespace: "default", app: channel, resolver: Resolver(peer: peer),
                eventLoopGroup: loops),
            metadata: SidecarMetadata(appID: "cart", app: nil), health: HealthState(), tracer: tracer(callerSpans),
            eventLoopGroup: loops, logger: Logger(label: "test"), shutdown: { _ in })
        client = HTTPClient(port: try await api.bind())
        internalPort = address.port
        listeners = [callee, appListener]
    }

    /// `rate`: nil for sidecars that take no part in traces.
    static func run(
        rate: Double?, records: Bool = true, token: String? = nil, _ body: (Pair) async throws -> Void
    ) async throws {
        let pair = try await Pair(rate: rate, records: records, token: token)
        let result: Result<Void, any Error>
        do { result = .success(try await body(pair)) } catch { result = .failure(error) }
        await pair.api.stop()
        for listener in pair.listeners { await listener.stop() }
        try result.get()
    }

    func calleeSpan() throws -> TraceSpan { try #require(calleeSpans.take().first) }
}
