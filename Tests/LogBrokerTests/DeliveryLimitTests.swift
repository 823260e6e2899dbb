// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Testing

@testable import LogBroker

/// What a subscription holds in memory, and what waits when it is full.
@Suite struct DeliveryLimitTests {
    @Test func `no more messages are with the app than the limit says`() {
        var queue = QueueDriver(
            (1...20).map { ("key\($0)", $0) }, limits: QueueDriver.limits { $0.inFlightMax = 7 })
        #expect(queue.deliverAll().count == 7)
        queue.finish(1, .success)
        #expect(queue.deliverAll().count == 1)
    }

    @Test func `reading stops at the limit of messages in memory and goes on at half of it`() {
        var queue = QueueDriver(
            (1...100).map { ("key\($0)", $0) },
            limits: QueueDriver.limits {
                $0.bodiesMax = 20
                $0.read.count = 8
            })
        #expect(queue.queue.bodyCount == 20)
        let positions = queue.deliverAll()
        for position in positions.prefix(9) { queue.finish(position, .success) }
        #expect(queue.queue.bodyCount == 11)
        queue.finish(positions[9], .success)
        #expect(queue.queue.bodyCount == 20)
    }

    @Test func `a key that hangs stops its partition at the limit, and others go on`() {
        let (a, b) = QueueDriver.keysOfTwoPartitions()
        let limits = QueueDriver.limits {
            $0.pendingMax = 8
            $0.laneBodiesMax = 2
        }
        var queue = QueueDriver((1...20).map { (a, $0) } + [(b, 21)], limits: limits)
        #expect(queue.deliverAll() == [1, 21])
        #expect(queue.queue.lag.pendingCount == 9)
        #expect(queue.queue.bodyCount == 3, "what waits far behind is read again when it is due")
        var order: [Int64] = [1]
        while let position = order.last, position < 20 {
            queue.finish(position, .success)
            queue.read()
            let next = queue.deliverAll()
            order += next
            if next.isEmpty { break }
        }
        #expect(order == Array(1...20))
    }

    @Test func `failed messages without a key pile up to the limit, and then their topic waits`() {
        let limits = QueueDriver.limits {
            $0.pendingMax = 8
            $0.unkeyedWaitingMax = 4
        }
        var queue = QueueDriver((1...40).map { (nil, $0) }, limits: limits) { $0.retry.attemptsMax = 3 }
        var tried: Set<Int64> = []
        for _ in 0..<40 {
            for position in queue.deliverAll() {
                tried.insert(position)
                queue.finish(position, .retry("down"))
            }
            queue.read()
        }
        #expect(tried.count <= 8)
        var delivered: Set<Int64> = []
        for _ in 0..<100 {
            queue.pass(.seconds(1))
            queue.read()
            for position in queue.deliverAll() {
                delivered.insert(position)
                queue.finish(position, .success)
            }
        }
        #expect(delivered == Set(1...40))
    }

    @Test func `nobody reads far ahead of a partition that has to wait`() {
        let (a, b) = QueueDriver.keysOfTwoPartitions()
        let limits = QueueDriver.limits {
            $0.pendingMax = 4
            $0.aheadMax = 50
            $0.read.count = 10
        }
        var queue = QueueDriver((1...4).map { (a, $0) } + (5...500).map { (b, $0) }, limits: limits)
        var last: Int64 = 0
        for _ in 0..<1000 {
            for position in queue.deliverAll() where position > 4 {
                last = position
                queue.finish(position, .success)
            }
            queue.read()
        }
        #expect(last >= 50 && last <= 80)
    }
}
