// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension EndToEnd {
    @Suite struct PubSubDelivery {
        @Test func `every event comes once, in order for each key and without one`() throws {
            let app = EventApp(subscriptions: "[\(EventApp.subscription("orders", to: "/orders"))]")
            let receiver = try Receiver(app)
            for number in 0..<60 {
                let query = number % 3 == 0 ? "" : "?metadata.partitionKey=k\(number % 3)"
                try receiver.publish("orders", #"{"kind":\#(number % 3),"number":\#(number)}"#, query: query)
            }
            let came = try receiver.waitForDeliveries(60, "/orders").compactMap { $0.event["data"] as? [String: Int] }
            for kind in 0..<3 {
                let numbers = came.filter { $0["kind"] == kind }.compactMap { $0["number"] }
                #expect(numbers == Array(stride(from: kind, to: 60, by: 3)))
            }
        }

        @Test func `the envelope says what was published, and data has the form of its content type`() throws {
            let app = EventApp(subscriptions: "[\(EventApp.subscription("orders/new", to: "orders"))]")
            let receiver = try Receiver(app)
            try receiver.publish("orders/new", #"{"n":1}"#, query: "?metadata.cloudevent.subject=s")
            try receiver.publish("orders/new", "hello", headers: ["Content-Type": "text/plain"])
            try receiver.publish("orders/new", "hello", headers: ["Content-Type": "application/octet-stream"])
            try receiver.publish("orders/new", #"{"n":2}"#, headers: ["Content-Type": "application/vnd.x+json"])
            let came = try receiver.waitForDeliveries(4, "/orders")
            let expected = [
                "specversion": "1.0", "type": "com.dapr.event.sent", "source": "cart", "topic": "orders/new",
                "pubsubname": "pubsub", "datacontenttype": "application/json", "subject": "s",
            ]
            for (name, value) in expected { #expect(came[0].event[name] as? String == value, "\(name)") }
            #expect(came[0].event["data"] as? [String: Int] == ["n": 1])
            #expect(came[0].headers["content-type"] == "application/cloudevents+json")
            #expect(UUID(uuidString: came[0].id) != nil)
            #expect((came[0].event["time"] as? String)?.contains(/^\d{4}-\d\d-\d\dT.*Z$/) == true)
            #expect(came[1].event["data"] as? String == "hello")
            #expect(came[1].event["datacontenttype"] as? String == "text/plain")
            #expect(came[2].event["data_base64"] as? String == "aGVsbG8=")
            #expect(came[3].event["data"] as? [String: Int] == ["n": 2])
        }

        @Test func `a publisher's CloudEvent keeps its attributes, and its trace ids may be numbers`() throws {
            let app = EventApp(subscriptions: "[\(EventApp.subscription("orders", to: "/orders"))]")
            let receiver = try Receiver(app)
            let event = #"{"specversion":"1.0","type":"t","source":"s","id":"mine","traceid":7,"traceparent":8,"x":9}"#
            try receiver.publish("orders", event, headers: ["Content-Type": "application/cloudevents+json"])
            let came = try receiver.waitForDeliveries(1)[0]
            #expect(came.id == "mine" && came.event["type"] as? String == "t" && came.event["x"] as? Int == 9)
            #expect(came.event["topic"] as? String == "orders")
            #expect(came.event["traceid"] as? Int == 7)
        }

        @Test func `a trace context reaches the subscriber, in an envelope and raw`() throws {
            let topics = [
                EventApp.subscription("wrapped", to: "/wrapped"),
                EventApp.subscription("raw", to: "/raw", metadata: #","rawPayload":"true""#),
            ]
            let receiver = try Receiver(EventApp(subscriptions: "[\(topics.joined(separator: ","))]"))
            let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
            let headers = ["traceparent": parent, "tracestate": "vendor=1"]
            try receiver.publish("wrapped", "{}", headers: headers)
            try receiver.publish("raw", "{}", query: "?metadata.rawPayload=true", headers: headers)
            for path in ["/wrapped", "/raw"] {
                let came = try receiver.waitForDeliveries(1, path)[0]
                // The sidecar may put a span of its own between the two, in the same trace.
                let trace = parent.prefix(36)
                #expect(came.headers["traceparent"]?.hasPrefix(trace) == true, "\(path)")
                #expect((came.event["traceparent"] as? String)?.hasPrefix(trace) == true, "\(path)")
                #expect(came.headers["tracestate"] == "vendor=1", "\(path)")
            }
        }

        @Test func `raw payloads come in base 64 to who asked for them, and to nobody else`() throws {
            let topics = [
                EventApp.subscription("raw", to: "/raw", metadata: #","rawPayload":"true""#),
                EventApp.subscription("plain", to: "/plain"),
            ]
            let receiver = try Receiver(EventApp(subscriptions: "[\(topics.joined(separator: ","))]"))
            try receiver.publish("raw", "bytes", query: "?metadata.rawPayload=true")
            let came = try receiver.waitForDeliveries(1, "/raw")[0]
            #expect(came.event["data_base64"] as? String == "Ynl0ZXM=")
            #expect(came.event["datacontenttype"] as? String == "application/octet-stream")
            try receiver.publish("plain", "bytes", query: "?metadata.rawPayload=true")
            try receiver.publish("plain", "1")
            #expect(try receiver.waitForDeliveries(1, "/plain").map(\.data) == ["1"])
        }

        @Test func `rules choose the route, then the default, and an event without either is dropped`() throws {
            let routes = """
                [{"pubsubname":"pubsub","topic":"ruled","routes":{"rules":[\
                {"match":"event.type == 'a' && event.data.n > 1","path":"/rule"},\
                {"match":"event.data.missing.field == 1","path":"/never"}],"default":"/default"}},\
                {"pubsubname":"pubsub","topic":"bare","routes":{"rules":[\
                {"match":"event.data.n == 1","path":"/bare"}]}}]
                """
            let receiver = try Receiver(EventApp(subscriptions: routes))
            try receiver.publish("ruled", #"{"n":2}"#, query: "?metadata.cloudevent.type=a")
            try receiver.publish("ruled", #"{"n":1}"#, query: "?metadata.cloudevent.type=a")
            try receiver.publish("bare", #"{"n":2}"#)
            try receiver.publish("bare", #"{"n":1}"#)
            #expect(try receiver.waitForDeliveries(1, "/rule").count == 1)
            #expect(try receiver.waitForDeliveries(1, "/default").count == 1)
            #expect(try receiver.waitForDeliveries(1, "/bare").count == 1)
            receiver.settle()
            #expect(receiver.deliveries().count == 3)
        }

        @Test func `bulk publish and bulk subscribe carry many events in one call each`() throws {
            let bulk = #","bulkSubscribe":{"enabled":true,"maxMessagesCount":4,"maxAwaitDurationMs":100}"#
            let app = EventApp(
                subscriptions: "[\(EventApp.subscription("orders", to: "/bulk", bulk))]",
                // Nothing is said of any entry, so all of them come again.
                replies: ["/bulk": [.answer(200, #"{"statuses":[]}"#), .answer(500), .answer(200, "{}")]])
            let receiver = try Receiver(app)
            let entries = (0..<4).map {
                #"{"entryId":"e\#($0)","event":{"n":\#($0)},"contentType":"application/json"}"#
            }
            let answer = try receiver.sidecar.api.post(
                "/v1.0/publish/bulk/pubsub/orders", "[\(entries.joined(separator: ","))]")
            #expect(answer.status == 204)
            let calls = try receiver.waitForDeliveries(2, "/bulk")
            #expect(calls[0].event["type"] as? String == "com.dapr.event.sent.bulk")
            let data = calls[0].entries.compactMap { ($0["event"] as? [String: Any])?["data"] as? [String: Int] }
            #expect(data.count == 4)
            #expect(calls[0].entries.allSatisfy { ($0["entryId"] as? String)?.isEmpty == false })
            try receiver.sidecar.waitUntil("all four came again") {
                receiver.deliveries("/bulk").dropFirst().flatMap(\.entries).count >= 4
            }
        }

        @Test func `the app's token is shown to it`() throws {
            let app = EventApp(subscriptions: "[\(EventApp.subscription("orders", to: "/orders"))]")
            let receiver = try Receiver(app, .init(environment: ["APP_API_TOKEN": "open sesame"]))
            try receiver.publish("orders", "1", query: "?metadata.dapr-api-token=forged&metadata.color=red")
            let headers = try receiver.waitForDeliveries(1)[0].headers
            #expect(headers["dapr-api-token"] == "open sesame")
            #expect(headers["color"] == "red")
        }
    }
}
