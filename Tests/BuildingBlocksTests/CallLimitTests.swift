// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct CallLimitTests {
    @Test func `as many run at once as the limit says, and no more`() async {
        let limit = CallLimit(max: 3)
        let calls = Calls()
        await withTaskGroup { group in
            for _ in 0..<50 {
                group.addTask {
                    let lease = await limit.acquire()
                    calls.begin()
                    await Task.yield()
                    calls.end()
                    withExtendedLifetime(lease) {}
                }
            }
        }
        #expect(calls.all == 50 && calls.most == 3)
    }

    @Test func `those who wait get their turn in the order in which they came`() async {
        let limit = CallLimit(max: 1)
        var first = await limit.acquire()
        let calls = Calls()
        await withTaskGroup { group in
            for number in 0..<20 {
                // Each begins to wait before the next one comes.
                group.addImmediateTask {
                    let lease = await limit.acquire()
                    calls.note(number)
                    withExtendedLifetime(lease) {}
                }
            }
            #expect(calls.order.isEmpty && first != nil)
            first = nil
        }
        #expect(calls.order == Array(0..<20))
    }

    @Test func `whoever gives up waits no longer, and takes nobody's turn`() async {
        let limit = CallLimit(max: 1)
        var first = await limit.acquire()
        let leaving = Task.immediate { await limit.acquire() != nil }
        let staying = Task.immediate { await limit.acquire() != nil }
        leaving.cancel()
        #expect(await leaving.value == false)
        #expect(first != nil)
        first = nil
        #expect(await staying.value)
        let early = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            let held = await limit.acquire()
            let second = await limit.acquire()
            return (held != nil, second != nil)
        }
        // A place that is free is given; a wait is not begun.
        #expect(await early.value == (true, false))
        #expect(await limit.acquire() != nil)
    }

    @Test func `more than the limit of those who wait are refused at once`() async {
        let limit = CallLimit(max: 1)
        let first = await limit.acquire()
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<CallLimit.waitingMax {
                group.addImmediateTask { await limit.acquire() != nil }
            }
            #expect(await limit.acquire() == nil)
            group.cancelAll()
            for await isMine in group { #expect(!isMine) }
        }
        withExtendedLifetime(first) {}
    }
}

/// What a test's calls did.
private final class Calls: Sendable {
    private let state = Mutex((now: 0, most: 0, all: 0, order: [Int]()))

    var most: Int { state.withLock { $0.most } }
    var all: Int { state.withLock { $0.all } }
    var order: [Int] { state.withLock { $0.order } }

    func begin() {
        state.withLock { state in
            state.now += 1
            state.all += 1
            state.most = max(state.most, state.now)
        }
    }

    func end() { state.withLock { $0.now -= 1 } }
    func note(_ number: Int) { state.withLock { $0.order.append(number) } }
}
