// SPDX-License-Identifier: Apache-2.0

import CEpoll
import Glibc
import NIOCore

/// An epoll instance, and the descriptor by which other threads wake who waits in it.
final class EpollPoller {
    /// Events taken at once. More are taken the next time, behind the tasks that these have brought.
    static let eventsMax = 256
    /// What the wake-up's events are named; no handle has it, as that would be the last place's last generation.
    private static let wakeUpName = UInt64.max

    private let epoll: Int32
    private let wakeUp: Int32
    private let events: UnsafeMutableBufferPointer<epoll_event>

    /// - Throws: `IOError`, mostly because there are as many descriptors as there may be.
    init() throws {
        epoll = cepoll_create()
        guard epoll >= 0 else { throw IOError(errnoCode: errno, reason: "epoll_create1") }
        wakeUp = cepoll_eventfd()
        guard wakeUp >= 0, cepoll_add(epoll, wakeUp, Self.wakeUpName) == 0 else {
            let code = errno
            if wakeUp >= 0 { Glibc.close(wakeUp) }
            Glibc.close(epoll)
            throw IOError(errnoCode: code, reason: "eventfd")
        }
        events = .allocate(capacity: Self.eventsMax)
    }

    deinit {
        events.deallocate()
        Glibc.close(wakeUp)
        Glibc.close(epoll)
    }

    func add(_ descriptor: Int32, named name: UInt64) throws(IOError) {
        guard cepoll_add(epoll, descriptor, name) == 0 else { throw IOError(errnoCode: errno, reason: "epoll_ctl") }
    }

    /// Waits, at most `nanoseconds` (negative: for ever), and tells of each event.
    @inline(__always)
    func wait(_ nanoseconds: Int64, _ tell: (_ name: UInt64, _ events: EpollEvents) -> Void) {
        let count = cepoll_wait(epoll, events.baseAddress, Int32(Self.eventsMax), nanoseconds)
        guard count > 0 else { return }
        for index in 0..<Int(count) {
            let event = events[index]
            if event.data.u64 != Self.wakeUpName { tell(event.data.u64, EpollEvents(rawValue: event.events)) }
        }
    }

    /// Has `wait` return, from any thread. The count is never taken away: each writing is an edge of its own.
    func wake() {
        var one: UInt64 = 1
        _ = write(wakeUp, &one, MemoryLayout.size(ofValue: one))
    }
}
