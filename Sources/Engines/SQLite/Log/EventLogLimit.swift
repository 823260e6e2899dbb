// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import NIOCore

/// What the embedded log takes and gives at once.
enum EventLogLimit {
    /// Half of what may wait for a lane, so that one append never has to wait for an empty queue.
    static let appendBytesMax = 64 << 20
    static let appendEventsMax = 10_000
    static let readEventsMax = 10_000
    static let readBytesMax = 64 << 20
    /// About 10 ms of work, in which no commit can happen.
    static let trimEventsMax = 10_000
    /// 12 bytes each.
    static let owedEventsMax = 100_000
    static let groupMembersMax = 1024
}

extension EventAppend {
    /// What the append holds in memory.
    var byteCount: Int {
        events.reduce(MemoryLayout<EventAppend>.stride + stream.utf8.count) { $0 + $1.byteCount }
    }

    /// Why the append isn't taken, whatever the stream holds.
    var refusal: EventLogError? {
        guard events.count <= EventLogLimit.appendEventsMax else {
            return EventLogError(
                .tooLarge, "an append has \(events.count) events, more than \(EventLogLimit.appendEventsMax)")
        }
        guard byteCount <= EventLogLimit.appendBytesMax else {
            return EventLogError(.tooLarge, "an append is larger than \(EventLogLimit.appendBytesMax) bytes")
        }
        return nil
    }
}

extension NewEvent {
    var byteCount: Int {
        MemoryLayout<NewEvent>.stride + id.utf8.count + type.utf8.count + (key?.utf8.count ?? 0) + contentByteCount
    }

    /// What a stream's count of bytes and the limit of a read are about.
    var contentByteCount: Int { metadata.readableBytes + data.readableBytes }
}
