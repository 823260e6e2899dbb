// SPDX-License-Identifier: Apache-2.0

/// How far a group is behind, as far as this member knows.
struct DeliveryLag: Equatable {
    /// Messages that were read and aren't done.
    var pendingCount: Int
    /// The revision of the last message that was read; nil before the first.
    var lastRevision: Int64?
    /// When the oldest message was published that isn't done; nil if all that was read is done.
    var oldestMilliseconds: Int64?
    var isAtEnd: Bool

    var isNothing: Bool { pendingCount == 0 && isAtEnd }
}

extension DeliveryQueue {
    var lag: DeliveryLag {
        var oldest: Int64?
        for case let partition? in partitions {
            guard let position = partition.pending.first, let entry = entries[position], entry.phase != .unknown else {
                continue
            }
            oldest = min(oldest ?? .max, entry.publishedAtMilliseconds)
        }
        if oldest == nil, !isAtEnd, lastRevision != nil { oldest = lastPublishedAtMilliseconds }
        // Who owns no partition is never at the end, and behind in nothing.
        let isIdle = isAtEnd || !partitions.contains { $0 != nil }
        return DeliveryLag(
            pendingCount: entries.count, lastRevision: lastRevision, oldestMilliseconds: oldest, isAtEnd: isIdle)
    }
}
