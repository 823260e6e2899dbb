// SPDX-License-Identifier: Apache-2.0

/// Counts of nanoseconds in buckets that are at most 1/64 of their value wide, from 1 ns to hours, in constant memory.
struct LatencyHistogram {
    private static let subBucketBits = 6
    private static let subBucketCount = 1 << subBucketBits

    private var counts = [Int](repeating: 0, count: (65 - subBucketBits) * subBucketCount)
    private(set) var count = 0
    private(set) var max: UInt64 = 0

    mutating func record(_ nanoseconds: UInt64) {
        counts[Self.bucket(of: nanoseconds)] += 1
        count += 1
        if nanoseconds > max { max = nanoseconds }
    }

    /// The smallest recorded value (to the width of its bucket) that at least `share` of all don't exceed; 0 if none.
    func percentile(_ share: Double) -> UInt64 {
        let wanted = Swift.max(1, Int((Double(count) * share).rounded(.up)))
        var seen = 0
        for (bucket, count) in counts.enumerated() {
            seen += count
            if seen >= wanted { return min(Self.upperBound(of: bucket), max) }
        }
        return max
    }

    private static func bucket(of value: UInt64) -> Int {
        // Small values have buckets of their own; each further power of two is cut into as many again.
        let shift = Swift.max(0, 63 - value.leadingZeroBitCount - subBucketBits)
        return shift * subBucketCount + Int(value >> UInt64(shift))
    }

    private static func upperBound(of bucket: Int) -> UInt64 {
        guard bucket >= 2 * subBucketCount else { return UInt64(bucket) }
        let shift = bucket / subBucketCount - 1
        let lower = UInt64(bucket - shift * subBucketCount) << UInt64(shift)
        return lower + (1 << UInt64(shift)) - 1
    }
}
