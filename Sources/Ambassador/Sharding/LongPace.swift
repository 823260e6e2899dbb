// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Lets the bytes of long values through at a pace that leaves time for everybody else.
///
/// A value of many megabytes keeps not only this loop busy, but its server, its client and the kernel too, often on the
/// same cores. So as long as a loop has commands of others it pauses between the parts of long values; alone they go as
/// fast as they can.
struct LongPace {
    /// Of all long values of one loop together, while others have commands.
    static let bytesPerSecond = 256 << 20

    private var next = NIODeadline.uptimeNanoseconds(0)
    private var commands: UInt64 = 0

    /// The time at which more may be moved after `bytes`; nil is at once. `commands` are those that the loop has had.
    mutating func pause(after bytes: Int, commands: UInt64, now: NIODeadline) -> NIODeadline? {
        defer { self.commands = commands }
        guard commands != self.commands else { return nil }
        next = max(next, now) + .nanoseconds(Int64(bytes) * 1_000_000_000 / Int64(Self.bytesPerSecond))
        return next
    }
}
