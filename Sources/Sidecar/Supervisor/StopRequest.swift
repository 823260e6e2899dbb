// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A wish to stop that is made once and that any number of tasks can wait for, before and after it is made.
final class StopRequest: Sendable {
    private enum State {
        case open(waiters: [Int: CheckedContinuation<Void, Never>], nextID: Int)
        case made
    }

    private let state = Mutex(State.open(waiters: [:], nextID: 0))

    var isMade: Bool {
        state.withLock {
            guard case .made = $0 else { return false }
            return true
        }
    }

    func make() {
        let waiters = state.withLock { state -> [Int: CheckedContinuation<Void, Never>] in
            guard case .open(let waiters, _) = state else { return [:] }
            state = .made
            return waiters
        }
        for waiter in waiters.values { waiter.resume() }
    }

    /// Returns when the wish has been made, or when the task is cancelled.
    func wait() async {
        let id = state.withLock { state -> Int? in
            guard case .open(let waiters, let id) = state else { return nil }
            state = .open(waiters: waiters, nextID: id + 1)
            return id
        }
        guard let id else { return }
        await withTaskCancellationHandler {
            await withCheckedContinuation { add($0, id) }
        } onCancel: {
            remove(id)?.resume()
        }
    }

    private func add(_ waiter: CheckedContinuation<Void, Never>, _ id: Int) {
        let isOver = state.withLock { state -> Bool in
            guard case .open(var waiters, let nextID) = state, !Task.isCancelled else { return true }
            waiters[id] = waiter
            state = .open(waiters: waiters, nextID: nextID)
            return false
        }
        if isOver { waiter.resume() }
    }

    private func remove(_ id: Int) -> CheckedContinuation<Void, Never>? {
        state.withLock { state in
            guard case .open(var waiters, let nextID) = state else { return nil }
            let waiter = waiters.removeValue(forKey: id)
            state = .open(waiters: waiters, nextID: nextID)
            return waiter
        }
    }

    /// Waits, but at most for a time; true when the wish has been made.
    func wait(atMost duration: Duration) async -> Bool {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.wait() }
            group.addTask { try? await Task.sleep(for: duration) }
            await group.next()
            group.cancelAll()
        }
        return isMade
    }
}
