// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Core
import HTTPAPI
import Logging
import ServiceLifecycle
import Subscriptions
import TestKit
import Testing

@testable import Runtime

/// What the service asks of brokers and of the app, and when.
struct SubscriberTests {
    private static let answer = #"[{"pubsubname":"pubsub","topic":"asked","route":"/asked"}]"#

    private static func declared(_ topic: String, pubsub: String = "pubsub") -> SubscriptionDeclaration {
        var declaration = SubscriptionDeclaration(pubsub: pubsub, topic: topic, origin: .declarative)
        declaration.defaultPath = "/\(topic)"
        return declaration
    }

    @Test func `the app is asked when it is ready, and documents add what it doesn't name`() async throws {
        let declared = [Self.declared("asked"), Self.declared("declared")]
        try await SubscriberRun.with(FakeChannel(Self.answer), declared) { run async throws in
            try await Task.sleep(for: .milliseconds(50))
            #expect(run.channel.callCount == 0)
            run.health.setAppReady(true)
            try await eventually { run.broker.topics == ["asked", "declared"] }
            run.health.setAppReady(true)
            try await Task.sleep(for: .milliseconds(50))
            #expect(run.channel.callCount == 1)
            #expect(run.broker.groups == ["cart"])
        }
    }

    @Test(arguments: [
        FakeChannel("none", status: 404), FakeChannel("broken", status: 500), FakeChannel("no JSON"), FakeChannel("{}"),
        FakeChannel(#"[{"pubsubname":"pubsub"}]"#),
    ])
    func `an app that names nothing leaves what documents declare`(channel: FakeChannel) async throws {
        try await SubscriberRun.with(channel, [Self.declared("declared")]) { run async throws in
            run.health.setAppReady(true)
            try await eventually { run.broker.topics == ["declared"] }
            #expect(run.channel.callCount == 1)
        }
    }

    @Test func `an app that can't be reached is asked again`() async throws {
        try await SubscriberRun.with(FakeChannel(Self.answer, failures: 1), []) { run async throws in
            run.health.setAppReady(true)
            try await eventually { run.broker.topics == ["asked"] }
            #expect(run.channel.callCount == 2)
        }
    }

    @Test func `deliveries pause while the app is down`() async throws {
        try await SubscriberRun.with(FakeChannel(Self.answer), []) { run async throws in
            run.health.setAppReady(true)
            try await eventually { run.broker.topics == ["asked"] }
            run.health.setAppReady(false)
            try await eventually { run.broker.isPaused == [true] }
            run.health.setAppReady(true)
            try await eventually { run.broker.isPaused == [false] }
        }
    }

    @Test func `what the broker can't take yet is tried again, and comes paused if the app is down`() async throws {
        let broker = FakeBroker(refusals: [BrokerError(.storageFull, "the disk is full")])
        try await SubscriberRun.with(FakeChannel("[]"), [Self.declared("declared")], broker) { run async throws in
            run.health.setAppReady(true)
            try await eventually { run.broker.refusalCount == 1 }
            run.health.setAppReady(false)
            try await eventually { run.broker.topics == ["declared"] && run.broker.isPaused == [true] }
            run.health.setAppReady(true)
            try await eventually { run.broker.isPaused == [false] }
        }
    }

    @Test func `what can never be served is left out once`() async throws {
        let broker = FakeBroker(refusals: [BrokerError(.invalid, "no such thing")])
        let declared = [Self.declared("refused"), Self.declared("served"), Self.declared("other", pubsub: "nothing")]
        try await SubscriberRun.with(FakeChannel("[]"), declared, broker) { run async throws in
            run.health.setAppReady(true)
            try await eventually { run.broker.topics == ["served"] }
            try await Task.sleep(for: .milliseconds(100))
            #expect(run.broker.topics == ["served"] && run.broker.refusalCount == 1)
        }
    }

    @Test func `every subscription is ended at the end, and none begins after it`() async throws {
        let broker = FakeBroker()
        try await SubscriberRun.with(FakeChannel(Self.answer), [Self.declared("declared")], broker) {
            run async throws in
            run.health.setAppReady(true)
            try await eventually { run.broker.topics.count == 2 }
            await run.subscriber.end()
            #expect(broker.endedCount == 2)
        }
        #expect(broker.endedCount == 2)

        let late = FakeBroker()
        try await SubscriberRun.with(FakeChannel(Self.answer), [], late) { run async throws in
            await run.subscriber.end()
            run.health.setAppReady(true)
            try await eventually { run.broker.endedCount == 1 }
        }
    }

    @Test func `without a port nobody is called or subscribed`() async throws {
        try await SubscriberRun.with(nil, [Self.declared("declared")]) { run async throws in
            run.health.setAppReady(true)
            try await Task.sleep(for: .milliseconds(50))
            #expect(run.broker.topics.isEmpty)
        }
    }
}

/// Waits until a condition holds. The tests of all targets share the threads, so the deadline is far away.
private func eventually(_ condition: () -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(120)
    while !condition() {
        try #require(ContinuousClock.now < deadline, "it never came")
        try await Task.sleep(for: .milliseconds(2))
    }
}
