// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// When a server is late with a command. One timer is enough for all commands of a connection: it is set for the
/// oldest, and looks again when it fires.
struct ReplyClock {
    /// While it is true no command is late: it blocks, or its client is what it waits for.
    var isPatient = false
    /// From then on the server's time is measured, if commands are older.
    private var start = NIODeadline.uptimeNanoseconds(0)
    private var timer: Scheduled<Void>?

    var isTimerSet: Bool { timer != nil }

    /// Measures the time that the server takes from `now` on, for the commands that it has.
    mutating func restart(at now: NIODeadline) { start = now }

    /// When the server is late with a command; nil for never.
    func deadline(of command: InFlight, within timeout: TimeAmount) -> NIODeadline? {
        isPatient || timeout <= .zero ? nil : max(command.sentAt, start) + timeout
    }

    mutating func set(_ timer: Scheduled<Void>) { self.timer = timer }

    mutating func fired() { timer = nil }

    mutating func cancelTimer() {
        timer?.cancel()
        timer = nil
    }
}
