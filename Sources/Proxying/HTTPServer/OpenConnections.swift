// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The open connections of a listener, so that its end can reach each of them and wait for the last.
final class OpenConnections: Sendable {
    typealias ID = Int

    private struct State {
        var drains: [ID: @Sendable () -> Void] = [:]
        var nextID = 0
        var isDraining = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    /// `drain` tells the connection, on any thread, to end after what it is doing. Nil if the listener has begun to
    /// end.
    func add(_ drain: @escaping @Sendable () -> Void) -> ID? {
        state.withLock { state in
            guard !state.isDraining else { return nil }
            state.nextID += 1
            state.drains[state.nextID] = drain
            return state.nextID
        }
    }

    func remove(_ id: ID) {
        let waiters = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            state.drains[id] = nil
            guard state.isDraining, state.drains.isEmpty else { return [] }
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Tells every connection to end; no new one is taken from now on.
    func drain() {
        let drains = state.withLock { state in
            state.isDraining = true
            return Array(state.drains.values)
        }
        for drain in drains { drain() }
    }

    /// Returns when the last connection is closed, after `drain`.
    func closed() async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if state.drains.isEmpty { return true }
                state.waiters.append(continuation)
                return false
            }
            if isOver { continuation.resume() }
        }
    }
}
