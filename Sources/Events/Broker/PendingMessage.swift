// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks

/// A message that a group isn't done with.
struct PendingMessage {
    enum Phase {
        /// It comes from a checkpoint; what key it has is known when it has been read again.
        case unknown
        /// Behind another message of its key, or behind others without one.
        case waiting
        case ready
        /// To be read again before it can be delivered.
        case loading
        /// Failed, and waits for its next try.
        case retrying
        case inFlight
        /// Tried in vain or expired; it is on its way to the dead letters or the parked messages.
        case burying
    }

    let position: Int64
    let partition: Int
    var key: String?
    /// Tries that failed.
    var attempts = 0
    var phase: Phase
    var publishedAtMilliseconds: Int64 = 0
    /// Only messages that are soon to be delivered keep it; the others are read again.
    var body: StoredEvent?
}

/// Messages that one call takes to the app.
struct DeliveryBatch {
    struct Member {
        var event: StoredEvent
        /// 1 for the first try.
        var attempt: Int
    }

    var members: [Member] = []
    /// It holds messages without a key that come in order, and so counts against the subscription's concurrency.
    var holdsUnkeyed = false
}

/// A message that won't be tried again, and where it is to be kept.
struct Burial {
    enum Reason {
        case exhausted(String), dropped(String), expired

        var text: String {
            switch self {
            case .exhausted(let text), .dropped(let text): text
            case .expired: "the message's time to live has passed"
            }
        }
    }

    var event: StoredEvent
    /// Tries that failed, the last one included.
    var attempts: Int
    var reason: Reason
    /// Whether a grave keeps the reason's words.
    var hasReason = true
}

/// What became of messages since the figures were last taken.
struct DeliveryTally {
    var successes = 0
    var retries = 0
    var drops = 0
    /// Why the last message was dropped that nobody keeps; all drops of the tally are like it then.
    var dropReason: String?
    var expirations = 0
    /// Deliveries that weren't the first of their message.
    var redeliveries = 0
    /// Why the app can't be reached, if that has begun.
    var outageReason: String?
    var hasOutageEnded = false
}

/// Positions in ascending order, most of which come and go at the ends.
struct SortedPositions {
    private(set) var positions: [Int64] = []

    var first: Int64? { positions.first }
    var count: Int { positions.count }
    var isEmpty: Bool { positions.isEmpty }

    mutating func insert(_ position: Int64) {
        if let last = positions.last, last >= position {
            let index = index(of: position)
            if positions[index] != position { positions.insert(position, at: index) }
        } else {
            positions.append(position)
        }
    }

    mutating func remove(_ position: Int64) {
        let index = index(of: position)
        if index < positions.count, positions[index] == position { positions.remove(at: index) }
    }

    mutating func removeAll(where isRemoved: (Int64) -> Bool) { positions.removeAll(where: isRemoved) }

    /// Where a position is or would be.
    private func index(of position: Int64) -> Int {
        if let first = positions.first, first >= position { return 0 }
        var low = 0
        var high = positions.count
        while low < high {
            let middle = (low + high) / 2
            if positions[middle] < position { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
