// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Logging
import MemoryEngine
import NIOCore
import SQLiteEngine
import Subscriptions
import Testing

@testable import LogBroker
@testable import Runtime

@Suite struct PubSubRoomTests {
    private let broker: LogBroker
    private let room: PubSubRoom

    init() {
        let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        broker = LogBroker(pubsub: "pubsub", log: InMemoryEventLog(), logger: quiet)
        let component = PubSubComponent(
            name: "pubsub", type: "pubsub.in-memory", version: "v1", broker: broker, appID: "mailer")
        room = PubSubRoom([component], appID: "mailer", logger: quiet)
    }

    private func ask(_ path: String, _ query: String = "", method: String = "GET") async throws -> AdminResponse {
        let endpoint = try #require(room.endpoints.first { $0.path == path && $0.methods.contains(method) })
        return await endpoint.respond(AdminRequest(method, path, query: query, mayChange: true))
    }

    private func text(_ path: String, _ query: String = "", method: String = "GET") async throws -> String {
        let answer = try await ask(path, query, method: method)
        #expect(answer.status == 200)
        return String(decoding: answer.body, as: UTF8.self)
    }

    private func publish(_ data: String, id: String, key: String? = nil) async throws {
        let message = BrokerMessage(
            data: ByteBuffer(string: data), contentType: "application/json", id: id, partitionKey: key)
        try await broker.publish([message], to: "orders")[0].get()
    }

    /// Subscribes to orders with an app that takes nothing.
    private func subscribe() async throws {
        var request = BrokerSubscriptionRequest(topic: "orders", group: "mailer")
        request.retry.attemptsMax = 1
        _ = try await broker.subscribe(request) { $0.map { _ in .retry("the app answered 500") } }
    }

    private func waitUntilParked(_ count: Int64) async throws {
        while try await broker.parkedCount(group: "mailer", topic: "orders") != count {
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    @Test func `without subscriptions there is nothing to tell`() async throws {
        #expect(try await text("/admin/pubsub") == #"{"app":"mailer","subscriptions":[]}"# + "\n")
        #expect(try await text("/admin/pubsub/parked") == #"{"app":"mailer","topics":[]}"# + "\n")
        for path in ["/admin/pubsub", "/admin/pubsub/parked"] { #expect(try await text(path, "format=text") == "") }
    }

    @Test func `a subscription is told with its lag and what is parked`() async throws {
        try await subscribe()
        try await publish("1", id: "a")
        try await waitUntilParked(1)
        while await broker.subscriptionStatuses().first?.lagCount != 0 { try await Task.sleep(for: .milliseconds(2)) }
        let answer = try await text("/admin/pubsub")
        #expect(answer.hasPrefix(#"{"app":"mailer","subscriptions":[{"pubsub":"pubsub","topic":"orders","#))
        #expect(answer.contains(#""group":"mailer","lagEvents":0,"lagSeconds":0.0,"parked":1,"deadLetterTopic":null"#))
        let lines = try await text("/admin/pubsub", "format=text").split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines.first == "PUBSUB  TOPIC   LAG  BEHIND  PARKED  DEAD LETTERS  STATE")
        #expect(lines.last == "pubsub  orders    0   0.0 s       1  none          delivering")
        #expect(try await text("/admin/pubsub", "topic=other&format=text") == "")
        await broker.close()
    }

    @Test func `parked messages are listed, with their data only if asked`() async throws {
        try await subscribe()
        try await publish(#"{"n":1}"#, id: "a", key: "ada")
        try await waitUntilParked(1)
        try await publish("\u{1}", id: "b")
        try await waitUntilParked(2)
        let bare = try await text("/admin/pubsub/parked", "pubsub=pubsub&topic=orders")
        #expect(bare.contains(#""topic":"orders","parked":2,"messages":[{"position":"#))
        #expect(bare.contains(#""id":"a","partitionKey":"ada","tries":1,"reason":"the app answered 500""#))
        #expect(!bare.contains(#"{"n":1}"#))
        let whole = try await text("/admin/pubsub/parked", "data=true")
        #expect(whole.contains(#""bytes":7,"data":{"n":1}}"#))
        #expect(whole.contains(#""bytes":1,"data_base64":"AQ=="}"#))
        let page = try await text("/admin/pubsub/parked", "limit=1&format=text&data=true")
        #expect(page.contains("Not listed: 1 more of pubsub/orders.\n"))
        #expect(page.hasSuffix("\na\n{\"n\":1}\n"))
        await broker.close()
    }

    @Test func `a replay delivers what is parked again, and only that once`() async throws {
        try await subscribe()
        for id in ["a", "b", "c"] { try await publish("1", id: id) }
        try await waitUntilParked(3)
        // The app isn't mended, so each of them is parked again.
        let answer = try await text("/admin/pubsub/replay", "topic=orders", method: "POST")
        #expect(answer == #"{"app":"mailer","topics":[{"pubsub":"pubsub","topic":"orders","replayed":3}]}"# + "\n")
        try await waitUntilParked(3)
        let said = try await text("/admin/pubsub/replay", "format=text", method: "POST")
        #expect(said == "3 messages of pubsub/orders will be delivered again.\n")
        #expect(try await text("/admin/pubsub/replay", "topic=other&format=text", method: "POST") == "")
        await broker.close()
    }

    @Test func `a wrong question is answered with what would be right`() async throws {
        let unknown = try await ask("/admin/pubsub/parked", "pubsub=kafka")
        #expect(unknown == .text("There is no pub/sub component kafka. There is: pubsub.\n", status: 404))
        #expect(try await ask("/admin/pubsub", "pubsub=kafka").status == 404)
        #expect(try await ask("/admin/pubsub/replay", "pubsub=kafka", method: "POST").status == 404)
        for query in ["limit=0", "limit=1001", "limit=x", "after=-1"] {
            #expect(try await ask("/admin/pubsub/parked", query).status == 400)
        }
    }

    @Test func `what one answer lists is limited, and the rest is counted`() async throws {
        let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let component = PubSubComponent(
            name: "pubsub", type: "pubsub.in-memory", version: "v1", broker: broker, appID: "mailer")
        let small = PubSubRoom([component, component], appID: "mailer", logger: quiet, listedBytesMax: 1)
        try await subscribe()
        try await publish("1", id: "a")
        try await waitUntilParked(1)
        let endpoint = try #require(small.endpoints.first { $0.path == "/admin/pubsub/parked" })
        let answer = await endpoint.respond(AdminRequest("GET", "/admin/pubsub/parked", query: "format=text"))
        #expect(String(decoding: answer.body, as: UTF8.self).hasSuffix("\nNot listed: 1 more of pubsub/orders.\n"))
        await broker.close()
    }

    @Test func `who delivers nothing, or only a part, says so`() {
        func state(_ partitions: Int, isPaused: Bool = false) -> Substring? {
            let status = SubscriptionStatus(
                topic: "orders", group: "mailer", deadLetterTopic: "dead", partitionCount: partitions,
                isPaused: isPaused, lagCount: 7, lagSeconds: 61.26)
            let text = [SubscriptionStanding(pubsub: "pubsub", status: status, parkedCount: 0)].text
            return text.split(separator: "\n").last
        }
        let start = "pubsub  orders    7  61.3 s       0  dead          "
        #expect(state(64) == "\(start)delivering")
        #expect(state(32) == "\(start)delivering 32 of 64 partitions")
        #expect(state(0) == "\(start)standing by: other instances deliver")
        #expect(state(0, isPaused: true) == "\(start)paused: the app is down or unwell")
    }

    @Test func `a store that fails is said to have failed`() async throws {
        let folder = try ConfigurationFolder()
        let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let database = try await EmbeddedDatabase.open(path: folder.path + "/data", logger: quiet)
        let stored = LogBroker(pubsub: "pubsub", log: database.log(namespace: "default"), logger: quiet)
        let component = PubSubComponent(
            name: "pubsub", type: "pubsub.sqlite", version: "v1", broker: stored, appID: "mailer")
        await database.close()
        for endpoint in PubSubRoom([component], appID: "mailer", logger: quiet).endpoints.dropFirst() {
            let method = endpoint.methods[0]
            let answer = await endpoint.respond(AdminRequest(method, endpoint.path, query: "topic=orders"))
            #expect(answer.status == 500)
            #expect(String(decoding: answer.body, as: UTF8.self).hasPrefix("The store failed: "))
        }
    }

    @Test func `a query's values are decoded`() {
        let request = AdminRequest("GET", "/", query: "topic=a%2Fb+c%C3%A9&empty=&bad=%4&topic=second")
        #expect(request.value(of: "topic") == "a/b c\u{e9}")
        for name in ["empty", "bad", "none", "top"] { #expect(request.value(of: name) == nil) }
        #expect("a/b c\u{e9}~".percentEncoded == "a%2Fb%20c%C3%A9%7E")
    }
}
