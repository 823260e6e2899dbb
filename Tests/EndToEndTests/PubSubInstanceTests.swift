// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension EndToEnd {
    @Suite struct PubSubInstances {
        private static let orders = EventApp(
            subscriptions: "[\(EventApp.subscription("orders", to: "/orders"))]")

        @Test func `a subscriber that was down gets what it missed, and nothing twice`() throws {
            let folder = try TemporaryFolder()
            let first = try Receiver(Self.orders, .init(folder: folder))
            try first.publish("orders", "1")
            #expect(try first.waitForDeliveries(1).count == 1)
            try first.sidecar.stop()
            let publisher = try Sidecar.alone(appID: "publisher", on: folder)
            for number in 2...4 {
                #expect(try publisher.api.post("/v1.0/publish/pubsub/orders", "\(number)").status == 204)
            }
            let second = try Receiver(Self.orders, .init(folder: folder))
            #expect(try second.waitForDeliveries(3).map(\.data) == ["2", "3", "4"])
        }

        @Test func `a killed subscriber gets the event that it had, and those behind it`() throws {
            let folder = try TemporaryFolder()
            var slow = Self.orders
            slow.replies = ["/orders": [.late(20)]]
            let first = try Receiver(slow, .init(folder: folder))
            try first.publish("orders", "1")
            try first.publish("orders", "2")
            _ = try first.waitForDeliveries(1)
            try first.sidecar.crash()
            let second = try Receiver(Self.orders, .init(folder: folder))
            #expect(try second.waitForDeliveries(2).map(\.data) == ["1", "2"])
        }

        @Test func `each of two groups gets every event`() throws {
            let folder = try TemporaryFolder()
            let receivers = try ["mailer", "stock"].map { try Receiver(Self.orders, .init(appID: $0, folder: folder)) }
            for number in 1...5 { try receivers[0].publish("orders", "\(number)") }
            for receiver in receivers {
                #expect(try receiver.waitForDeliveries(5).map(\.data) == ["1", "2", "3", "4", "5"])
            }
        }

        @Test func `two instances of an app share the events, each key with one of them, in order`() throws {
            let folder = try TemporaryFolder()
            let receivers = try (0..<2).map { _ in try Receiver(Self.orders, .init(folder: folder)) }
            // The second one gets its share within a second.
            try wait(for: "both get something") {
                for key in 0..<8 { try receivers[0].publish("orders", "0", query: "?metadata.partitionKey=warm\(key)") }
                return receivers.allSatisfy { !$0.deliveries().isEmpty }
            }
            for number in 1...10 {
                for key in 0..<8 {
                    let body = #""\#(key)-\#(number)""#
                    try receivers[number % 2].publish("orders", body, query: "?metadata.partitionKey=k\(key)")
                }
            }
            let counted = { (receiver: Receiver) in receiver.deliveries().map(\.data).filter { $0.contains("-") } }
            try wait(for: "all came") { receivers.map(counted).joined().count >= 80 }
            for key in 0..<8 {
                let shares = receivers.map { counted($0).filter { $0.hasPrefix("\(key)-") } }
                #expect(shares.joined().count == 10)
                #expect(shares.contains((1...10).map { "\(key)-\($0)" }), "\(shares)")
            }
        }

        @Test func `an app that somebody else starts late gets what waited, and no try was used up`() throws {
            let folder = try TemporaryFolder()
            let subscription = EventApp.subscription("orders", to: "/orders", metadata: #","maxAttempts":"1""#)
            let app = EventApp(subscriptions: "[\(subscription)]")
            let receiver = try Receiver(
                app,
                .init(
                    flags: ["--restart", "always"], environment: ["OUTRIGGER_APP_RESTART_BACKOFF": "2s"], folder: folder
                ))
            let sidecar = try Sidecar(
                .init(appID: "mailer", flags: ["-p", "\(receiver.sidecar.app.port)"], folder: folder))
            try sidecar.waitUntil("the other sidecar is subscribed") {
                (try? sidecar.api.get("/v1.0/metadata").json["subscriptions"] as? [Any])?.isEmpty == false
            }
            _ = try? receiver.sidecar.app.get("/exit")
            // A call that meets the app's end is a try, and there is only one.
            try sidecar.waitUntil("the app is gone") { (try? receiver.sidecar.app.get("/")) == nil }
            for number in 1...3 { try receiver.publish("orders", "\(number)") }
            try sidecar.waitUntil("the outage is said") {
                sidecar.process.output.contains("subscription.app.unreached")
            }
            try sidecar.waitUntil("all came twice, to each group") { receiver.deliveries("/orders").count >= 6 }
            let metrics = try sidecar.admin.get("/metrics").body
            #expect(!metrics.contains(/outrigger_pubsub_parked_total\{[^}]*\} [1-9]/))
        }

        @Test func `what a killed instance owned goes to the other within two seconds`() throws {
            let folder = try TemporaryFolder()
            let (first, second) = (
                try Receiver(Self.orders, .init(folder: folder)), try Receiver(Self.orders, .init(folder: folder))
            )
            let publishAll = { (body: String) in
                for key in 0..<8 { try second.publish("orders", body, query: "?metadata.partitionKey=k\(key)") }
            }
            try wait(for: "both get something") {
                try publishAll("0")
                return !first.deliveries().isEmpty && !second.deliveries().isEmpty
            }
            try first.sidecar.crash()
            let killed = ContinuousClock.now
            try publishAll(#""after""#)
            try second.sidecar.waitUntil("all come to the other") {
                second.deliveries().count { $0.data == "after" } >= 8
            }
            #expect(ContinuousClock.now - killed < .seconds(2))
        }

        @Test func `kill -9 under load loses no acknowledged event and reorders no key`() throws {
            try Binary.require()
            let folder = try TemporaryFolder()
            let project = FileManager.default.currentDirectoryPath
            let checker = try ChildProcess(
                [
                    "/usr/bin/python3", "\(project)/Benchmarks/talk.py", "crash", "--quick", "--binary", Binary.path,
                    "--folder", folder.path,
                ],
                environment: Binary.environment(home: folder.path), workingDirectory: project)
            #expect(try checker.waitForExit(upTo: .seconds(120)) == .status(0), "\(checker.output)")
        }

        @Test func `an event that is with the app at the shutdown is acknowledged, and a later one left`() throws {
            let folder = try TemporaryFolder()
            var slow = Self.orders
            slow.replies = ["/orders": [.late(0.5)]]
            let first = try Receiver(slow, .init(folder: folder))
            try first.publish("orders", "1")
            try first.publish("orders", "2")
            _ = try first.waitForDeliveries(1)
            try first.sidecar.stop()
            #expect(first.deliveries("answered /orders").count == 1)
            let second = try Receiver(Self.orders, .init(folder: folder))
            #expect(try second.waitForDeliveries(1).map(\.data) == ["2"])
            second.settle()
            #expect(second.deliveries().count == 1)
        }

        @Test func `a slow app is asked once, when it is well, and deliveries wait while it is unwell`() throws {
            let folder = try TemporaryFolder()
            try folder.write("", to: "sick")
            let health = ["--enable-app-health-check", "--app-health-threshold", "1"]
            let receiver = try Receiver(
                starting: EventApp(subscriptions: Self.orders.subscriptions, opensPortAfter: .milliseconds(300)),
                .init(flags: health, environment: ["OUTRIGGER_APP_HEALTH_INTERVAL": "50ms"], folder: folder))
            try receiver.sidecar.waitUntil("the app's health is asked") { !receiver.deliveries("/healthz").isEmpty }
            usleep(150_000)
            #expect(receiver.askedCount == 0)
            try FileManager.default.removeItem(atPath: folder.path("sick"))
            try receiver.waitUntilSubscribed()
            try receiver.publish("orders", "1")
            #expect(try receiver.waitForDeliveries(1).count == 1)

            try folder.write("", to: "sick")
            let askedBefore = receiver.deliveries("/healthz").count
            try receiver.sidecar.waitUntil("the app has said that it is unwell") {
                receiver.deliveries("/healthz").count > askedBefore + 2
            }
            try receiver.publish("orders", "2")
            receiver.settle()
            #expect(receiver.deliveries("/orders").count == 1)
            try FileManager.default.removeItem(atPath: folder.path("sick"))
            #expect(try receiver.waitForDeliveries(2, "/orders").map(\.data) == ["1", "2"])
            #expect(receiver.askedCount == 1)
        }
    }
}
