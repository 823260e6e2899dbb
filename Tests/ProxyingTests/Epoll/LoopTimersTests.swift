// SPDX-License-Identifier: Apache-2.0

import NIOCore
import TestKit
import Testing

@testable import Proxying

/// The order in which a loop's timers come.
@Suite struct LoopTimersTests {
    private final class Log {
        var entries: [Int] = []
    }

    private let log = Log()

    private static func time(_ nanoseconds: Int) -> NIODeadline { .uptimeNanoseconds(UInt64(nanoseconds)) }

    private func timer(_ number: Int, at time: Int) -> LoopTimer {
        LoopTimer(Self.time(time)) { [log] isDue in log.entries.append(isDue ? number : -number) }
    }

    /// Does all that is due, and returns which those were.
    private func popAll(_ timers: inout LoopTimers, at time: Int) -> [Int] {
        log.entries = []
        while let act = timers.popDue(Self.time(time)) { act(true) }
        return log.entries
    }

    @Test func `timers come by their time, and those of the same time as they were added`() {
        var timers = LoopTimers()
        for (number, time) in [30, 10, 20, 10, 30, 10].enumerated() { timers.add(timer(number, at: time)) }
        #expect(timers.next == Self.time(10))
        #expect(popAll(&timers, at: 100) == [1, 3, 5, 2, 0, 4])
        #expect(timers.next == nil)
    }

    @Test func `none comes before its time`() {
        var timers = LoopTimers()
        timers.add(timer(1, at: 10))
        timers.add(timer(2, at: 20))
        #expect(popAll(&timers, at: 9) == [])
        #expect(popAll(&timers, at: 10) == [1])
        #expect(timers.next == Self.time(20))
        #expect(popAll(&timers, at: 19) == [])
        #expect(popAll(&timers, at: 20) == [2])
    }

    @Test func `one that is cancelled never comes, and what comes can't be cancelled any more`() {
        var timers = LoopTimers()
        let cancelled = timer(1, at: 10)
        let done = timer(2, at: 10)
        let other = timer(3, at: 20)
        for timer in [cancelled, done, other] { timers.add(timer) }
        timers.cancel(cancelled)
        timers.cancel(cancelled)
        #expect(popAll(&timers, at: 10) == [2])
        timers.cancel(done)
        #expect(popAll(&timers, at: 20) == [3])
    }

    @Test func `one that is cancelled before it is added never comes`() {
        var timers = LoopTimers()
        let early = timer(1, at: 10)
        timers.cancel(early)
        timers.add(early)
        #expect(timers.next == nil)
        timers.add(timer(2, at: 10))
        #expect(popAll(&timers, at: 10) == [2])
    }

    @Test func `cancelled timers are let go when they are more than half, and the others stay in order`() {
        struct Reference { weak var timer: LoopTimer? }
        var timers = LoopTimers()
        var all = (0..<300).map { timer($0, at: 1000 - $0 % 100) }
        for timer in all { timers.add(timer) }
        let cancelled = Set((0..<300).filter { $0 % 3 != 0 })
        for number in cancelled.sorted() { timers.cancel(all[number]) }
        let references = cancelled.map { Reference(timer: all[$0]) }
        let order = (0..<300).filter { !cancelled.contains($0) }.sorted {
            (1000 - $0 % 100, $0) < (1000 - $1 % 100, $1)
        }
        all = []
        // The last ones may be too few to be worth it.
        #expect(references.count { $0.timer != nil } < 100)
        #expect(popAll(&timers, at: 2000) == order)
    }

    @Test func `at the end each is told that its time hasn't come, but for those that are cancelled`() {
        var timers = LoopTimers()
        let all = (1...5).map { timer($0, at: $0) }
        for timer in all { timers.add(timer) }
        timers.cancel(all[2])
        for act in timers.removeAll() { act(false) }
        #expect(log.entries.sorted() == [-5, -4, -2, -1])
        #expect(timers.next == nil)
        #expect(popAll(&timers, at: 100) == [])
    }

    @Test(
        "Timers come as from a sorted list, whatever is added and cancelled", arguments: 1...20 as ClosedRange<UInt64>)
    func matchesSortedList(seed: UInt64) {
        var numbers = SeededNumbers(seed: seed)
        var timers = LoopTimers()
        var model: [(time: Int, number: Int, timer: LoopTimer)] = []
        var (now, number) = (0, 0)
        for _ in 0..<3000 {
            switch Int.random(in: 0..<10, using: &numbers) {
            case 0..<5:
                let time = now + Int.random(in: 0..<200, using: &numbers)
                number += 1
                let timer = timer(number, at: time)
                timers.add(timer)
                model.append((time, number, timer))
            case 5..<9:
                guard let index = model.indices.randomElement(using: &numbers) else { continue }
                timers.cancel(model.remove(at: index).timer)
            default:
                now += Int.random(in: 0..<40, using: &numbers)
                let due = model.filter { $0.time <= now }.sorted { ($0.time, $0.number) < ($1.time, $1.number) }
                model.removeAll { $0.time <= now }
                #expect(popAll(&timers, at: now) == due.map(\.number))
            }
        }
        let rest = model.sorted { ($0.time, $0.number) < ($1.time, $1.number) }
        #expect(popAll(&timers, at: now + 1000) == rest.map(\.number))
    }
}
