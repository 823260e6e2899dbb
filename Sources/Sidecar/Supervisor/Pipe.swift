// SPDX-License-Identifier: Apache-2.0

import CSpawn
import Glibc

/// The two ends of a pipe, which no child inherits by accident.
struct Pipe: Sendable {
    let readEnd: Int32
    let writeEnd: Int32

    /// Nil when the process or the system has no descriptor left.
    init?() {
        var ends: [Int32] = [-1, -1]
        guard cspawn_pipe(&ends) == 0 else { return nil }
        (readEnd, writeEnd) = (ends[0], ends[1])
    }

    func close() {
        Glibc.close(readEnd)
        Glibc.close(writeEnd)
    }
}
