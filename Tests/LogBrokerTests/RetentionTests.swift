// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import MemoryEngine
import NIOCore
import Testing

@testable import LogBroker

@Suite struct RetentionTests {
    private static let stream = "topic/pubsub/orders"

    /// Everything is too old at once.
    private static var strict: RetentionPolicy {
        var policy = RetentionPolicy()
        policy.age = .seconds(-10)
        return policy
    }

    @Test func `the oldest events go that are too old or too many, and none that a group needs`() {
        var policy = RetentionPolicy()
        policy.age = .seconds(10)
        policy.bytesMax = 20
        let events = (1...5).map { position in
            StoredEvent(
                position: Int64(position), stream: "s", revision: Int64(position), appendedAtMilliseconds: 1000,
                event: NewEvent(id: "", type: "", data: ByteBuffer(string: "1234567890")))
        }
        let trimmable = { policy.trimmable(events, bytes: $0, floor: $1, now: $2) }
        #expect(trimmable(20, .max, 5000) == nil)
        #expect(trimmable(20, .max, 12_000) == 5)
        #expect(trimmable(50, .max, 5000) == 3)
        #expect(trimmable(50, 2, 5000) == 2)
        #expect(trimmable(50, 0, 50_000) == nil)
    }

    @Test func `nothing goes that a known group hasn't taken`() async throws {
        let log = InMemoryEventLog()
        let broker = LogBroker.test(log, retention: Self.strict)
        let inbox = Inbox()
        let slow = try await broker.subscribe(.test(group: "slow"), deliver: Inbox().deliver)
        await slow.end()
        let subscription = try await broker.subscribe(.test(), deliver: inbox.deliver)
        await broker.publish((0..<300).map { "\($0)" })
        await inbox.wait(for: 300)
        await subscription.end()
        await broker.retention.runOnce()
        #expect(try await log.extent(of: Self.stream).count == 300)
        let late = Inbox()
        let resumed = try await broker.subscribe(.test(group: "slow"), deliver: late.deliver)
        await late.wait(for: 300)
        await resumed.end()
        await broker.publish(["last"])
        await broker.retention.runOnce()
        #expect(try await log.extent(of: Self.stream).count == 1)
        await broker.close()
    }

    @Test func `what is owed stays until it is done`() async throws {
        let log = InMemoryEventLog()
        let broker = LogBroker.test(log, retention: Self.strict)
        let inbox = Inbox { $0.text == "1" ? .retry("no") : .success }
        let request = BrokerSubscriptionRequest.test { $0.retry.attemptsMax = .max }
        let subscription = try await broker.subscribe(request, deliver: inbox.deliver)
        await broker.publish(["0", "1", "2"])
        await eventually { inbox.successes == ["0", "2"] }
        await subscription.end()
        await broker.retention.runOnce()
        #expect(try await log.extent(of: Self.stream).count == 2)
        await broker.close()
    }

    @Test func `a topic without a group keeps what its age allows`() async throws {
        let log = InMemoryEventLog()
        let broker = LogBroker.test(log)
        await broker.publish(["a"])
        await broker.retention.runOnce()
        #expect(try await log.extent(of: Self.stream).count == 1)
        let strict = LogBroker.test(log, retention: Self.strict)
        await strict.publish(["b"])
        await strict.retention.runOnce()
        #expect(try await log.extent(of: Self.stream).count == 0)
        await broker.close()
        await strict.close()
    }

    @Test func `a group that is gone for too long is forgotten, and one that came back isn't`() async throws {
        let log = InMemoryEventLog()
        var policy = Self.strict
        policy.absenceMax = .milliseconds(50)
        policy.slowInterval = .zero
        let broker = LogBroker.test(log, retention: policy)
        let gone = try await broker.subscribe(.test(group: "gone"), deliver: Inbox().deliver)
        await gone.end()
        await broker.publish(["a"])
        await broker.retention.runOnce()
        #expect(try await log.extent(of: Self.stream).count == 1, "its absence was only noted")
        let back = try await broker.subscribe(.test(group: "gone") { $0.start = .latest }, deliver: Inbox().deliver)
        await back.end()
        try await Task.sleep(for: .milliseconds(60))
        await broker.retention.runOnce()
        #expect(try await log.consumers(of: Self.stream).count == 1, "it was back in the meantime")
        try await Task.sleep(for: .milliseconds(60))
        await broker.publish(["b"])
        await broker.retention.runOnce()
        #expect(try await log.consumers(of: Self.stream).isEmpty)
        #expect(try await log.extent(of: Self.stream).count == 0)
        await broker.close()
    }

    @Test func `a group that is here and doesn't subscribe to a topic any more is forgotten there`() async throws {
        let log = InMemoryEventLog()
        var policy = Self.strict
        policy.absenceMax = .zero
        policy.slowInterval = .zero
        let broker = LogBroker.test(log, retention: policy)
        let given = try await broker.subscribe(.test(), deliver: Inbox().deliver)
        _ = try await broker.subscribe(.test("other"), deliver: Inbox().deliver)
        await given.end()
        for _ in 0..<2 {
            await broker.publish(["a"])
            await broker.retention.runOnce()
        }
        #expect(try await log.consumers(of: Self.stream).isEmpty)
        #expect(try await log.consumers(of: "topic/pubsub/other").count == 1)
        await broker.close()
    }

    @Test func `the topic of dead letters is kept small too`() async throws {
        let log = InMemoryEventLog()
        let broker = LogBroker.test(log, retention: Self.strict)
        let request = BrokerSubscriptionRequest.test { $0.deadLetterTopic = "dead" }
        _ = try await broker.subscribe(request, deliver: Inbox { _ in .drop("no") }.deliver)
        await broker.publish(["a"])
        await eventually { (try? await log.extent(of: "topic/pubsub/dead").count) == 1 }
        await eventually {
            await broker.retention.runOnce()
            return (try? await log.extent(of: "topic/pubsub/dead").count) == 0
        }
        await broker.close()
    }

    @Test func `a topic that nobody uses any more is kept small too, and one of another component isn't`() async throws
    {
        let log = InMemoryEventLog()
        let gone = LogBroker.test(log)
        await gone.publish(["a", "b"], to: "unused/topic")
        await gone.close()
        let other = LogBroker(pubsub: "other", log: log, logger: silent)
        await other.publish(["c"], to: "kept")
        let broker = LogBroker.test(log, retention: Self.strict)
        await broker.publish(["d"])
        await broker.retention.runOnce()
        #expect(try await log.extent(of: "topic/pubsub/unused/topic").count == 0)
        #expect(try await log.extent(of: "topic/other/kept").count == 1)
        await other.close()
        await broker.close()
    }

    @Test func `no more messages stay parked than the limit says, and the oldest go`() async throws {
        let log = InMemoryEventLog()
        var policy = RetentionPolicy()
        policy.parkedCountMax = 2
        let broker = LogBroker.test(log, retention: policy)
        let request = BrokerSubscriptionRequest.test { $0.retry.attemptsMax = 1 }
        _ = try await broker.subscribe(request, deliver: Inbox { _ in .retry("no") }.deliver)
        await broker.publish(["a", "b", "c", "d", "e"])
        await eventually { (try? await broker.parkedCount(group: "mailer", topic: "orders")) == 5 }
        await broker.retention.runOnce()
        let parked = try await broker.parked(group: "mailer", topic: "orders")
        #expect(parked.map { String(buffer: $0.message.data) }.sorted() == ["d", "e"])
        await broker.close()
    }

    @Test func `a group with an instance elsewhere is there`() async throws {
        let log = InMemoryEventLog()
        var policy = Self.strict
        policy.absenceMax = .zero
        policy.slowInterval = .zero
        let broker = LogBroker.test(log, retention: policy)
        let elsewhere = LogBroker.test(log)
        _ = try await elsewhere.subscribe(.test { $0.retry.first = .seconds(60) }) { _ in [.retry("no")] }
        for _ in 0..<3 {
            await broker.publish(["a"])
            await broker.retention.runOnce()
        }
        #expect(try await log.consumers(of: Self.stream).count == 1)
        #expect(try await log.extent(of: Self.stream).count == 3)
        await elsewhere.close()
        await broker.close()
    }
}
