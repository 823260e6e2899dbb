// SPDX-License-Identifier: Apache-2.0

/// What a duration counts under: buckets that double from 16 µs to 8.6 s, as those of the metrics. A bucket is found by
/// counting bits.
enum LatencyBuckets {
    static let count = 21
    /// The upper bound of the first bucket, 2¹⁴ ns.
    static let firstExponent = 14

    @inline(__always)
    static func index(of nanoseconds: UInt64) -> Int {
        let bits = UInt64.bitWidth - (max(nanoseconds, 1) - 1).leadingZeroBitCount
        return min(max(bits - firstExponent, 0), count - 1)
    }
}
