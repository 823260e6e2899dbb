// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Ambassador

@Suite struct MirrorQueueTests {
    private typealias Queue = MirrorQueue<Int>

    /// What becomes of a copy, in a word.
    private func admit(_ queue: inout Queue, _ copy: Int, at now: Int64 = 0) -> String {
        switch queue.admit(copy, at: now) {
        case .send: "send"
        case .wait: "wait"
        case .drop(let drop): "\(drop)"
        }
    }

    @Test func `until the shadow is known to be there one copy is sent and the others wait`() {
        var queue = Queue(countMax: 10)
        #expect((1...3).map { admit(&queue, $0) } == ["send", "wait", "wait"])
        #expect(queue.next() == nil)
        queue.reached()
        #expect(queue.next() == 2 && queue.next() == 3 && queue.next() == nil)
        #expect(admit(&queue, 4) == "send" && queue.inFlight == 4)
    }

    @Test func `as many as may wait or are on their way, and no more`() {
        var queue = Queue(countMax: 2)
        #expect((1...3).map { admit(&queue, $0) } == ["send", "wait", "full"])
        queue.reached()
        _ = queue.next()
        #expect(admit(&queue, 4) == "full" && queue.refusal(at: 0) == .full)
        queue.answered()
        #expect(admit(&queue, 5) == "send")
    }

    @Test func `a copy has its place until nothing is asked with it any more, and no other waits for that`() {
        var queue = Queue(countMax: 2)
        #expect(admit(&queue, 1) == "send")
        queue.lingers()
        #expect(queue.failed(isUnreachable: false, at: 0).isEmpty && queue.count == 1)
        #expect((2...3).map { admit(&queue, $0) } == ["send", "full"])
        queue.lingered()
        #expect(admit(&queue, 4) == "wait" && queue.count == 2)
    }

    @Test func `a dead shadow is tried once in a pause, and the pauses grow`() {
        var queue = Queue(countMax: 100)
        var (now, pause, tries) = (Int64(0), Queue.pauseMin, 0)
        while now < 60_000_000_000 {
            #expect(admit(&queue, 1, at: now) == "send")
            tries += 1
            #expect(queue.failed(isUnreachable: true, at: now).isEmpty)
            #expect(admit(&queue, 2, at: now) == "unreachable")
            #expect(admit(&queue, 2, at: now + pause - 1) == "unreachable")
            now += pause
            pause = min(pause * 2, Queue.pauseMax)
        }
        #expect(tries < 20 && queue.count == 0)
    }

    @Test func `what waits is dropped with the shadow`() {
        var queue = Queue(countMax: 10)
        for copy in 1...3 { _ = admit(&queue, copy) }
        #expect(queue.failed(isUnreachable: true, at: 0) == [2, 3] && queue.count == 0)
    }

    @Test func `copies that fail together are one failure`() {
        var queue = Queue(countMax: 10)
        queue.reached()
        for copy in 1...3 { _ = admit(&queue, copy) }
        for _ in 1...3 { _ = queue.failed(isUnreachable: true, at: 0) }
        #expect(admit(&queue, 4, at: Queue.pauseMin) == "send")
    }

    @Test func `a shadow that takes copies and never answers is left alone too`() {
        var queue = Queue(countMax: 10)
        queue.reached()
        for index in 1...Queue.failuresMax {
            #expect(admit(&queue, index) == "send")
            _ = queue.failed(isUnreachable: false, at: 0)
        }
        #expect(admit(&queue, 0) == "unreachable")
    }

    @Test func `an answer makes up for all failures`() {
        var queue = Queue(countMax: 10)
        queue.reached()
        for index in 1..<Queue.failuresMax {
            #expect(admit(&queue, index) == "send")
            _ = queue.failed(isUnreachable: false, at: 0)
        }
        #expect(admit(&queue, 0) == "send")
        queue.answered()
        #expect(admit(&queue, 0) == "send")
        _ = queue.failed(isUnreachable: false, at: 0)
        #expect(admit(&queue, 0) == "send")
        queue.withdrawn()
        #expect(queue.inFlight == 0)
    }
}
