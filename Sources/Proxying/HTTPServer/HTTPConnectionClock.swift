// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// What a connection waits for must happen in time.
///
/// The timer isn't set anew for each request: when it fires, it looks at the deadline that holds then.
final class HTTPConnectionClock {
    private var eventLoop: (any EventLoop)?
    private var expired: (@Sendable () -> Void)?
    private var deadline: NIODeadline?
    private var timer: (task: Scheduled<Void>, time: NIODeadline)?

    /// `expired` is called on the loop when an expected thing hasn't happened.
    func start(_ eventLoop: any EventLoop, _ expired: @escaping @Sendable () -> Void) {
        self.eventLoop = eventLoop
        self.expired = expired
    }

    func expect(within time: TimeAmount) {
        let deadline = NIODeadline.now() + time
        self.deadline = deadline
        if let timer, timer.time <= deadline { return }
        timer?.task.cancel()
        schedule(deadline)
    }

    /// Nothing is waited for.
    func clear() { deadline = nil }

    /// The connection is closed.
    func stop() {
        timer?.task.cancel()
        timer = nil
        deadline = nil
        eventLoop = nil
        expired = nil
    }

    private func schedule(_ time: NIODeadline) {
        guard let eventLoop else { return }
        timer = (eventLoop.assumeIsolated().scheduleTask(deadline: time) { self.fire() }, time)
    }

    private func fire() {
        timer = nil
        guard let deadline else { return }
        if deadline <= .now() { expired?() } else { schedule(deadline) }
    }
}
