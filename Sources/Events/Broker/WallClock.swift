// SPDX-License-Identifier: Apache-2.0

import Glibc

#if os(Linux)
// Some module of the toolchain has to give `timespec` its members; in a static build it is this one.
import SwiftOverlayShims
#endif

/// The time of day, in which messages expire and grow old.
enum WallClock {
    /// Milliseconds since 1970-01-01 UTC.
    static var milliseconds: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
