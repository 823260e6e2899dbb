// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The open connections of a listener, so that its end can reach each of them and wait for the last.
final class OpenConnections: Sendable {
    typealias ID = Int

    /// The ends of a connection; each can be asked for on any thread.
    struct Ends: Sendable {
        /// After what it is doing.
        var drain: @Sendable () -> Void
        /// At once.
        var close: @Sendable () -> Void
    }

    private struct State {
        var open: [ID: Ends] = [:]
        var nextID = 0
        var isDraining = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    /// Nil if the listener has begun to end.
    func add(_ ends: Ends) -> ID? {
        state.withLock { state in
            guard !state.isDraining else { return nil }
            state.nextID += 1
            state.open[state.nextID] = ends
            return state.nextID
        }
    }

    func remove(_ id: ID) {
        let waiters = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            state.open[id] = nil
            guard state.isDraining, state.open.isEmpty else { return [] }
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Tells every connection to end; no new one is taken from now on.
    func drain() {
        for connection in beginDraining() { connection.drain() }
    }

    /// As `drain`, but without waiting for what the connections are doing.
    func close() {
        for connection in beginDraining() { connection.close() }
    }

    private func beginDraining() -> [Ends] {
        state.withLock { state in
            state.isDraining = true
            return Array(state.open.values)
        }
    }

    /// Returns when the last connection is closed, after `drain` or `close`.
    func closed() async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if state.open.isEmpty { return true }
                state.waiters.append(continuation)
                return false
            }
            if isOver { continuation.resume() }
        }
    }
}
