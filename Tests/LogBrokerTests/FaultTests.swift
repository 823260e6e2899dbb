// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import MemoryEngine
import NIOCore
import Testing

@testable import LogBroker

/// What happens when the log fails, and what rest costs.
@Suite struct FaultTests {
    @Test func `a log that can't be read is asked again, seldom, and nothing is lost`() async throws {
        let log = FragileLog()
        let broker = LogBroker.test(log)
        let inbox = Inbox()
        _ = try await broker.subscribe(.test(), deliver: inbox.deliver)
        log.set { $0.failsReading = true }
        await broker.publish(["a"])
        try await Task.sleep(for: .milliseconds(350))
        #expect(log.readCount < 10)
        log.set { $0.failsReading = false }
        await inbox.wait(for: 1)
        await broker.close()
    }

    @Test func `a log that can't save is asked again, and then everything is saved`() async throws {
        let log = FragileLog()
        let broker = LogBroker.test(log)
        let inbox = Inbox()
        _ = try await broker.subscribe(.test(), deliver: inbox.deliver)
        log.set { $0.failsSaving = true }
        await broker.publish(["a", "b"])
        await inbox.wait(for: 2)
        try await Task.sleep(for: .milliseconds(150))
        log.set { $0.failsSaving = false }
        await broker.close()
        let places = CheckpointPlaces(
            try await log.checkpoints(of: "group/pubsub/mailer/orders"), stream: "topic/pubsub/orders")
        #expect(places.checkpoint(PartitionHash.partition(of: "orders")).position == 2)
    }

    @Test func `a log that never saves doesn't keep a subscription from ending, which saves nothing later`()
        async throws
    {
        let log = FragileLog()
        let broker = LogBroker.test(log)
        let inbox = Inbox()
        _ = try await broker.subscribe(.test(), deliver: inbox.deliver)
        log.set { $0.failsSaving = true }
        await broker.publish(["a"])
        await inbox.wait(for: 1)
        await broker.close()
        log.set { $0.failsSaving = false }
        let saveCount = log.saveCount
        try await Task.sleep(for: Backoff.first * (1 << TopicConsumer.flushTriesMax))
        #expect(log.saveCount == saveCount)
    }

    @Test(arguments: [(300, 1), (0, 0)])
    func `a message whose grave is too small is buried without the reason, or lost, and no more is tried`(
        bytesMax: Int, parkedCount: Int64
    ) async throws {
        let log = FragileLog()
        let broker = LogBroker.test(log)
        let inbox = Inbox { message in
            message.text == "poison" ? .retry(String(repeating: "why ", count: 100)) : .success
        }
        _ = try await broker.subscribe(.test { $0.retry.attemptsMax = 1 }, deliver: inbox.deliver)
        log.set { $0.graveBytesMax = bytesMax }
        await broker.publish(["poison", "next"], key: "k")
        await inbox.wait(for: 2)
        #expect(inbox.successes == ["next"])
        let parked = try await broker.parked(group: "mailer", topic: "orders")
        #expect(parked.count == parkedCount && parked.allSatisfy { $0.reason.isEmpty })
        await broker.close()
        let places = CheckpointPlaces(
            try await log.checkpoints(of: "group/pubsub/mailer/orders"), stream: "topic/pubsub/orders")
        #expect(places.checkpoint(PartitionHash.partition(of: "k")).position == 2)
    }

    @Test func `a message that can't be buried stays owed, and is buried when the log takes it`() async throws {
        let log = FragileLog()
        let broker = LogBroker.test(log)
        let inbox = Inbox { _ in .retry("no") }
        _ = try await broker.subscribe(.test { $0.retry.attemptsMax = 1 }, deliver: inbox.deliver)
        await broker.publish(["poison"])
        log.set { $0.failsAppending = true }
        await broker.publish([])
        await inbox.wait(for: 1)
        try await Task.sleep(for: .milliseconds(150))
        log.set { $0.failsAppending = false }
        await eventually { (try? await broker.parkedCount(group: "mailer", topic: "orders")) == 1 }
        await broker.close()
        #expect(inbox.received.count == 1)
    }

    @Test func `a message that couldn't be buried before the end comes again in the next life`() async throws {
        let log = FragileLog()
        let broker = LogBroker.test(log)
        let gate = Gate()
        let inbox = Inbox { _ in
            await gate.pass()
            return .retry("no")
        }
        _ = try await broker.subscribe(.test { $0.retry.attemptsMax = 1 }, deliver: inbox.deliver)
        await broker.publish(["poison"])
        await inbox.wait(for: 1)
        log.set { $0.failsAppending = true }
        gate.open()
        await broker.close()
        log.set { $0.failsAppending = false }
        let next = Inbox()
        let other = LogBroker.test(log)
        _ = try await other.subscribe(.test(), deliver: next.deliver)
        await next.wait(for: 1)
        await other.close()
        #expect(next.received.map(\.attempt) == [2])
    }

    @Test func `an app that fails while the topic goes on is tried again without end of the others`() async throws {
        let broker = LogBroker.test(InMemoryEventLog())
        let inbox = Inbox { $0.text.hasPrefix("bad") ? .retry("no") : .success }
        _ = try await broker.subscribe(.test { $0.retry.attemptsMax = .max }, deliver: inbox.deliver)
        await broker.publish(["bad1", "good1"], key: "a")
        await broker.publish(["good2"], key: "b")
        await broker.publish(["bad2", "good3"])
        await eventually { Set(inbox.successes) == ["good2", "good3"] && inbox.received.count > 10 }
        await broker.close()
        #expect(!inbox.texts.contains("good1"))
    }

    @Test func `an idle subscription writes nothing and reads nothing`() async throws {
        let log = FragileLog()
        let broker = LogBroker.test(log)
        let inbox = Inbox()
        for topic in 0..<50 { _ = try await broker.subscribe(.test("\(topic)"), deliver: inbox.deliver) }
        await broker.publish(["a"], to: "7")
        await inbox.wait(for: 1)
        try await Task.sleep(for: .milliseconds(200))
        let before = (log.readCount, log.saveCount)
        try await Task.sleep(for: .milliseconds(300))
        #expect(before == (log.readCount, log.saveCount))
        await broker.close()
    }

    @Test func `a start reads on at the checkpoint and not from the beginning`() async throws {
        let log = FragileLog()
        let broker = LogBroker.test(log)
        let inbox = Inbox()
        _ = try await broker.subscribe(.test(), deliver: inbox.deliver)
        for batch in 0..<30 { await broker.publish((0..<100).map { "\(batch)/\($0)" }, key: "k\(batch % 30)") }
        await inbox.wait(for: 3000)
        await broker.close()
        let readCount = log.readCount
        let next = Inbox()
        let other = LogBroker.test(log)
        _ = try await other.subscribe(.test(), deliver: next.deliver)
        await other.publish(["last"])
        await next.wait(for: 1)
        await other.close()
        #expect(next.texts == ["last"])
        #expect(log.readCount - readCount < 6)
    }
}
