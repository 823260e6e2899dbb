// SPDX-License-Identifier: Apache-2.0

import Core
import NIOCore
import Synchronization
import Testing

@testable import Proxying

/// What a loop does for those who ask, without any socket.
@Suite(.timeLimit(.minutes(1))) struct EpollEventLoopTests {
    private final class Order: Sendable {
        private let entries = Mutex<[Int]>([])

        func note(_ number: Int) { entries.withLock { $0.append(number) } }
        var numbers: [Int] { entries.withLock { $0 } }
    }

    private struct Refusal: Error {}

    // MARK: - Tasks

    @Test func `tasks are done in the order in which they were asked for`() async throws {
        try await EpollEventLoopGroup.run { group in
            let (loop, order) = (group.loops[0], Order())
            try await loop.submit {
                for number in 0..<100 { loop.execute { order.note(number) } }
                order.note(-1)
            }.get()
            try await loop.submit {}.get()
            #expect(order.numbers == Array(-1..<100))
        }
    }

    @Test func `tasks of several threads are all done, each thread's in order`() async throws {
        try await EpollEventLoopGroup.run { group in
            let (loop, order, done) = (group.loops[0], Order(), Count())
            let (threads, each) = (8, 5000)
            for thread in 0..<threads {
                let started = DetachedThread.start(name: "asking") {
                    for number in 0..<each { loop.execute { order.note(thread * each + number) } }
                    done.add()
                }
                #expect(started)
            }
            try await eventually { done.value == threads }
            try await loop.submit {}.get()
            let numbers = order.numbers
            #expect(numbers.count == threads * each)
            for thread in 0..<threads {
                let own = numbers.filter { $0 / each == thread }
                #expect(own == Array(thread * each..<(thread + 1) * each))
            }
        }
    }

    @Test func `no task is left to a loop that falls asleep at that moment`() async throws {
        try await EpollEventLoopGroup.run(loops: 2) { group in
            let (a, b) = (group.loops[0], group.loops[1])
            // Each hands on to the other, which is about to sleep: a wake-up that is lost ends the game.
            let rounds = 20_000
            let promise = a.makePromise(of: Void.self)
            @Sendable func play(_ round: Int) {
                if round == rounds { return promise.succeed() }
                (round % 2 == 0 ? a : b).execute { play(round + 1) }
            }
            play(0)
            try await promise.futureResult.get()
        }
    }

    @Test func `a loop that sleeps for a timer is woken by a task`() async throws {
        try await EpollEventLoopGroup.run { group in
            let loop = group.loops[0]
            let timer = loop.scheduleTask(in: .hours(1)) {}
            for _ in 0..<5 {
                try await Task.sleep(for: .milliseconds(10))
                let isInLoop = try await loop.submit { loop.inEventLoop }.get()
                #expect(isInLoop && !loop.inEventLoop)
            }
            timer.cancel()
        }
    }

    @Test func `who submits what fails is told why`() async throws {
        try await EpollEventLoopGroup.run { group in
            await #expect(throws: Refusal.self) { try await group.loops[0].submit { throw Refusal() }.get() }
        }
    }

    @Test func `a chain of tasks doesn't keep timers waiting`() async throws {
        try await EpollEventLoopGroup.run { group in
            let (loop, isOver) = (group.loops[0], Count())
            @Sendable func chain() { if isOver.value == 0 { loop.execute(chain) } }
            loop.execute(chain)
            try await loop.scheduleTask(in: .milliseconds(5)) { isOver.add() }.futureResult.get()
        }
    }

    // MARK: - Timers

    @Test func `timers come in the order of their times, and none too early`() async throws {
        try await EpollEventLoopGroup.run { group in
            let (loop, order) = (group.loops[0], Order())
            let now = NIODeadline.now()
            let timers = [30, 10, 20, 0, -5].map { delay in
                let deadline = now + .milliseconds(Int64(delay))
                return loop.scheduleTask(deadline: deadline) {
                    order.note(NIODeadline.now() >= deadline ? delay : -1000)
                }
            }
            for timer in timers { try await timer.futureResult.get() }
            #expect(order.numbers.sorted() == [-5, 0, 10, 20, 30])
            #expect(order.numbers.suffix(3) == [10, 20, 30])
        }
    }

    @Test func `a timer of another thread comes although the loop sleeps for a later one`() async throws {
        try await EpollEventLoopGroup.run { group in
            let loop = group.loops[0]
            let late = loop.scheduleTask(in: .hours(1)) {}
            try await Task.sleep(for: .milliseconds(20))
            try await loop.scheduleTask(in: .milliseconds(5)) {}.futureResult.get()
            late.cancel()
        }
    }

    @Test func `a timer that a task or a timer sets comes`() async throws {
        try await EpollEventLoopGroup.run { group in
            let loop = group.loops[0]
            try await loop.flatSubmit {
                loop.scheduleTask(in: .milliseconds(2)) {
                    loop.scheduleTask(in: .milliseconds(2)) {}.futureResult
                }.futureResult.flatMap { $0 }
            }.get()
        }
    }

    @Test func `a timer isn't later for the time that the one before it took`() async throws {
        try await EpollEventLoopGroup.run(loops: 2) { group in
            let (loop, other, order) = (group.loops[0], group.loops[1], Order())
            let start = NIODeadline.now()
            // Both are set before the first is done.
            let next = try await loop.submit {
                loop.scheduleTask(deadline: start) { while NIODeadline.now() < start + .milliseconds(500) {} }
                return loop.scheduleTask(deadline: start + .milliseconds(600)) { order.note(1) }
            }.get()
            // Of another loop, half a second behind it less a little.
            let judge = other.scheduleTask(deadline: start + .milliseconds(1050)) { order.note(2) }
            // Nothing is asked of the first loop meanwhile: that would have it look at its timers again.
            for timer in [judge, next] { try await timer.futureResult.get() }
            #expect(order.numbers == [1, 2])
        }
    }

    /// Two chains of timers on one loop, each set by the one before; how many of the long ones are over when the last
    /// of the short ones is.
    private func longTimers(duringShort count: Int, on loop: EpollEventLoop) async throws -> Int {
        let (over, long) = (loop.makePromise(of: Int.self), NIOLoopBoundBox.makeBoxSendingValue(0, eventLoop: loop))
        @Sendable func chain(_ time: TimeAmount, _ left: Int, _ then: @escaping @Sendable (Int) -> Void) {
            loop.scheduleTask(in: time) {
                then(left)
                if left > 1 { chain(time, left - 1, then) }
            }
        }
        chain(.milliseconds(1), count) { _ in long.value += 1 }
        chain(.microseconds(100), count) { left in if left == 1 { over.succeed(long.value) } }
        return try await over.futureResult.get()
    }

    @Test func `a tenth of a millisecond is waited for as such`() async throws {
        try await EpollEventLoopGroup.run { group in
            // On a busy machine both may be late by as much; were the time rounded up, they would be each time.
            for _ in 0..<20 where try await longTimers(duringShort: 40, on: group.loops[0]) < 25 { return }
            Issue.record("as many timers of a millisecond as of a tenth of one were over")
        }
    }

    @Test func `a timer that is cancelled never comes, whoever cancels it`() async throws {
        try await EpollEventLoopGroup.run { group in
            let (loop, order) = (group.loops[0], Order())
            let first = loop.scheduleTask(in: .milliseconds(30)) { order.note(1) }
            let second = loop.scheduleTask(in: .milliseconds(30)) { order.note(2) }
            let third = loop.scheduleTask(in: .milliseconds(30)) { order.note(3) }
            first.cancel()
            try await loop.submit { second.cancel() }.get()
            try await third.futureResult.get()
            await #expect(throws: EventLoopError.cancelled) { try await first.futureResult.get() }
            await #expect(throws: EventLoopError.cancelled) { try await second.futureResult.get() }
            #expect(order.numbers == [3])
        }
    }

    @Test func `a timer may cancel another one of its time`() async throws {
        try await EpollEventLoopGroup.run { group in
            let (loop, order) = (group.loops[0], Order())
            try await loop.flatSubmit {
                let deadline = NIODeadline.now() + .milliseconds(5)
                let box = NIOLoopBoundBox<Scheduled<Void>?>(nil, eventLoop: loop)
                let first = loop.scheduleTask(deadline: deadline) { box.value?.cancel() }
                box.value = loop.scheduleTask(deadline: deadline) { order.note(1) }
                return first.futureResult
            }.get()
            try await loop.scheduleTask(in: .milliseconds(10)) {}.futureResult.get()
            #expect(order.numbers == [])
        }
    }

    // MARK: - The group

    @Test func `a group's loops take turns, and who is on one stays there`() async throws {
        try await EpollEventLoopGroup.run(loops: 3) { group in
            let turn = (0..<6).map { _ in ObjectIdentifier(group.nextLoop()) }
            #expect(Set(turn).count == 3)
            #expect(Array(turn[0..<3]) == Array(turn[3..<6]))
            #expect(group.current == nil)
            for loop in group.loops {
                let stays = try await loop.submit { group.any() === loop && group.current === loop }.get()
                #expect(stays)
            }
            #expect(Array(group.makeIterator()).count == 3)
        }
    }
}
