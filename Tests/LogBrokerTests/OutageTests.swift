// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Core
import Testing

@testable import LogBroker

/// An app that can't be called uses up no tries.
@Suite struct OutageTests {
    @Test func `messages wait for an app that can't be called, in their order and without a try`() {
        var queue = QueueDriver([("a", 1), ("b", 2), (nil, 3), (nil, 4)]) { $0.retry.attemptsMax = 2 }
        #expect(queue.deliverAll() == [1, 2, 3])
        for position: Int64 in [1, 2, 3] { queue.finish(position, .unreached("nobody listens")) }
        for wait in [200, 400, 800, 1000, 1000] {
            #expect(queue.deliverAll() == [], "nobody is called before the wait is over")
            #expect(queue.queue.nextWake == queue.now.advanced(byNanoseconds: Int64(wait) * 1_000_000))
            queue.pass(.milliseconds(wait))
            let tried = queue.deliverAll()
            #expect(tried.count == 1, "one call finds out whether the app is back")
            #expect(queue.queue.nextWake == nil)
            for position in tried { queue.finish(position, .unreached("nobody listens")) }
        }
        queue.pass(.seconds(1))
        let first = queue.deliverAll()
        for position in first { queue.finish(position, .success) }
        var come = first + queue.deliverAll()
        queue.finish(3, .success)
        come += queue.deliverAll()
        #expect(Set(come) == [1, 2, 3, 4] && come.count == 4)
        #expect(come.firstIndex(of: 3) ?? 9 < come.firstIndex(of: 4) ?? 0)
        #expect(queue.attempts.values.allSatisfy { $0 == 1 })
    }

    @Test func `a message that was tried keeps its tries through an outage`() {
        var queue = QueueDriver([("a", 1), (nil, 2)])
        #expect(queue.deliverAll() == [1, 2])
        queue.finish(1, .retry("no"))
        queue.finish(2, .retry("no"))
        queue.pass(.milliseconds(200))
        #expect(queue.deliverAll() == [1, 2])
        queue.finish(1, .unreached("nobody listens"))
        queue.finish(2, .unreached("nobody listens"))
        queue.pass(.seconds(1))
        let first = queue.deliverAll()
        queue.finish(first[0], .success)
        #expect(Set(first + queue.deliverAll()) == [1, 2])
        #expect(queue.attempts == [1: 2, 2: 2])
    }

    @Test func `an outage is told once, and its end`() {
        var queue = QueueDriver([("a", 1), ("b", 2)])
        _ = queue.deliverAll()
        queue.finish(1, .unreached("nobody listens"))
        #expect(queue.takeTally().outageReason == "nobody listens")
        queue.finish(2, .unreached("still nobody"))
        #expect(queue.takeTally().outageReason == nil)
        queue.pass(.seconds(1))
        for position in queue.deliverAll() { queue.finish(position, .drop("no route")) }
        #expect(!queue.takeTally().hasOutageEnded, "it may have been dropped without a call")
        for position in queue.deliverAll() { queue.finish(position, .retry("no")) }
        #expect(queue.takeTally().hasOutageEnded)
    }

    @Test func `a partition can be given up in an outage, and what it had is owed`() throws {
        var queue = QueueDriver([("a", 1), ("a", 2)])
        #expect(queue.deliverAll() == [1])
        let partition = PartitionHash.partition(of: "a")
        queue.queue.giveUp(partition)
        queue.finish(1, .unreached("nobody listens"))
        #expect(!queue.queue.isBusy(partition))
        queue.pass(.seconds(1))
        #expect(queue.deliverAll() == [])
        #expect(queue.queue.nextWake == nil)
        #expect(queue.queue.takeUnsaved(all: true).allSatisfy { $0.partition != partition || $0.position == 0 })
    }

    @Test func `nothing wakes a queue that can't call anyway`() {
        var paused = QueueDriver([("a", 1)]) {
            $0.batchMessagesMax = 4
            $0.batchWait = .milliseconds(50)
        }
        #expect(paused.deliverAll() == [])
        #expect(paused.queue.nextWake != nil)
        paused.queue.isPaused = true
        #expect(paused.queue.nextWake == nil)
        paused.queue.isPaused = false
        #expect(paused.queue.nextWake != nil)

        var full = QueueDriver(
            [("a", 1), ("b", 2), ("c", 3)], limits: QueueDriver.limits { $0.inFlightMax = 2 }
        ) {
            $0.batchMessagesMax = 2
            $0.batchWait = .milliseconds(50)
        }
        #expect(full.deliverAll() == [1, 2])
        #expect(full.queue.nextWake == nil)
    }
}

extension QueueDriver {
    fileprivate mutating func takeTally() -> DeliveryTally {
        defer { queue.tally = DeliveryTally() }
        return queue.tally
    }
}
