// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Mounting needs root; without it the test is left out and says so.
private let canMount = geteuid() == 0 && access("/usr/bin/unshare", X_OK) == 0

extension EndToEnd {
    @Suite struct PubSubOutcomes {
        /// What the first answer to a topic's event is, and how often the event then comes.
        private static let answers: [(topic: String, first: EventApp.Reply, deliveries: Int)] = [
            ("success", .answer(200, #"{"status":"SUCCESS"}"#), 1), ("empty", .answer(204), 1),
            ("words", .answer(200, "thanks"), 1), ("retry", .answer(200, #"{"status":"RETRY"}"#), 2),
            ("drop", .answer(200, #"{"status":"DROP"}"#), 1), ("odd", .answer(200, #"{"status":"ODD"}"#), 2),
            ("missing", .answer(404), 1), ("forbidden", .answer(403), 2), ("busy", .answer(429), 2),
            ("broken", .answer(500), 2), ("away", .answer(503), 2), ("silent", .hangUp, 2), ("torn", .cutOff, 2),
            ("noise", .noise, 2), ("hanging", .late(5), 2),
        ]

        @Test func `each answer of the app means what the contract says`() throws {
            let topics = Self.answers.map { EventApp.subscription($0.topic, to: "/\($0.topic)") }
            let app = EventApp(
                subscriptions: "[\(topics.joined(separator: ","))]",
                replies: Dictionary(
                    uniqueKeysWithValues: Self.answers.map { ("/\($0.topic)", [$0.first, .answer(200)]) }))
            let receiver = try Receiver(app, .init(environment: ["OUTRIGGER_APP_DELIVERY_TIMEOUT": "300ms"]))
            for (topic, _, _) in Self.answers { try receiver.publish(topic, "1") }
            _ = try receiver.waitForDeliveries(Self.answers.reduce(0) { $0 + $1.deliveries })
            receiver.settle()
            for (topic, _, count) in Self.answers {
                let came = receiver.deliveries("/\(topic)")
                #expect(came.count == count, "\(topic)")
                #expect(Set(came.map(\.id)).count == 1, "\(topic)")
            }
        }

        @Test func `an event that fails holds back its key, and neither other keys nor other topics`() throws {
            let topics = [
                EventApp.subscription("orders", to: "/orders"), EventApp.subscription("mails", to: "/mails"),
                EventApp.subscription("stuck", to: "/stuck", metadata: #","maxAttempts":"1000""#),
            ]
            let app = EventApp(
                subscriptions: "[\(topics.joined(separator: ","))]",
                replies: [
                    "/stuck": [.answer(500)],
                    "/orders": [.answer(500), .answer(200)],
                ])
            let receiver = try Receiver(app)
            try receiver.publish("stuck", "1")
            try receiver.publish("orders", #""a1""#, query: "?metadata.partitionKey=a")
            _ = try receiver.waitForDeliveries(1, "/orders")
            try receiver.publish("orders", #""a2""#, query: "?metadata.partitionKey=a")
            try receiver.publish("orders", #""b1""#, query: "?metadata.partitionKey=b")
            try receiver.publish("mails", #""m""#)
            #expect(try receiver.waitForDeliveries(1, "/mails").count == 1)
            let orders = try receiver.waitForDeliveries(4, "/orders").map(\.data)
            #expect(orders.filter { $0.hasPrefix("a") } == ["a1", "a1", "a2"])
            #expect(receiver.deliveries("/stuck").count >= 1)
        }

        @Test func `what fails too often, is dropped or has no route is a dead letter with its own topic`() throws {
            let dead = { EventApp.subscription($0, to: "/\($0)", metadata: #","maxAttempts":"2""#, $1) }
            let letters = #","deadLetterTopic":"graves""#
            let topics = [
                dead("failing", letters), dead("dropping", letters), dead("missing", letters), dead("kept", ""),
                EventApp.subscription("graves", to: "/graves"),
            ]
            let app = EventApp(
                subscriptions: "[\(topics.joined(separator: ","))]",
                replies: [
                    "/failing": [.answer(500)], "/dropping": [.answer(200, #"{"status":"DROP"}"#)],
                    "/missing": [.answer(404)], "/kept": [.answer(500)],
                ])
            let receiver = try Receiver(app)
            for topic in ["failing", "dropping", "missing", "kept"] { try receiver.publish(topic, #""\#(topic)""#) }
            let letter = try receiver.waitForDeliveries(3, "/graves")
            #expect(Set(letter.compactMap { $0.event["topic"] as? String }) == ["failing", "dropping", "missing"])
            #expect(letter.allSatisfy { $0.data == $0.event["topic"] as? String })
            #expect(receiver.deliveries("/failing").count == 2)
            try receiver.sidecar.waitUntil("the one without dead letters is parked") {
                try receiver.metric("outrigger_pubsub_parked_total") == 1
            }
            #expect(receiver.deliveries("/kept").count == 2)
            #expect(try receiver.metric("outrigger_pubsub_dead_letters_total") == 3)
        }

        @Test func `an event whose time to live has passed doesn't come`() throws {
            let folder = try TemporaryFolder()
            let publisher = try Sidecar.alone(appID: "publisher", on: folder)
            for (text, query) in [("short", "?metadata.ttlInSeconds=1"), ("long", "?metadata.ttlInSeconds=60")] {
                let answer = try publisher.api.post("/v1.0/publish/pubsub/orders\(query)", #""\#(text)""#)
                #expect(answer.status == 204)
            }
            usleep(1_050_000)
            let app = EventApp(subscriptions: "[\(EventApp.subscription("orders", to: "/orders"))]")
            let receiver = try Receiver(app, .init(folder: folder))
            #expect(try receiver.waitForDeliveries(1).map(\.data) == ["long"])
        }

        @Test(.enabled(if: canMount, "mounting a full disk needs root"))
        func `a full disk refuses a publish whole, and recovers when there is room`() throws {
            let folder = try TemporaryFolder()
            let data = folder.path("data")
            try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
            let mount = #"""
                mount -t tmpfs -o size=2m,mode=0700 tmpfs "$0" \
                    && head -c 1000000 /dev/zero > "$0/somebody-elses" && exec "$@"
                """#
            let app = EventApp(subscriptions: "[\(EventApp.subscription("orders", to: "/orders"))]")
            let receiver = try Receiver(
                app, .init(folder: folder, wrapper: ["unshare", "-m", "sh", "-c", mount, data]))
            let padding = String(repeating: "x", count: 50_000)
            var accepted: [Int] = []
            var refused: Answer?
            for number in 0..<60 where refused == nil {
                let answer = try receiver.send("orders", #"{"n":\#(number),"padding":"\#(padding)"}"#)
                if answer.status == 204 { accepted.append(number) } else { refused = answer }
            }
            #expect(refused?.status == 500)
            #expect(refused?.errorCode == "ERR_PUBSUB_PUBLISH_MESSAGE")
            #expect(refused?.body.contains("nothing was written") == true)
            let process = receiver.sidecar.process.processID
            try FileManager.default.removeItem(atPath: "/proc/\(process)/root\(data)/somebody-elses")
            try receiver.sidecar.waitUntil("publishing works again") {
                try receiver.send("orders", #"{"n":1000}"#).status == 204
            }
            try receiver.sidecar.waitUntil("the last event came") {
                receiver.deliveries().contains { ($0.event["data"] as? [String: Any])?["n"] as? Int == 1000 }
            }
            let came = Set(receiver.deliveries().compactMap { ($0.event["data"] as? [String: Any])?["n"] as? Int })
            #expect(came == Set(accepted + [1000]))
        }
    }
}
