// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The time of day, which expiry is measured with because it must mean the same after a restart.
enum WallClock {
    /// Milliseconds since 1970-01-01 UTC.
    static var milliseconds: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
