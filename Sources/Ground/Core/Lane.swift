// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A thread of its own for calls that block, so that they never block a thread of the task pool.
///
/// Tasks post requests to `mailbox` and suspend; the thread drains them in batches, which is what lets an engine share
/// one transaction, one fsync or one round trip among many callers.
package final class Lane<Request: Sendable>: Sendable {
    package let mailbox: LaneMailbox<Request>
    private let name: String
    private let state = Mutex(State.ready)

    private enum State: Sendable {
        case ready
        case running(waiters: [CheckedContinuation<Void, Never>])
        case finished
    }

    /// `name` is what `ps -L` and `top -H` show, in at most 15 bytes.
    package init(name: String, limit: LaneMailbox<Request>.Limit) {
        self.name = name
        mailbox = LaneMailbox(limit: limit)
    }

    /// Starts the thread; it ends when `body` returns, which should be when the mailbox says `closed`.
    ///
    /// False if the system refuses a thread; `body` is never called then.
    package func start(_ body: @escaping @Sendable (LaneMailbox<Request>) -> Void) -> Bool {
        state.withLock { state in
            guard case .ready = state else { preconditionFailure("A lane is started once.") }
            state = .running(waiters: [])
        }
        let started = DetachedThread.start(name: name) { [self] in
            body(mailbox)
            finish()
        }
        if started { return true }
        mailbox.close()
        finish()
        return false
    }

    /// Lets the thread finish what is queued, and returns when it has ended.
    package func close() async {
        mailbox.close()
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                guard case .running(var waiters) = state else { return true }
                waiters.append(continuation)
                state = .running(waiters: waiters)
                return false
            }
            if isOver { continuation.resume() }
        }
    }

    private func finish() {
        let waiters = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            guard case .running(let waiters) = state else { return [] }
            state = .finished
            return waiters
        }
        for waiter in waiters { waiter.resume() }
    }
}
