// SPDX-License-Identifier: Apache-2.0

import CEpoll
import Glibc

#if os(Linux)
// Some module of the toolchain has to give `timespec` its members; in a static build it is this one.
import SwiftOverlayShims
#endif

/// Tells which sockets can be read or written: epoll, level-triggered.
final class EventQueue {
    struct Event {
        let token: Int
        let canWrite: Bool
    }

    private static let eventsPerWait = 256

    private let descriptor: Int32
    private var ready = [epoll_event](repeating: epoll_event(), count: eventsPerWait)

    init() throws(SystemError) {
        descriptor = epoll_create1(0)
        if descriptor < 0 { throw SystemError("epoll_create1") }
    }

    deinit { close(descriptor) }

    func add(_ socket: Int32, token: Int) throws(SystemError) {
        try control(EPOLL_CTL_ADD, socket, token: token, alsoWrites: false)
    }

    func change(_ socket: Int32, token: Int, alsoWrites: Bool) throws(SystemError) {
        try control(EPOLL_CTL_MOD, socket, token: token, alsoWrites: alsoWrites)
    }

    private func control(_ operation: Int32, _ socket: Int32, token: Int, alsoWrites: Bool) throws(SystemError) {
        var event = epoll_event()
        event.events = EPOLLIN.rawValue | (alsoWrites ? EPOLLOUT.rawValue : 0)
        event.data.u64 = UInt64(token)
        if epoll_ctl(descriptor, operation, socket, &event) != 0 { throw SystemError("epoll_ctl") }
    }

    /// Waits until something happens or the time is over, and hands each event on.
    func wait(nanoseconds: UInt64, _ handle: (Event) throws -> Void) throws {
        var timeout = timespec(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
        let count = epoll_pwait2(descriptor, &ready, Int32(Self.eventsPerWait), &timeout, nil)
        if count < 0 && errno != EINTR { throw SystemError("epoll_pwait2") }
        for index in 0..<max(0, Int(count)) {
            let event = ready[index]
            try handle(Event(token: Int(event.data.u64), canWrite: event.events & EPOLLOUT.rawValue != 0))
        }
    }
}

/// A call of the kernel that failed.
struct SystemError: Error, CustomStringConvertible {
    let call: String
    let number: Int32

    init(_ call: String) {
        self.call = call
        number = errno
    }

    var description: String { "\(call): \(String(cString: strerror(number)))" }
}

/// Nanoseconds since some moment before the start.
func monotonicNanoseconds() -> UInt64 {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    return UInt64(now.tv_sec) * 1_000_000_000 + UInt64(now.tv_nsec)
}
