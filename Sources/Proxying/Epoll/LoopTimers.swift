// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// What a loop is to do later.
final class LoopTimer {
    let deadline: NIODeadline
    /// Nil once it is done or cancelled. Told false if the loop has ended before the time came.
    fileprivate(set) var act: ((_ isDue: Bool) -> Void)?

    init(_ deadline: NIODeadline, _ act: @escaping (_ isDue: Bool) -> Void) {
        self.deadline = deadline
        self.act = act
    }
}

/// The timers of a loop, the next one first: a binary heap.
///
/// A timer that is cancelled stays until its time comes, or until half of them are such ones: then they are taken out
/// together.
struct LoopTimers {
    private struct Entry {
        let deadline: NIODeadline
        /// Those of the same time come in the order in which they were added.
        let number: UInt64
        let timer: LoopTimer

        static func < (a: Self, b: Self) -> Bool { (a.deadline, a.number) < (b.deadline, b.number) }
    }

    /// So few that are cancelled are in nobody's way.
    private static let cancelledMin = 64

    private var heap: [Entry] = []
    private var added: UInt64 = 0
    private var cancelled = 0

    /// When the next one is due.
    var next: NIODeadline? { heap.first?.deadline }

    /// Those that are to come.
    var count: Int { heap.count { $0.timer.act != nil } }

    mutating func add(_ timer: LoopTimer) {
        // Whoever scheduled it from another thread may have cancelled it before it came here.
        if timer.act == nil { return }
        added += 1
        heap.append(Entry(deadline: timer.deadline, number: added, timer: timer))
        siftUp(heap.count - 1)
    }

    mutating func cancel(_ timer: LoopTimer) {
        if timer.act == nil { return }
        timer.act = nil
        cancelled += 1
        guard cancelled > Self.cancelledMin, cancelled * 2 > heap.count else { return }
        heap = heap.filter { $0.timer.act != nil }.sorted(by: <)
        cancelled = 0
    }

    /// The next one whose time has come.
    mutating func popDue(_ now: NIODeadline) -> ((_ isDue: Bool) -> Void)? {
        while let first = heap.first, first.deadline <= now {
            removeFirst()
            guard let act = first.timer.act else {
                cancelled = max(0, cancelled - 1)
                continue
            }
            first.timer.act = nil
            return act
        }
        return nil
    }

    /// Takes all out; returns what each was to do.
    mutating func removeAll() -> [(_ isDue: Bool) -> Void] {
        defer { heap = [] }
        return heap.compactMap(\.timer.act)
    }

    private mutating func removeFirst() {
        let last = heap.removeLast()
        if heap.isEmpty { return }
        heap[0] = last
        siftDown(0)
    }

    private mutating func siftUp(_ start: Int) {
        var index = start
        while index > 0, heap[index] < heap[(index - 1) / 2] {
            heap.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }

    private mutating func siftDown(_ start: Int) {
        var index = start
        while true {
            var least = index
            for child in [2 * index + 1, 2 * index + 2] where child < heap.count && heap[child] < heap[least] {
                least = child
            }
            if least == index { return }
            heap.swapAt(index, least)
            index = least
        }
    }
}
