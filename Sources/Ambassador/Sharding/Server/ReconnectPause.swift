// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// The growing wait between attempts to reach a server that can't be reached.
struct ReconnectPause {
    static let first = TimeAmount.milliseconds(50)
    static let longest = TimeAmount.seconds(2)

    private var current = first

    mutating func next() -> TimeAmount {
        defer { current = min(current + current, Self.longest) }
        return current
    }

    mutating func reset() { current = Self.first }
}
