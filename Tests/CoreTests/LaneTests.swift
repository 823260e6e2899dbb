// SPDX-License-Identifier: Apache-2.0

import Core
import Synchronization
import Testing

@Suite struct LaneTests {
    private let limit = LaneMailbox<Int>.Limit(requests: 3, bytes: 100)

    @Test func `a batch holds what was posted, in order`() {
        let mailbox = LaneMailbox<Int>(limit: limit)
        #expect(mailbox.post(1) == .accepted)
        #expect(mailbox.post(2) == .accepted)
        var batch: [Int] = []
        #expect(mailbox.wait(for: 2) == .ready)
        mailbox.drain(into: &batch)
        #expect(batch == [1, 2])
        #expect(mailbox.count == 0)
    }

    @Test func `a mailbox is full at its limit of requests and of bytes`() {
        let mailbox = LaneMailbox<Int>(limit: limit)
        for number in 1...3 { #expect(mailbox.post(number) == .accepted) }
        #expect(mailbox.post(4) == .full)
        var batch: [Int] = []
        mailbox.drain(into: &batch)
        // One request larger than the limit is taken by an empty mailbox: it could never be taken otherwise.
        #expect(mailbox.post(1, bytes: 101) == .accepted)
        #expect(mailbox.post(2, bytes: 1) == .full)
    }

    @Test func `a closed mailbox gives out what it has and takes nothing more`() {
        let mailbox = LaneMailbox<Int>(limit: limit)
        #expect(mailbox.post(1) == .accepted)
        mailbox.close()
        #expect(mailbox.post(2) == .closed)
        #expect(mailbox.wait(for: 5) == .ready)
        var batch: [Int] = []
        mailbox.drain(into: &batch)
        #expect(mailbox.wait(for: 1) == .closed)
    }

    @Test func `a wait ends at its deadline`() {
        let mailbox = LaneMailbox<Int>(limit: limit)
        #expect(mailbox.post(1) == .accepted)
        let start = MonotonicInstant.now
        #expect(mailbox.wait(for: 2, until: start.advanced(byNanoseconds: 2_000_000)) == .timedOut)
        #expect(MonotonicInstant.now.nanoseconds - start.nanoseconds >= 2_000_000)
    }

    @Test func `a lane performs everything that was posted before it closed`() async {
        let lane = Lane<Int>(name: "test", limit: .init(requests: 10_000, bytes: 0))
        let sum = Mutex(0)
        let isStarted = lane.start { mailbox in
            var batch: [Int] = []
            while mailbox.wait(for: 1) != .closed {
                mailbox.drain(into: &batch)
                sum.withLock { $0 += batch.reduce(0, +) }
                batch.removeAll(keepingCapacity: true)
            }
        }
        #expect(isStarted)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 { group.addTask { for number in 1...100 { _ = lane.mailbox.post(number) } } }
        }
        await lane.close()
        await lane.close()
        #expect(sum.withLock { $0 } == 8 * 5050)
    }
}
