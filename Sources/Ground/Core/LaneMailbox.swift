// SPDX-License-Identifier: Apache-2.0

import Glibc
#if os(Linux)
// Some module of the toolchain has to give `timespec` its members; in a static build it is this one.
import SwiftOverlayShims
#endif

/// The bounded queue in front of a `Lane`: many tasks post, one thread waits and drains everything at once.
///
/// A post costs one uncontended lock. It wakes the thread only if that sleeps and enough requests have come for what it
/// waits for, so that a busy lane is never signalled and an idle one never polls.
// Safe: the stored variables are touched only between `lock` and `unlock`; both pointers live from init to deinit.
package final class LaneMailbox<Request: Sendable>: @unchecked Sendable {
    package struct Limit: Sendable {
        /// The most requests that may wait.
        package var requests: Int
        /// The most bytes that waiting requests may hold; a request that comes to an empty queue is always taken.
        package var bytes: Int

        package init(requests: Int, bytes: Int) {
            self.requests = requests
            self.bytes = bytes
        }
    }

    package enum Posting: Sendable { case accepted, full, closed }

    package enum Waiting: Sendable {
        /// At least as many requests wait as were asked for, or the mailbox was closed with some in it.
        case ready
        case timedOut
        /// The mailbox is closed and empty.
        case closed
    }

    /// Above this a drained batch gives its memory back, so that one burst doesn't stay in an idle process.
    private static var keptCapacityMax: Int { 256 }

    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private let limit: Limit
    private var queue: [Request] = []
    private var bytes = 0
    private var isClosed = false
    /// The number of waiting requests at which the sleeping thread wants to be woken; nil while it is awake.
    private var wakeAt: Int?

    package init(limit: Limit) {
        self.limit = limit
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    /// How many requests wait.
    package var count: Int {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return queue.count
    }

    /// Puts a request at the end of the queue; `bytes` is what it holds in memory beyond itself.
    package func post(_ request: Request, bytes added: Int = 0) -> Posting {
        pthread_mutex_lock(mutex)
        guard !isClosed else {
            pthread_mutex_unlock(mutex)
            return .closed
        }
        guard queue.isEmpty || (queue.count < limit.requests && bytes + added <= limit.bytes) else {
            pthread_mutex_unlock(mutex)
            return .full
        }
        queue.append(request)
        bytes += added
        var wakes = false
        if let count = wakeAt, queue.count >= count {
            wakeAt = nil
            wakes = true
        }
        pthread_mutex_unlock(mutex)
        if wakes { pthread_cond_signal(condition) }
        return .accepted
    }

    /// Refuses every later post; what waits already is still drained.
    package func close() {
        pthread_mutex_lock(mutex)
        isClosed = true
        wakeAt = nil
        pthread_mutex_unlock(mutex)
        pthread_cond_signal(condition)
    }

    /// Sleeps until `count` requests wait, the monotonic clock has reached `deadline`, or the mailbox is closed.
    package func wait(for count: Int, until deadline: MonotonicInstant? = nil) -> Waiting {
        pthread_mutex_lock(mutex)
        defer {
            wakeAt = nil
            pthread_mutex_unlock(mutex)
        }
        while queue.count < count && !isClosed {
            wakeAt = count
            if let deadline {
                var time = deadline.timespec
                if pthread_cond_timedwait(condition, mutex, &time) == ETIMEDOUT {
                    return queue.count >= count ? .ready : .timedOut
                }
            } else {
                pthread_cond_wait(condition, mutex)
            }
        }
        return queue.isEmpty && isClosed ? .closed : .ready
    }

    /// Takes all that waits, in order of arrival. `batch` must be empty; its memory becomes the queue's.
    package func drain(into batch: inout [Request]) {
        precondition(batch.isEmpty, "A lane finishes a batch before it takes the next.")
        if batch.capacity > Self.keptCapacityMax { batch = [] }
        pthread_mutex_lock(mutex)
        swap(&queue, &batch)
        bytes = 0
        pthread_mutex_unlock(mutex)
    }
}

/// A reading of the monotonic clock, cheap to take and to compare on a lane's thread.
package struct MonotonicInstant: Sendable, Comparable {
    package var nanoseconds: Int64

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    package static var now: MonotonicInstant {
        var time = Glibc.timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return MonotonicInstant(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    package func advanced(byNanoseconds count: Int64) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: nanoseconds + count)
    }

    package static func < (a: MonotonicInstant, b: MonotonicInstant) -> Bool { a.nanoseconds < b.nanoseconds }

    fileprivate var timespec: timespec {
        Glibc.timespec(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
    }
}
