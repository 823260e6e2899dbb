// SPDX-License-Identifier: Apache-2.0

/// The time of day, which expiry and age are measured with because it must mean the same after a restart.
package enum WallClock {
    /// Milliseconds since 1970-01-01 UTC.
    package static var milliseconds: Int64 {
        let now = UTCTime.now()
        return now.seconds * 1000 + now.nanoseconds / 1_000_000
    }
}
