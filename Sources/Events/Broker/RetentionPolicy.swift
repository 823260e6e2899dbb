// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import NIOCore

/// What a topic keeps of messages that every group has taken.
package struct RetentionPolicy: Sendable, Equatable {
    package var age: Duration = .seconds(7 * 24 * 3600)
    package var bytesMax: Int64 = 1 << 30
    /// How many parked messages a group keeps of a topic; and they take no more room than a topic.
    package var parkedCountMax: Int64 = 100_000
    /// A group without a living instance for so long is forgotten.
    package var absenceMax: Duration = .seconds(7 * 24 * 3600)
    /// How often topics are looked at that were appended to.
    package var interval: Duration = .seconds(60)
    /// How often the others are looked at that hold messages, and whether groups are still there.
    package var slowInterval: Duration = .seconds(3600)

    package init() {}

    /// The position through which the oldest events may go; nil if none may.
    ///
    /// `bytes` is what the stream holds in all, `floor` the position that every group has passed.
    func trimmable(_ oldest: [StoredEvent], bytes: Int64, floor: Int64, now: Int64) -> Int64? {
        let cutoff = now - age.milliseconds
        var excess = bytes - bytesMax
        var through: Int64?
        for event in oldest {
            guard event.position <= floor, excess > 0 || event.appendedAtMilliseconds < cutoff else { break }
            excess -= Int64(event.event.data.readableBytes + event.event.metadata.readableBytes)
            through = event.position
        }
        return through
    }
}

extension RetentionPolicy {
    /// The position through which the oldest parked events may go; nil if there is room for all.
    func trimmableParked(_ oldest: [StoredEvent], _ extent: StreamExtent) -> Int64? {
        var (bytes, count) = (extent.bytes - bytesMax, extent.count - parkedCountMax)
        var through: Int64?
        for event in oldest where bytes > 0 || count > 0 {
            bytes -= Int64(event.event.data.readableBytes + event.event.metadata.readableBytes)
            count -= 1
            through = event.position
        }
        return through
    }
}

extension Duration {
    var milliseconds: Int64 { nanoseconds / 1_000_000 }
}
