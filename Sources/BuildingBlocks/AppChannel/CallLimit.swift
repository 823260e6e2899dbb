// SPDX-License-Identifier: Apache-2.0

import Proxying
import Synchronization

/// Lets so many calls run at once; the rest wait in their order.
package final class CallLimit: Sendable {
    /// How many calls may wait.
    package static let waitingMax = 10_000

    /// A call that runs, until nobody holds this.
    package final class Lease: Sendable {
        private let limit: CallLimit
        fileprivate init(_ limit: CallLimit) { self.limit = limit }
        deinit { limit.release() }
    }

    private struct State {
        var free: Int
        var waiting: [(id: Int, continuation: CheckedContinuation<Bool, Never>)] = []
        var nextID = 0
    }

    private let state: Mutex<State>

    /// `max`: above zero.
    package init(max: Int) { state = Mutex(State(free: max)) }

    /// Waits for its turn; nil if too many wait, or the task is cancelled.
    package func acquire() async -> Lease? {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        let isMine = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer = state.withLock { state -> Bool? in
                    if state.free > 0 {
                        state.free -= 1
                        return true
                    }
                    if state.waiting.count >= Self.waitingMax || Task.isCancelled { return false }
                    state.waiting.append((id, continuation))
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            state.withLock { state in
                state.waiting.firstIndex { $0.id == id }.map { state.waiting.remove(at: $0).continuation }
            }?.resume(returning: false)
        }
        return isMine ? Lease(self) : nil
    }

    /// Waits for its turn.
    func lease() async throws(AppChannelError) -> Lease {
        if let lease = await acquire() { return lease }
        throw Task.isCancelled ? .failed(.cancelled) : .overloaded(limit: Self.waitingMax)
    }

    private func release() {
        let next = state.withLock { state -> CheckedContinuation<Bool, Never>? in
            if state.waiting.isEmpty {
                state.free += 1
                return nil
            }
            return state.waiting.removeFirst().continuation
        }
        next?.resume(returning: true)
    }
}
