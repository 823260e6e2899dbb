// SPDX-License-Identifier: Apache-2.0

import Glibc
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
        let entry = ThreadEntry { [self] in
            nameThread()
            body(mailbox)
            finish()
        }
        if Self.detach(entry) { return true }
        mailbox.close()
        finish()
        return false
    }

    private static func detach(_ entry: ThreadEntry) -> Bool {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        var thread = pthread_t()
        let retained = Unmanaged.passRetained(entry)
        let status = pthread_create(
            &thread, &attributes,
            { pointer in
                // Safe: the pointer is `retained`, which pthread_create passes on and which is taken over exactly once.
                Unmanaged<ThreadEntry>.fromOpaque(pointer!).takeRetainedValue().body()
                return nil
            }, retained.toOpaque())
        if status != 0 { retained.release() }
        return status == 0
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

    /// Glibc hides `pthread_setname_np` from Swift; the kernel takes the name from this file too.
    private func nameThread() {
        let descriptor = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        var name = name
        _ = name.withUTF8 { write(descriptor, $0.baseAddress, $0.count) }
        Glibc.close(descriptor)
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

private final class ThreadEntry: Sendable {
    let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}
