// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Core
import NIOCore
import Subscriptions
import Testing
import WireCloudEvents

@Suite struct PublisherTests {
    private let publisher = Publisher(pubsub: "pubsub", appID: "cart", features: [])

    @Test func `data is put into an envelope`() throws {
        let message = try publisher.message(
            ByteBuffer(string: #"{"n": 1.0}"#), contentType: "application/json",
            metadata: [
                MessageHeader("partitionKey", "k"), MessageHeader("cloudevent.id", "mine"),
                MessageHeader("tenant", "acme"),
            ], topic: "orders", traceParent: "00-a-b-01", traceState: "x=y")
        #expect(message.id == "mine" && message.partitionKey == "k" && message.timeToLiveSeconds == nil)
        #expect(message.contentType == "application/cloudevents+json")
        #expect(message.metadata == [MessageHeader("tenant", "acme")])
        let json = String(buffer: message.data)
        for part in [
            #""id":"mine""#, #""source":"cart""#, #""topic":"orders""#, #""pubsubname":"pubsub""#,
            #""traceparent":"00-a-b-01""#, #""tracestate":"x=y""#, #""data":{"n": 1.0}"#,
        ] { #expect(json.contains(part), "\(part)") }
    }

    @Test func `an event of its own keeps what it says`() throws {
        let message = try publisher.message(
            ByteBuffer(string: #"{"id":"e1","source":"elsewhere","type":"t","data":1,"ext":2}"#),
            contentType: "application/cloudevents+json", topic: "orders")
        #expect(message.id == "e1")
        #expect(
            String(buffer: message.data).hasPrefix(#"{"id":"e1","source":"elsewhere","type":"t","data":1,"ext":2,"#))
    }

    @Test func `a raw payload is published as it is, with the trace context beside it`() throws {
        let message = try publisher.message(
            ByteBuffer(string: "hi"), contentType: "text/plain",
            metadata: [MessageHeader("RawPayload", "true"), MessageHeader("a", "b")], topic: "t",
            traceParent: "00-a-b-01")
        #expect(String(buffer: message.data) == "hi" && message.contentType == "text/plain" && !message.id.isEmpty)
        #expect(message.metadata == [MessageHeader("a", "b"), MessageHeader("traceparent", "00-a-b-01")])
        let untyped = try publisher.message(
            ByteBuffer(), contentType: "", metadata: [MessageHeader("rawPayload", "1")], topic: "t")
        #expect(untyped.contentType == "application/octet-stream")
    }

    @Test func `a time to live is in the envelope only for a broker that knows none`() throws {
        let native = Publisher(pubsub: "p", appID: "cart", features: [.timeToLive])
        let metadata = [MessageHeader("ttlInSeconds", "60")]
        for (publisher, isInEnvelope) in [(publisher, true), (native, false)] {
            let before = UTCTime.now()
            let message = try publisher.message(ByteBuffer(), contentType: "", metadata: metadata, topic: "t")
            #expect(message.timeToLiveSeconds == 60 && message.metadata.isEmpty)
            let event = try message.data.withUnsafeReadableBytes { try ReceivedCloudEvent.read($0) }
            #expect((event.expiration != nil) == isInEnvelope)
            if let expiration = event.expiration { #expect((59...62).contains(expiration.seconds - before.seconds)) }
        }
    }

    @Test func `a time to live beyond the calendar ends with it`() throws {
        let message = try publisher.message(
            ByteBuffer(), contentType: "", metadata: [MessageHeader("ttlInSeconds", "9223372036854775807")], topic: "t")
        #expect(String(buffer: message.data).contains(#""expiration":"9999-12-31T23:59:59"#))
    }

    @Test(arguments: [
        ("rawPayload", "maybe", PublishError.Code.invalidMetadata), ("ttlInSeconds", "0", .invalidMetadata),
        ("ttlInSeconds", "-1", .invalidMetadata), ("ttlInSeconds", "x", .invalidMetadata),
        ("rawPayload", "", .invalidMetadata),
    ])
    func `wrong metadata are refused`(_ row: (name: String, value: String, code: PublishError.Code)) {
        let error = #expect(throws: PublishError.self) {
            try publisher.message(
                ByteBuffer(), contentType: "", metadata: [MessageHeader(row.name, row.value)], topic: "t")
        }
        #expect(error?.code == row.code)
    }

    @Test(arguments: ["", "x", "[]", #"{"id":5}"#, #"{"specversion":"2"}"#])
    func `what isn't a CloudEvent is refused`(body: String) {
        let error = #expect(throws: PublishError.self) {
            try publisher.message(ByteBuffer(string: body), contentType: "application/cloudevents+json", topic: "t")
        }
        #expect(error?.code == .invalidCloudEvent)
    }

    // MARK: - Scopes

    @Test(arguments: [
        ([:], "a", true, true),
        (["allowedTopics": "a, b"], "a", true, true), (["allowedTopics": "a,b"], "c", false, false),
        (["protectedTopics": "a"], "a", false, false), (["protectedTopics": "a"], "b", true, true),
        (["protectedTopics": "a", "publishingScopes": "cart=a"], "a", true, false),
        (["publishingScopes": "cart=a, b ; shop=c"], "b", true, true),
        (["publishingScopes": "cart=a"], "b", false, true),
        (["publishingScopes": "cart="], "a", false, true), (["publishingScopes": "shop=a"], "b", true, true),
        (["subscriptionScopes": "cart=a;cart=b"], "b", true, true),
        (["subscriptionScopes": "cart=a"], "b", true, false),
        (["allowedTopics": "a", "publishingScopes": "cart=b"], "b", false, false),
        (["publishingScopes": "nonsense"], "a", true, true),
    ])
    func `a component's scopes say which topics an app may use`(
        _ row: (metadata: [String: String], topic: String, mayPublish: Bool, maySubscribe: Bool)
    ) {
        var values: [String: ComponentMetadata.Value] = [:]
        for (name, text) in row.metadata { values[name.lowercased()] = .init(text: text, location: .builtIn) }
        let metadata = ComponentMetadata(componentName: "p", location: .builtIn, values: values)
        let scopes = TopicScopes(metadata, appID: "cart")
        #expect(scopes.mayPublish(to: row.topic) == row.mayPublish)
        #expect(scopes.maySubscribe(to: row.topic) == row.maySubscribe)
        let publisher = Publisher(pubsub: "p", appID: "cart", features: [], scopes: scopes)
        let message = try? publisher.message(ByteBuffer(), contentType: "", topic: row.topic)
        #expect((message != nil) == row.mayPublish)
    }

    @Test func `a topic out of scope is refused by name`() {
        let values = ["allowedtopics": ComponentMetadata.Value(text: "a", location: .builtIn)]
        let metadata = ComponentMetadata(componentName: "p", location: .builtIn, values: values)
        let publisher = Publisher(
            pubsub: "p", appID: "cart", features: [], scopes: TopicScopes(metadata, appID: "cart"))
        let error = #expect(throws: PublishError.self) { try publisher.checkScope(of: "b") }
        #expect(error?.code == .forbidden && error?.description == "topic b is not allowed for app id cart")
    }

    // MARK: - Bulk

    @Test func `a bulk's entries are read in the forms of their content types`() throws {
        let entries = try BulkPublishEntry.read(
            ByteBuffer(
                string: """
                    [{"entryId":"1","event":"text","contentType":"text/plain","metadata":{"k":"v"}},
                     {"entryId":"2","event":{"a": 1.0},"contentType":"application/json"},
                     {"entryId":"3","event":"json","contentType":"application/json","metadata":null},
                     {"entryId":"4","event":"aGk=","contentType":"application/octet-stream"},
                     {"entryId":"5","event":{"id":"x"},"contentType":"application/cloudevents+json","more":[]}]
                    """))
        #expect(entries.map(\.entryID) == ["1", "2", "3", "4", "5"])
        #expect(entries.map { String(buffer: $0.body) } == ["text", #"{"a": 1.0}"#, #""json""#, "hi", #"{"id":"x"}"#])
        #expect(entries[0].metadata == [MessageHeader("k", "v")])
        #expect(try BulkPublishEntry.read(ByteBuffer(string: "[]")).isEmpty)
    }

    @Test(arguments: [
        ("", "the body isn't a list of entries: unexpected end of JSON at line 1, column 1"),
        ("{}", "the body isn't a list of entries: found an object, expected an array at line 1, column 1"),
        (#"[{"event":"x"}]"#, "entry 0 has no entryId"), (#"[{"entryId":"1"}]"#, "entry 0 has no event"),
        (#"[{"entryId":"1","event":"x"},{"entryId":"1","event":"y"}]"#, "entry 1 has the entryId of another one"),
        (#"[{"entryId":"1","event":5}]"#, "the event of entry 0 isn't a string"),
        (
            #"[{"entryId":"1","event":"?","contentType":"application/octet-stream"}]"#,
            "the event of entry 0 isn't in base 64"
        ),
        (
            #"[{"entryId":"1","event":{},"contentType":"application/octet-stream"}]"#,
            "the event of entry 0 isn't in base 64"
        ),
    ])
    func `a bulk that isn't one is refused with a reason`(_ row: (body: String, reason: String)) {
        let error = #expect(throws: PublishError.self) { try BulkPublishEntry.read(ByteBuffer(string: row.body)) }
        #expect(error == PublishError(.invalidEntries, row.reason))
    }
}
