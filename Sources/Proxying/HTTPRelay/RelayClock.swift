// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// The time on one event loop.
///
/// Of one request nine times are noted (deadlines, latencies, when a connection was idle), and reading the clock for
/// each took 1.5 % of all its time. So whoever handles what has come reads it once, between `hold` and `release`, and
/// `now` is that time until then.
package final class RelayClock {
    @exclusivity(unchecked) @usableFromInline var held: Int64 = 0

    @inlinable init() {}

    /// Nanoseconds of a clock that only goes forward.
    @inlinable package var now: Int64 { held > 0 ? held : Self.read() }

    @inlinable package func hold() { held = Self.read() }

    @inlinable package func release() { held = 0 }

    @inlinable static func read() -> Int64 { Int64(bitPattern: NIODeadline.now().uptimeNanoseconds) }
}
