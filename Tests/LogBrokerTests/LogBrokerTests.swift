// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import MemoryEngine
import NIOCore
import Synchronization
import Testing

@testable import LogBroker

@Suite struct LogBrokerTests {
    @Test func `a message arrives as it was published`() async throws {
        let broker = LogBroker.test(InMemoryEventLog())
        let inbox = Inbox()
        let subscription = try await broker.subscribe(.test(), deliver: inbox.deliver)
        await broker.publish(["one"], key: "k", timeToLive: 60)
        await inbox.wait(for: 1)
        await subscription.end()
        let received = try #require(inbox.received.first)
        #expect(
            received.message
                == BrokerMessage(
                    data: ByteBuffer(string: "one"), contentType: "text/plain", id: "one", partitionKey: "k",
                    timeToLiveSeconds: 60, metadata: [MessageHeader("name", "one")]))
        #expect(received.topic == "orders" && received.attempt == 1 && received.position == "1")
    }

    @Test func `a group that was away gets what it missed, and nothing twice`() async throws {
        let log = InMemoryEventLog()
        let first = Inbox()
        let broker = LogBroker.test(log)
        let subscription = try await broker.subscribe(.test(), deliver: first.deliver)
        await broker.publish(["a", "b"])
        await first.wait(for: 2)
        await subscription.end()
        await broker.publish(["c"])
        let second = Inbox()
        let other = LogBroker.test(log)
        _ = try await other.subscribe(.test(), deliver: second.deliver)
        await second.wait(for: 1)
        await other.close()
        #expect(second.texts == ["c"])
    }

    @Test func `a new group starts with the oldest message, or with the next one if it asks so`() async throws {
        let broker = LogBroker.test(InMemoryEventLog())
        await broker.publish(["old"])
        let oldest = Inbox()
        let latest = Inbox()
        _ = try await broker.subscribe(.test(group: "all"), deliver: oldest.deliver)
        _ = try await broker.subscribe(.test(group: "new") { $0.start = .latest }, deliver: latest.deliver)
        await broker.publish(["new"])
        await oldest.wait(for: 2)
        await latest.wait(for: 1)
        await broker.close()
        #expect(oldest.texts == ["old", "new"])
        #expect(latest.texts == ["new"])
    }

    @Test func `the latest start holds from the subscription on, also before the first message`() async throws {
        let log = InMemoryEventLog()
        let broker = LogBroker.test(log)
        await broker.publish(["old"])
        let subscription = try await broker.subscribe(.test { $0.start = .latest }, deliver: Inbox().deliver)
        await subscription.end()
        await broker.publish(["missed"])
        let inbox = Inbox()
        _ = try await broker.subscribe(.test { $0.start = .latest }, deliver: inbox.deliver)
        await inbox.wait(for: 1)
        await broker.close()
        #expect(inbox.texts == ["missed"])
    }

    @Test func `each group gets each message, each topic its own`() async throws {
        let broker = LogBroker.test(InMemoryEventLog())
        let inboxes = [Inbox(), Inbox(), Inbox()]
        _ = try await broker.subscribe(.test("a", group: "one"), deliver: inboxes[0].deliver)
        _ = try await broker.subscribe(.test("a", group: "two"), deliver: inboxes[1].deliver)
        _ = try await broker.subscribe(.test("b", group: "one"), deliver: inboxes[2].deliver)
        await broker.publish(["1", "2"], to: "a")
        await broker.publish(["3"], to: "b")
        await inboxes[0].wait(for: 2)
        await inboxes[1].wait(for: 2)
        await inboxes[2].wait(for: 1)
        await broker.close()
        #expect(inboxes.map(\.texts) == [["1", "2"], ["1", "2"], ["3"]])
    }

    @Test func `a message that fails comes again until it is taken`() async throws {
        let broker = LogBroker.test(InMemoryEventLog())
        let inbox = Inbox { $0.attempt < 3 ? .retry("not yet") : .success }
        _ = try await broker.subscribe(.test(), deliver: inbox.deliver)
        await broker.publish(["a", "b"], key: "k")
        await eventually { inbox.successes == ["a", "b"] }
        await broker.close()
        #expect(inbox.texts == ["a", "a", "a", "b", "b", "b"])
        #expect(inbox.received.map(\.attempt) == [1, 2, 3, 1, 2, 3])
    }

    @Test func `after the last try a message is in the dead letter topic as it was`() async throws {
        let broker = LogBroker.test(InMemoryEventLog())
        let dead = Inbox()
        let request = BrokerSubscriptionRequest.test {
            $0.deadLetterTopic = "dead"
            $0.retry.attemptsMax = 2
        }
        let inbox = Inbox { $0.text == "poison" ? .retry("no") : .success }
        _ = try await broker.subscribe(request, deliver: inbox.deliver)
        _ = try await broker.subscribe(.test("dead"), deliver: dead.deliver)
        await broker.publish(["poison", "good"], key: "k")
        await dead.wait(for: 1)
        await eventually { inbox.successes == ["good"] }
        await broker.close()
        #expect(inbox.texts == ["poison", "poison", "good"])
        #expect(dead.received.first?.message == inbox.received.first?.message)
    }

    @Test func `without a dead letter topic a message is parked, listed, and replayed to its group alone`() async throws
    {
        let broker = LogBroker.test(InMemoryEventLog())
        let inbox = Inbox { $0.text == "poison" ? .retry("broken") : .success }
        let other = Inbox()
        _ = try await broker.subscribe(.test { $0.retry.attemptsMax = 2 }, deliver: inbox.deliver)
        _ = try await broker.subscribe(.test(group: "other"), deliver: other.deliver)
        await broker.publish(["poison", "good"], key: "k")
        await eventually { (try? await broker.parkedCount(group: "mailer", topic: "orders")) == 1 }
        let parked = try await broker.parked(group: "mailer", topic: "orders")
        #expect(parked.map(\.reason) == ["broken"] && parked.map(\.tries) == [2] && parked.map(\.topicPosition) == [1])
        #expect(parked.first?.message == inbox.received.first?.message)
        inbox.answer { _ in .success }
        #expect(try await broker.replay(group: "mailer", topic: "orders") == 1)
        await eventually { inbox.successes == ["good", "poison"] }
        await other.wait(for: 2)
        #expect(try await broker.parked(group: "mailer", topic: "orders").isEmpty)
        #expect(try await broker.replay(group: "mailer", topic: "orders") == 0)
        await broker.close()
        #expect(other.texts == ["poison", "good"])
    }

    @Test func `a subscription says how far behind it is`() async throws {
        let broker = LogBroker.test(InMemoryEventLog())
        let inbox = Inbox()
        let subscription = try await broker.subscribe(.test { $0.deadLetterTopic = "dead" }, deliver: inbox.deliver)
        await subscription.setPaused(true)
        await broker.publish(["1", "2", "3"], key: "k")
        await eventually { await broker.subscriptionStatuses().map(\.lagCount) == [3] }
        let status = try #require(await broker.subscriptionStatuses().first)
        #expect((status.topic, status.group, status.deadLetterTopic) == ("orders", "mailer", "dead"))
        #expect(status.isPaused && status.partitionCount == EventPartition.count && status.lagSeconds >= 0)
        await subscription.setPaused(false)
        await eventually { await broker.subscriptionStatuses().map(\.lagCount) == [0] }
        #expect(await broker.subscriptionStatuses().map(\.lagSeconds) == [0])
        await subscription.end()
        #expect(await broker.subscriptionStatuses().isEmpty)
        await broker.close()
    }

    @Test func `an expired message goes to the dead letters if there are any`() async throws {
        let broker = LogBroker.test(InMemoryEventLog())
        await broker.publish(["stale"], timeToLive: 0)
        await broker.publish(["fresh"])
        let inbox = Inbox()
        let dead = Inbox()
        _ = try await broker.subscribe(.test { $0.deadLetterTopic = "dead" }, deliver: inbox.deliver)
        _ = try await broker.subscribe(.test("dead"), deliver: dead.deliver)
        await inbox.wait(for: 1)
        await dead.wait(for: 1)
        await broker.close()
        #expect(inbox.texts == ["fresh"] && dead.texts == ["stale"])
    }

    @Test func `a batch takes several messages and each has its own outcome`() async throws {
        let broker = LogBroker.test(InMemoryEventLog())
        let inbox = Inbox { $0.text == "2" && $0.attempt == 1 ? .retry("no") : .success }
        await broker.publish((1...10).map { "\($0)" })
        _ = try await broker.subscribe(.test { $0.batchMessagesMax = 4 }, deliver: inbox.deliver)
        await eventually { inbox.successes.count == 10 }
        await broker.close()
        #expect(inbox.received.count == 11)
        #expect(inbox.batchSizes.max() == 4)
        #expect(inbox.received.filter { $0.text == "2" }.map(\.attempt) == [1, 2])
    }

    @Test func `a subscription that pauses delivers nothing until it goes on`() async throws {
        let broker = LogBroker.test(InMemoryEventLog())
        let inbox = Inbox()
        let subscription = try await broker.subscribe(.test(), deliver: inbox.deliver)
        await subscription.setPaused(true)
        await broker.publish(["a"])
        try await Task.sleep(for: .milliseconds(50))
        #expect(inbox.received.isEmpty)
        await subscription.setPaused(false)
        await inbox.wait(for: 1)
        await broker.close()
    }

    @Test func `an end waits for what is with the app, and begins nothing new`() async throws {
        let broker = LogBroker.test(InMemoryEventLog())
        let gate = Gate()
        let inbox = Inbox { _ in
            await gate.pass()
            return .success
        }
        let subscription = try await broker.subscribe(.test(), deliver: inbox.deliver)
        await broker.publish(["a", "b"])
        await inbox.wait(for: 1)
        let ending = Task { await subscription.end() }
        try await Task.sleep(for: .milliseconds(30))
        gate.open()
        await ending.value
        #expect(inbox.successes == ["a"])
        let next = Inbox()
        _ = try await broker.subscribe(.test(), deliver: next.deliver)
        await next.wait(for: 1)
        await broker.close()
        #expect(next.texts == ["b"])
    }

    @Test(
        "A request that contradicts itself is refused",
        arguments: [
            BrokerSubscriptionRequest(topic: "", group: "g"), BrokerSubscriptionRequest(topic: "t", group: ""),
            .test { $0.concurrency = 0 }, .test { $0.batchMessagesMax = 0 }, .test { $0.retry.attemptsMax = 0 },
            .test { $0.deadLetterTopic = "orders" }, .test { $0.deadLetterTopic = "" },
        ])
    func refusal(_ request: BrokerSubscriptionRequest) async throws {
        let broker = LogBroker.test(InMemoryEventLog())
        let error = await #expect(throws: BrokerError.self) {
            _ = try await broker.subscribe(request, deliver: Inbox().deliver)
        }
        #expect(error?.code == .invalid)
    }

    @Test func `a group subscribes to a topic once in a process, and may again after the end`() async throws {
        let broker = LogBroker.test(InMemoryEventLog())
        let first = try await broker.subscribe(.test(), deliver: Inbox().deliver)
        let error = await #expect(throws: BrokerError.self) {
            _ = try await broker.subscribe(.test(), deliver: Inbox().deliver)
        }
        #expect(error?.code == .invalid)
        await first.end()
        _ = try await broker.subscribe(.test(), deliver: Inbox().deliver)
        await broker.close()
    }

    @Test func `a publish without a topic is refused, and the log's refusal is the broker's`() async throws {
        let log = FragileLog()
        let broker = LogBroker.test(log)
        let message = BrokerMessage(data: ByteBuffer(), contentType: "text/plain", id: "1")
        let refused = await broker.publish([message], to: "")
        #expect(throws: BrokerError.self) { try refused[0].get() }
        log.set { $0.failsAppending = true }
        let failed = await broker.publish([message, message], to: "t")
        #expect(failed.count == 2)
        for answer in failed {
            let error = #expect(throws: BrokerError.self) { try answer.get() }
            #expect(error?.code == .unavailable)
        }
    }
}

/// Lets nobody through until it is opened.
final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    func pass() async {
        await withCheckedContinuation { continuation in
            let passes = state.withLock { state in
                if !state.isOpen { state.waiters.append(continuation) }
                return state.isOpen
            }
            if passes { continuation.resume() }
        }
    }

    func open() {
        let waiters = state.withLock { state in
            state.isOpen = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }
}
