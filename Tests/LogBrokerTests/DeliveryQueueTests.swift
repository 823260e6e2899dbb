// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Core
import NIOCore
import Testing

@testable import LogBroker

@Suite struct DeliveryQueueTests {
    @Test func `messages of one key are delivered one at a time and in order`() {
        var queue = QueueDriver([("a", 1), ("a", 2), ("b", 3)])
        #expect(queue.deliverAll() == [1, 3])
        queue.finish(1, .success)
        #expect(queue.deliverAll() == [2])
    }

    @Test func `a key in retry holds back itself and no other key of its partition`() {
        // Both keys belong to one partition, which is what makes this interesting.
        let (one, other) = QueueDriver.keysOfOnePartition()
        var queue = QueueDriver([(one, 1), (one, 2), (other, 3), (other, 4)])
        #expect(queue.deliverAll() == [1, 3])
        queue.finish(1, .retry("no"))
        queue.finish(3, .success)
        #expect(queue.deliverAll() == [4])
        queue.pass(.milliseconds(199))
        #expect(queue.deliverAll() == [])
        queue.pass(.milliseconds(1))
        #expect(queue.deliverAll() == [1])
        #expect(queue.attempts[1] == 2)
        queue.finish(1, .success)
        #expect(queue.deliverAll() == [2])
    }

    @Test func `messages without a key come one at a time, and a failed one holds back nothing`() {
        var queue = QueueDriver([(nil, 1), (nil, 2), (nil, 3)])
        #expect(queue.deliverAll() == [1])
        queue.finish(1, .retry("no"))
        #expect(queue.deliverAll() == [2])
        queue.pass(.milliseconds(200))
        #expect(queue.deliverAll() == [1], "the retry goes beside the one in flight")
        queue.finish(2, .success)
        #expect(queue.deliverAll() == [3])
    }

    @Test func `a concurrency of N lets N messages without a key be in flight`() {
        var queue = QueueDriver((1...5).map { (nil, $0) }) { $0.concurrency = 3 }
        #expect(queue.deliverAll() == [1, 2, 3])
        queue.finish(2, .success)
        #expect(queue.deliverAll() == [4])
    }

    @Test func `a batch takes several messages, but of each key one`() {
        var queue = QueueDriver([("a", 1), ("a", 2), ("b", 3), (nil, 4), (nil, 5), (nil, 6)]) {
            $0.batchMessagesMax = 4
        }
        #expect(queue.deliverAll() == [1, 3, 4, 5])
        #expect(queue.batchCount == 1, "another batch without keys waits for the first")
        queue.finish([1, 3, 4, 5], [.success, .success, .success, .retry("no")])
        #expect(queue.deliverAll() == [2, 6])
    }

    @Test func `a batch that isn't full waits as long as it was told`() {
        var queue = QueueDriver([("a", 1)]) {
            $0.batchMessagesMax = 4
            $0.batchWait = .milliseconds(50)
        }
        #expect(queue.deliverAll() == [])
        #expect(queue.queue.nextWake == queue.now.advanced(byNanoseconds: 50_000_000))
        queue.pass(.milliseconds(50))
        queue.queue.isPaused = true
        #expect(queue.queue.nextWake == nil, "there is nothing to wake up for")
        queue.queue.isPaused = false
        #expect(queue.deliverAll() == [1])
        #expect(queue.queue.nextWake == nil)
    }

    @Test func `after the last try a message is buried, and its key goes on when it is`() {
        var queue = QueueDriver([("a", 1), ("a", 2)]) { $0.retry.attemptsMax = 2 }
        #expect(queue.deliverAll() == [1])
        queue.finish(1, .retry("no"))
        queue.pass(.milliseconds(200))
        #expect(queue.deliverAll() == [1])
        queue.finish(1, .retry("never"))
        #expect(queue.queue.burials.map(\.event.position) == [1])
        #expect(queue.queue.burials.first?.attempts == 2)
        #expect(queue.deliverAll() == [])
        queue.queue.finishBurial(1, isBuried: true)
        #expect(queue.deliverAll() == [2])
    }

    @Test func `a dropped message is gone, or goes to the dead letters if there are any`() {
        var queue = QueueDriver([("a", 1)])
        _ = queue.deliverAll()
        queue.finish(1, .drop("not mine"))
        #expect(queue.queue.burials.isEmpty && queue.queue.lag.pendingCount == 0)
        #expect(queue.queue.tally.dropReason == "not mine")

        var kept = QueueDriver([("a", 1)]) { $0.deadLetterTopic = "dead" }
        _ = kept.deliverAll()
        kept.finish(1, .drop("not mine"))
        #expect(kept.queue.burials.map(\.reason.text) == ["not mine"])
        #expect(kept.queue.tally.dropReason == nil)
    }

    @Test func `an expired message isn't delivered`() {
        var queue = QueueDriver([("a", 1), ("a", 2)], expiringAt: [1: 999])
        #expect(queue.deliverAll(wall: 1000) == [2])
        #expect(queue.queue.tally.expirations == 1 && queue.queue.burials.isEmpty)

        var kept = QueueDriver([("a", 1)], expiringAt: [1: 999]) { $0.deadLetterTopic = "dead" }
        #expect(kept.deliverAll(wall: 1000) == [])
        #expect(kept.queue.burials.count == 1)
    }

    @Test func `an answer that is missing counts as a failure`() {
        var queue = QueueDriver([("a", 1)])
        _ = queue.deliverAll()
        queue.finish([1], [])
        #expect(queue.queue.tally.retries == 1)
        #expect(queue.queue.nextWake != nil)
    }

    @Test func `a message for another group is passed over`() {
        var record = MessageRecord(contentType: "text/plain")
        record.onlyGroup = "others"
        var queue = QueueDriver([])
        queue.append("a", 1, record)
        record.onlyGroup = "group"
        queue.append("a", 2, record)
        queue.read()
        #expect(queue.deliverAll() == [2])
    }

    // MARK: - Checkpoints

    @Test func `a checkpoint owes what isn't done, with its tries, and goes past the rest`() {
        let (one, other) = QueueDriver.keysOfOnePartition()
        var queue = QueueDriver([(one, 1), (other, 2), (one, 3), (other, 4)])
        #expect(queue.deliverAll() == [1, 2])
        queue.finish(1, .retry("no"))
        queue.finish(2, .success)
        #expect(queue.deliverAll() == [4])
        queue.finish(4, .success)
        let partition = PartitionHash.partition(of: one)
        let row = queue.queue.takeUnsaved().first { $0.partition == partition }
        #expect(row?.position == 4)
        #expect(row?.owed == [OwedEvent(position: 1, attempts: 1), OwedEvent(position: 3, attempts: 0)])
        #expect(!queue.queue.hasUnsaved)
    }

    @Test func `what is with the app is owed, and comes again after a sudden end`() throws {
        let (one, other) = QueueDriver.keysOfOnePartition()
        var queue = QueueDriver([(one, 1), (other, 2)])
        #expect(queue.deliverAll() == [1, 2])
        queue.finish(2, .success)
        let partition = PartitionHash.partition(of: one)
        let row = try #require(queue.queue.takeUnsaved().first { $0.partition == partition })
        var next = QueueDriver([], owning: [])
        next.stored = queue.stored
        next.queue.take(partition, at: row)
        next.read()
        #expect(next.deliverAll() == [1])
    }

    @Test func `owed messages come before later ones of their key, and keep their tries`() {
        let (one, other) = QueueDriver.keysOfOnePartition()
        let partition = PartitionHash.partition(of: one)
        var queue = QueueDriver([], owning: [])
        for (position, key) in [one, other, one, one].enumerated() { queue.append(key, Int64(position + 1)) }
        queue.queue.take(
            partition,
            at: Checkpoint(
                stream: "topic/p/t", partition: partition, position: 3,
                owed: [OwedEvent(position: 1, attempts: 4), OwedEvent(position: 3, attempts: 0)]))
        queue.read()
        #expect(queue.deliverAll() == [1])
        #expect(queue.attempts[1] == 5)
        queue.finish(1, .success)
        queue.read()
        #expect(queue.deliverAll() == [3])
        queue.finish(3, .success)
        #expect(queue.deliverAll() == [4])
    }

    @Test func `an owed message that was trimmed is done`() {
        var queue = QueueDriver([], owning: [])
        queue.append("a", 7)
        let partition = PartitionHash.partition(of: "a")
        queue.queue.take(
            partition,
            at: Checkpoint(
                stream: "topic/p/t", partition: partition, position: 5, owed: [OwedEvent(position: 2, attempts: 1)]))
        queue.read()
        #expect(queue.deliverAll() == [7])
    }

    @Test func `partitions that nothing has become of are saved once in many messages`() {
        var queue = QueueDriver([])
        for position in 1...Int64(DeliveryQueue.sweepInterval - 1) { queue.append("a", position) }
        while queue.readOnce() {
            for position in queue.deliverAll() { queue.finish(position, .success) }
        }
        var done = 1
        while done > 0 {
            let positions = queue.deliverAll()
            for position in positions { queue.finish(position, .success) }
            queue.read()
            done = positions.count
        }
        #expect(queue.queue.takeUnsaved().map(\.partition) == [PartitionHash.partition(of: "a")])
        queue.append("a", 5000)
        queue.read()
        #expect(queue.queue.takeUnsaved().count == EventPartition.count)
        #expect(queue.queue.takeUnsaved().isEmpty)
    }

    // MARK: - Partitions

    @Test func `a partition that is taken later starts at its checkpoint, and nothing comes twice`() {
        let (a, b) = QueueDriver.keysOfTwoPartitions()
        let first = PartitionHash.partition(of: a)
        let second = PartitionHash.partition(of: b)
        var queue = QueueDriver([(a, 1), (b, 2), (a, 3), (b, 4)], owning: [first])
        #expect(queue.deliverAll() == [1])
        queue.finish(1, .success)
        queue.queue.take(second, at: Checkpoint(stream: "topic/p/t", partition: second, position: 2))
        queue.read()
        #expect(queue.deliverAll() == [3, 4])
    }

    @Test func `a partition that is taken while a read is under way misses nothing`() throws {
        let (a, b) = QueueDriver.keysOfTwoPartitions()
        let second = PartitionHash.partition(of: b)
        var queue = QueueDriver([(a, 1), (b, 2)], owning: [PartitionHash.partition(of: a)])
        queue.append(b, 3)
        let next = queue.queue.nextRead()
        let read = try #require(next)
        queue.queue.take(second, at: Checkpoint(stream: "topic/p/t", partition: second, position: 0))
        queue.queue.complete(read, EventSlice(events: [queue.stored[2]], isAtEnd: true))
        #expect(queue.deliverAll() == [1, 2])
        queue.finish(2, .success)
        #expect(queue.deliverAll() == [3])
    }

    @Test func `an append while a read is under way is read next`() throws {
        var queue = QueueDriver([("a", 1)])
        queue.append("b", 2)
        let next = queue.queue.nextRead()
        let read = try #require(next)
        queue.append("c", 3)
        queue.queue.complete(read, EventSlice(events: [queue.stored[1]], isAtEnd: true))
        #expect(queue.deliverAll() == [1, 2, 3])
    }

    @Test func `a partition that is given up begins nothing new and is left when nothing is in flight`() throws {
        var queue = QueueDriver([("a", 1), ("a", 2)])
        let partition = PartitionHash.partition(of: "a")
        #expect(queue.deliverAll() == [1])
        queue.queue.giveUp(partition)
        #expect(queue.queue.isBusy(partition))
        queue.finish(1, .success)
        #expect(!queue.queue.isBusy(partition))
        #expect(queue.deliverAll() == [])
        let row = try #require(queue.queue.takeUnsaved().first)
        #expect(row == Checkpoint(stream: "topic/p/t", partition: partition, position: 1))
        queue.queue.release(partition)
        queue.queue.take(partition, at: row)
        queue.read()
        #expect(queue.deliverAll() == [2])
    }
}
