// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension EndToEnd {
    @Suite struct PubSubComponents {
        private static let memory = """
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata: {name: memory}
            spec: {type: pubsub.in-memory, version: v1}

            """

        private static func subscription(_ spec: String, version: String = "v2alpha1", scopes: String = "[]") -> String
        {
            """
            apiVersion: dapr.io/\(version)
            kind: Subscription
            metadata: {name: orders}
            spec:
            \(spec.split(separator: "\n").map { "  \($0)" }.joined(separator: "\n"))
            scopes: \(scopes)

            """
        }

        @Test func `documents of both versions declare subscriptions, for the apps that they name`() throws {
            let resources = [
                Self.subscription("pubsubname: pubsub\ntopic: old\nroute: /old", version: "v1alpha1"),
                Self.subscription(
                    "pubsubname: pubsub\ntopic: new\n"
                        + "routes: {rules: [{match: event.data.n == 1, path: /one}], default: /new}",
                    scopes: "[cart]"),
                Self.subscription(
                    "pubsubname: pubsub\ntopic: foreign\nroutes: {default: /foreign}", scopes: "[mailer]"),
            ].joined(separator: "---\n")
            let receiver = try Receiver(EventApp(), .init(resources: resources))
            for topic in ["old", "new", "foreign"] { try receiver.publish(topic, #"{"n":1}"#) }
            try receiver.publish("new", #"{"n":2}"#)
            for path in ["/old", "/one", "/new"] {
                #expect(try receiver.waitForDeliveries(1, path).count == 1, "\(path)")
            }
            let shown = try receiver.sidecar.api.get("/v1.0/metadata").json["subscriptions"] as? [[String: Any]] ?? []
            #expect(Set(shown.compactMap { $0["topic"] as? String }) == ["old", "new"])
            #expect(shown.allSatisfy { $0["type"] as? String == "DECLARATIVE" })
            #expect(receiver.deliveries("/foreign").isEmpty)
        }

        @Test func `what the app says goes before a document, and what is malformed is said and left out`() throws {
            let resources = Self.subscription("pubsubname: pubsub\ntopic: orders\nroutes: {default: /document}")
            let app = EventApp(
                subscriptions: """
                    [\(EventApp.subscription("orders", to: "/app")),{"pubsubname":"pubsub","topic":"nowhere"},\
                    {"pubsubname":"nothing","topic":"orders","route":"/x"}]
                    """)
            let receiver = try Receiver(app, .init(resources: resources))
            try receiver.publish("orders", "1")
            #expect(try receiver.waitForDeliveries(1).map(\.path) == ["/app"])
            #expect(receiver.sidecar.process.output.contains("there is no such pub/sub component"))
            #expect(receiver.sidecar.process.output.contains("[1]"))
        }

        @Test func `an in-memory component carries events, many of them in order`() throws {
            let app = EventApp(subscriptions: "[\(EventApp.subscription("orders", to: "/orders", pubsub: "memory"))]")
            let receiver = try Receiver(app, .init(resources: Self.memory))
            for number in 0..<30 {
                #expect(try receiver.send("orders", "\(number)", pubsub: "memory").status == 204)
            }
            #expect(try receiver.waitForDeliveries(30).map(\.data) == (0..<30).map { "\($0)" })
            #expect(try receiver.send("orders", "1").errorCode == "ERR_PUBSUB_NOT_FOUND")
        }

        @Test func `scopes allow and deny publishing and subscribing`() throws {
            let scoped = """
                apiVersion: dapr.io/v1alpha1
                kind: Component
                metadata: {name: pubsub}
                spec:
                  type: pubsub.in-memory
                  version: v1
                  metadata:
                  - {name: allowedTopics, value: "open,closed"}
                  - {name: publishingScopes, value: "cart=open"}
                  - {name: subscriptionScopes, value: "cart=open"}

                """
            let topics = ["open", "closed"].map { EventApp.subscription($0, to: "/\($0)") }
            let receiver = try Receiver(
                EventApp(subscriptions: "[\(topics.joined(separator: ","))]"), .init(resources: scoped))
            try receiver.publish("open", "1")
            #expect(try receiver.waitForDeliveries(1).map(\.path) == ["/open"])
            let refused = try receiver.send("closed", "1")
            #expect(refused.status == 403 && refused.errorCode == "ERR_PUBSUB_FORBIDDEN")
            #expect(try receiver.send("unheard", "1").status == 403)
            #expect(receiver.sidecar.process.output.contains("its scopes don't give the app the topic"))
        }

        @Test(arguments: [
            (#"routes: {rules: [{match: "event.data.n ==", path: /a}]}"#, "spec.routes.rules[0].match"),
            ("routes: {default: /a}\nmetadata: {maxAttempts: none}", "spec.metadata.maxAttempts"),
            ("deadLetterTopic: d", "spec.route"),
        ])
        func `a subscription that is wrong stops the start with its place`(spec: String, key: String) throws {
            let document = Self.subscription("pubsubname: pubsub\ntopic: orders\n\(spec)")
            let folder = try TemporaryFolder()
            let file = try folder.write(document, to: "resources/orders.yaml")
            let run = try Binary.run(
                ["run", "-a", "cart", "--data-dir", folder.path("data"), "-d", folder.path("resources")], in: folder)
            #expect(run.exit == .status(78))
            let message = run.process.standardError
            #expect(message.contains("\(file):") && message.contains(key), "\(message)")
        }

        @Test func `a subscription to an unknown component stops the start and names those that there are`() throws {
            let document = Self.subscription("pubsubname: kafka\ntopic: orders\nroutes: {default: /a}")
            let folder = try TemporaryFolder()
            try folder.write(document + "---\n" + Self.memory, to: "resources/orders.yaml")
            let run = try Binary.run(
                ["run", "-a", "cart", "--data-dir", folder.path("data"), "-d", folder.path("resources")], in: folder)
            #expect(run.exit == .status(78))
            #expect(run.process.standardError.contains(/orders\.yaml:\d+: spec\.pubsubname: .*kafka.*memory/))
        }

        @Test func `bad publishes are refused with the codes of the contract`() throws {
            let sidecar = try Sidecar.alone()
            let bulk = #"[{"entryId":"a","event":1,"contentType":"application/json"},{"entryId":"a","event":2}]"#
            let json = ["Content-Type": "application/json"]
            let event = ["Content-Type": "application/cloudevents+json"]
            let cases = [
                ("/publish/nothing/orders", "1", json, 404, "ERR_PUBSUB_NOT_FOUND"),
                ("/publish/pubsub/", "1", json, 404, "ERR_TOPIC_NAME_EMPTY"),
                ("/publish/pubsub/orders?metadata.rawPayload=maybe", "1", json, 400, "ERR_PUBSUB_REQUEST_METADATA"),
                ("/publish/pubsub/orders", "[1]", event, 500, "ERR_PUBSUB_CLOUD_EVENTS_SER"),
                ("/publish/bulk/pubsub/orders", bulk, json, 400, "ERR_PUBSUB_EVENTS_SER"),
            ]
            for (path, body, headers, status, code) in cases {
                let answer = try sidecar.api.post("/v1.0\(path)", body, headers: headers)
                #expect(answer.status == status && answer.errorCode == code, "\(path): \(answer.body)")
            }
        }
    }
}
