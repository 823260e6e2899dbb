// SPDX-License-Identifier: Apache-2.0

import Glibc

/// An average of latencies that forgets the older ones, and follows a longer one at once: a server that gets slow is
/// avoided with its first slow answer, and forgiven slowly.
package struct PeakEWMA: Sendable {
    /// In nanoseconds: after so long, a latency counts for a third.
    static let decay = 10e9
    /// What a server that hasn't answered yet is taken for while requests are in flight there: slower than any other,
    /// so that the first requests don't all go to it.
    static let unknown = 1e15

    /// In nanoseconds, when it was observed.
    private var average = 0.0
    private var observed: Int64 = 0

    package init() {}

    /// In nanoseconds; zero for a server that hasn't answered, or not for long.
    package func cost(_ now: Int64) -> Double {
        average == 0 ? 0 : average * exp(-Double(max(0, now - observed)) / Self.decay)
    }

    mutating func observe(_ latency: Int64, _ now: Int64) {
        let (latency, cost) = (Double(latency), average)
        if latency > cost {
            average = latency
        } else {
            let kept = exp(-Double(max(0, now - observed)) / Self.decay)
            average = cost * kept + latency * (1 - kept)
        }
        observed = now
    }

    /// What a request would wait behind so many others.
    func wait(behind others: Int, at now: Int64) -> Double {
        let cost = cost(now)
        if cost == 0, others > 0 { return Self.unknown + Double(others) }
        return cost * Double(others + 1)
    }
}
