// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import NIOCore
import Subscriptions
import Testing

@Suite struct SubscriptionDeliveryTests {
    // MARK: - Single events

    @Test func `an event is posted as it is, with its trace context and metadata as headers`() async throws {
        let app = FakeApp(status: 200)
        let json = #"{"id":"1","traceparent":"00-a-b-01","tracestate":"x=y","data":{"n": 1.0}}"#
        let outcomes = await SubscriptionDelivery(try declaration(), to: app).deliver([
            message(
                json,
                metadata: [
                    MessageHeader("tenant", "acme"), MessageHeader("content-type", "evil"),
                    MessageHeader("bad name", "x"),
                    MessageHeader("Content-Length", "1"), MessageHeader("line", "a\r\nb: c"), MessageHeader("", "x"),
                    MessageHeader("Dapr-API-Token", "x"), MessageHeader("traceparent", "forged"),
                ])
        ])
        #expect(outcomes == [.success])
        let request = try #require(app.requests.first)
        #expect(request.method == "POST" && request.path == "/default" && request.text == json)
        #expect(request.timeout == .seconds(60))
        #expect(
            request.headers == [
                MessageHeader("content-type", "application/cloudevents+json"),
                MessageHeader("traceparent", "00-a-b-01"),
                MessageHeader("tracestate", "x=y"), MessageHeader("tenant", "acme"),
            ])
    }

    @Test(arguments: [
        (200, "", DeliveryOutcome.success), (204, "", .success), (299, "", .success), (200, "OK", .success),
        (200, "{", .success), (200, "{}", .success), (200, "[]", .success), (200, #"{"status":""}"#, .success),
        (200, #"{"status":null}"#, .success), (200, #"{"status":7}"#, .success),
        (200, #"{"status":"SUCCESS"}"#, .success),
        (200, #"{"Status":"RETRY"}"#, .retry("the app asked for a retry")),
        (201, #"{"status":"DROP","x":[1]}"#, .drop("the app dropped the event")),
        (200, #"{"status":"success"}"#, .retry("the app answered with a status that is none")),
        (404, #"{"status":"SUCCESS"}"#, .drop("the app has no such route (404)")),
        (301, "", .retry("the app answered 301")), (400, "", .retry("the app answered 400")),
        (429, "", .retry("the app answered 429")), (500, #"{"status":"DROP"}"#, .retry("the app answered 500")),
        (503, "", .retry("the app answered 503")),
    ])
    func `the app's answer decides`(_ row: (status: Int, body: String, outcome: DeliveryOutcome)) async throws {
        let delivery = SubscriptionDelivery(try declaration(), to: FakeApp(status: row.status, body: row.body))
        #expect(await delivery.deliver([message(#"{"id":"1"}"#)]) == [row.outcome])
    }

    @Test(arguments: AppChannelError.Code.allCases)
    func `an event without an answer comes again, and it was a try if the app may have seen it`(
        code: AppChannelError.Code
    ) async throws {
        let reason = "no answer: \(code)"
        let unsent: Set<AppChannelError.Code> = [.unhealthy, .noPort, .otherProtocol, .unreachable, .overloaded]
        let outcome: DeliveryOutcome = unsent.contains(code) ? .unreached(reason) : .retry(reason)
        let app = FakeApp { _ in .failure(AppChannelError(code, reason)) }
        let single = SubscriptionDelivery(try declaration(), to: app, timeout: .seconds(3))
        #expect(await single.deliver([message(#"{"id":"1"}"#)]) == [outcome])
        #expect(app.requests.first?.timeout == .seconds(3))
        var own = try declaration()
        own.options.deliveryTimeout = .seconds(1)
        _ = await SubscriptionDelivery(own, to: app, timeout: .seconds(3)).deliver([message(#"{"id":"1"}"#)])
        #expect(app.requests.last?.timeout == .seconds(1))
        let bulk = SubscriptionDelivery(try declaration(isBulk: true), to: app)
        let outcomes = await bulk.deliver([message(#"{"id":"1"}"#), message(#"{"id":"2"}"#, position: "2")])
        #expect(outcomes == [outcome, outcome])
    }

    @Test(arguments: [
        ("not JSON", "the message is no CloudEvent, and the subscription isn't for raw payloads"),
        ("[1]", "the message is no CloudEvent, and the subscription isn't for raw payloads"),
        (#"{"id":"1","expiration":"2001-01-01T00:00:00Z"}"#, "the event has expired"),
    ])
    func `what nobody can want is dropped without a call`(_ row: (data: String, reason: String)) async throws {
        let app = FakeApp(status: 200)
        let outcomes = await SubscriptionDelivery(try declaration(), to: app).deliver([message(row.data)])
        #expect(outcomes == [.drop(row.reason)])
        #expect(app.requests.isEmpty)
    }

    @Test func `an event that hasn't expired yet is delivered, and so is one whose expiration is no time`() async throws
    {
        let delivery = SubscriptionDelivery(try declaration(), to: FakeApp(status: 200))
        for expiration in [#""9999-01-01T00:00:00Z""#, #""soon""#, "5"] {
            let outcomes = await delivery.deliver([message(#"{"id":"1","expiration":\#(expiration)}"#)])
            #expect(outcomes == [.success])
        }
    }

    // MARK: - Routes

    @Test(arguments: [
        (#"{"type":"a"}"#, "/a"), (#"{"type":"b","data":{"n":5}}"#, "/big"),
        (#"{"type":"b","data":{"n":1}}"#, "/default"),
        (#"{"type":"b"}"#, "/default"), (#"{}"#, "/default"), (#"{"type":"a","data":{"n":5}}"#, "/a"),
    ])
    func `the first rule that takes the event has it`(_ row: (event: String, path: String)) async throws {
        let app = FakeApp(status: 200)
        let rules = [("event.type == 'a'", "/a"), ("event.data.n > 3", "/big")]
        _ = await SubscriptionDelivery(try declaration(rules: rules), to: app).deliver([message(row.event)])
        #expect(app.requests.map(\.path) == [row.path])
    }

    @Test func `a rule without an expression takes every event`() async throws {
        let app = FakeApp(status: 200)
        let declaration = try declaration(rules: [("event.type == 'a'", "/a"), ("", "/all")])
        _ = await SubscriptionDelivery(declaration, to: app).deliver([message("{}")])
        let first = try self.declaration(rules: [("", "/first")])
        _ = await SubscriptionDelivery(first, to: app).deliver([message("{}")])
        #expect(app.requests.map(\.path) == ["/all", "/first"])
    }

    @Test func `an event that no rule takes is dropped where there is no default`() async throws {
        var declaration = try declaration(rules: [("event.type == 'a'", "/a")])
        declaration.defaultPath = nil
        let outcomes = await SubscriptionDelivery(declaration, to: FakeApp(status: 200)).deliver([message("{}")])
        #expect(outcomes == [.drop("no rule takes the event, and there is no default route")])
    }

    @Test func `an event nested too deeply for rules goes the default way`() async throws {
        let app = FakeApp(status: 200)
        let deep = String(repeating: "[", count: 100) + String(repeating: "]", count: 100)
        let delivery = SubscriptionDelivery(try declaration(rules: [("true", "/a")]), to: app)
        #expect(await delivery.deliver([message(#"{"data":\#(deep)}"#)]) == [.success])
        #expect(app.requests.map(\.path) == ["/default"])
    }

    @Test func `a rule that has no value for an event doesn't take it, and is counted`() async throws {
        let metrics = CountingMetrics()
        let app = FakeApp(status: 200)
        let declaration = try declaration(rules: [("event.data.n > 3", "/big"), ("event.type == 'a'", "/a")])
        let delivery = SubscriptionDelivery(declaration, to: app, metrics: metrics)
        _ = await delivery.deliver([message(#"{"type":"a"}"#)])
        #expect(app.requests.map(\.path) == ["/a"])
        #expect(metrics["outrigger_pubsub_rule_failures_total", "pubsub", "orders"] == 1)
        _ = await delivery.deliver([message(#"{"type":"b","data":{"n":1}}"#)])
        #expect(metrics["outrigger_pubsub_rule_failures_total", "pubsub", "orders"] == 1)
    }

    @Test func `several messages are delivered one after another, each with its own outcome`() async throws {
        let app = FakeApp { request in
            .success(AppResponse(status: request.text.contains("bad") ? 500 : 200))
        }
        let messages = [message(#"{"id":"1"}"#), message("junk"), message(#"{"id":"bad"}"#), message(#"{"id":"4"}"#)]
        let outcomes = await SubscriptionDelivery(try declaration(), to: app).deliver(messages)
        #expect(app.requests.map(\.text) == [#"{"id":"1"}"#, #"{"id":"bad"}"#, #"{"id":"4"}"#])
        #expect(outcomes.count == 4 && outcomes[0] == .success && outcomes[3] == .success)
        #expect(outcomes[2] == .retry("the app answered 500"))
        guard case .drop = outcomes[1] else {
            Issue.record("\(outcomes[1])")
            return
        }
    }

    // MARK: - Raw payloads

    @Test func `a subscriber of raw payloads gets them in an envelope, the same for each try`() async throws {
        let app = FakeApp(status: 200)
        var declaration = try declaration(rules: [("event.datacontenttype == 'application/octet-stream'", "/raw")])
        declaration.options.isRaw = true
        let delivery = SubscriptionDelivery(declaration, to: app)
        let metadata = [MessageHeader("traceparent", "00-a-b-01"), MessageHeader("tracestate", "k=v")]
        for _ in 0..<2 { #expect(await delivery.deliver([message("hi", metadata: metadata)]) == [.success]) }
        for request in app.requests {
            #expect(request.path == "/raw" && request.header("traceparent") == ["00-a-b-01"])
            #expect(request.header("content-type") == ["application/cloudevents+json"])
            #expect(request.text.hasPrefix(#"{"id":"message-id","source":"Dapr","specversion":"1.0","#))
            #expect(request.text.contains(#""datacontenttype":"application/octet-stream""#))
            #expect(request.text.contains(#""topic":"orders","pubsubname":"pubsub""#))
            #expect(request.text.hasSuffix(#""data_base64":"aGk="}"#))
        }
    }

    // MARK: - Bulk

    @Test func `a bulk brings all events of one route in one call`() async throws {
        let app = FakeApp { request in
            let statuses =
                request.path == "/a" ? #"{"entryId":"1","status":"SUCCESS"}"# : #"{"entryId":"2","status":"DROP"}"#
            return .success(AppResponse(status: 200, body: ByteBuffer(string: #"{"statuses":[\#(statuses)]}"#)))
        }
        let delivery = SubscriptionDelivery(
            try declaration(rules: [("event.type == 'a'", "/a")], isBulk: true), to: app)
        let outcomes = await delivery.deliver([
            message(#"{"type":"a"}"#, position: "1"), message(#"{"type":"b"}"#, position: "2"),
            message("junk", position: "3"),
            message(#"{"type":"a","n":1.50}"#, position: "4", metadata: [MessageHeader("k", "v\"")]),
        ])
        #expect(outcomes[0] == .success && outcomes[1] == .drop("the app dropped the event"))
        #expect(outcomes[3] == .retry("the app gave no status for the event"))
        #expect(app.requests.map(\.path) == ["/a", "/default"])
        let text = try #require(app.requests.first).text
        #expect(
            text.contains(
                #""entries":[{"entryId":"1","event":{"type":"a"},"#
                    + #""contentType":"application/cloudevents+json","metadata":{}},"#
                    + #"{"entryId":"4","event":{"type":"a","n":1.50},"contentType":"application/cloudevents+json","#
                    + #""metadata":{"k":"v\""}}],"metadata":{},"#))
        #expect(text.hasSuffix(#""topic":"orders","pubsubname":"pubsub","type":"com.dapr.event.sent.bulk"}"#))
    }

    @Test(arguments: [
        (200, #"{"statuses":[{"entryId":"1","status":"SUCCESS"}]}"#, DeliveryOutcome.success),
        (200, #"{"statuses":[{"entryId":"1"}]}"#, .success),
        (200, #"{"statuses":[{"entryId":"1","status":"RETRY"}]}"#, .retry("the app asked for a retry")),
        (200, #"{"statuses":[{"entryId":"1","status":"?"}]}"#, .retry("the app answered with a status that is none")),
        (200, #"{"statuses":[{"entryId":"9","status":"SUCCESS"}]}"#, .retry("the app gave no status for the event")),
        (200, #"{"statuses":[{"status":"SUCCESS"}]}"#, .retry("the app gave no status for the event")),
        (200, #"{"statuses":null}"#, .retry("the app gave no status for the event")),
        (200, #"{"statuses":[1]}"#, .retry("the app gave no status for the event")),
        (200, "", .retry("the app gave no status for the event")),
        (200, "<", .retry("the app gave no status for the event")),
        (404, "", .drop("the app has no such route (404)")), (500, "", .retry("the app answered 500")),
    ])
    func `a bulk's answer decides for each entry`(
        _ row: (status: Int, body: String, outcome: DeliveryOutcome)
    ) async throws {
        let app = FakeApp(status: row.status, body: row.body)
        let delivery = SubscriptionDelivery(try declaration(isBulk: true), to: app)
        #expect(await delivery.deliver([message("{}", position: "1")]) == [row.outcome])
    }

    @Test func `raw payloads in bulk are in base 64 without envelopes`() async throws {
        let app = FakeApp(status: 200)
        var declaration = try declaration(isBulk: true)
        declaration.options.isRaw = true
        _ = await SubscriptionDelivery(declaration, to: app).deliver([message("hi", position: "8")])
        let text = try #require(app.requests.first).text
        #expect(
            text.contains(#"{"entryId":"8","event":"aGk=","contentType":"application/octet-stream","metadata":{}}"#))
    }

    private func declaration(
        rules: [(match: String, path: String)] = [], isBulk: Bool = false
    ) throws -> SubscriptionDeclaration {
        var declaration = SubscriptionDeclaration(pubsub: "pubsub", topic: "orders", origin: .programmatic)
        declaration.rules = try rules.map { try .init(match: $0.match, path: $0.path) }
        declaration.defaultPath = "/default"
        if isBulk { declaration.bulk = .init() }
        return declaration
    }

    private func message(
        _ data: String, position: String = "1", metadata: [MessageHeader] = []
    ) -> ReceivedMessage {
        let message = BrokerMessage(
            data: ByteBuffer(string: data), contentType: "application/cloudevents+json", id: "message-id",
            metadata: metadata)
        return ReceivedMessage(
            message: message, topic: "orders", position: position, attempt: 1, publishedAtMilliseconds: 0)
    }
}
