// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// What one loop has counted of one server; plain integers, summed over the loops by whoever asks.
package struct ShardCounters: Sendable, Equatable {
    package var requests: UInt64 = 0
    package var requestBytes: UInt64 = 0
    package var replies: UInt64 = 0
    package var replyBytes: UInt64 = 0
    /// Replies that were errors of the server.
    package var refusals: UInt64 = 0
    /// Connections that ended, by who or what ended them.
    package var closes: UInt64 = 0
    package var errors: UInt64 = 0
    package var timeouts: UInt64 = 0
    /// Commands that were refused as too many waited.
    package var shed: UInt64 = 0
    /// Open connections.
    package var connections: Int = 0
    /// Commands that wait for their reply, and bytes of them that wait to be written.
    package var inFlight = 0
    package var unsentBytes = 0

    package static func += (sum: inout ShardCounters, other: ShardCounters) {
        sum.requests += other.requests
        sum.requestBytes += other.requestBytes
        sum.replies += other.replies
        sum.replyBytes += other.replyBytes
        sum.refusals += other.refusals
        sum.closes += other.closes
        sum.errors += other.errors
        sum.timeouts += other.timeouts
        sum.shed += other.shed
        sum.connections += other.connections
        sum.inFlight += other.inFlight
        sum.unsentBytes += other.unsentBytes
    }
}

/// What one loop has counted of one pool's clients.
package struct ClientCounters: Sendable, Equatable {
    package var open = 0
    package var accepted: UInt64 = 0
    /// Closed by the client; by an error of the socket or of the protocol; for not reading.
    package var ended: UInt64 = 0
    package var errors: UInt64 = 0
    package var overOutput: UInt64 = 0
    /// Closed for saying nothing.
    package var idle: UInt64 = 0
    package var refused: UInt64 = 0
    package var commands: UInt64 = 0
    /// Commands that were split, and the parts that they became.
    package var split: UInt64 = 0
    package var fragments: UInt64 = 0
    /// Commands answered with an error of the proxy's own.
    package var failed: UInt64 = 0

    package static func += (sum: inout ClientCounters, other: ClientCounters) {
        sum.open += other.open
        sum.accepted += other.accepted
        sum.ended += other.ended
        sum.errors += other.errors
        sum.overOutput += other.overOutput
        sum.idle += other.idle
        sum.refused += other.refused
        sum.commands += other.commands
        sum.split += other.split
        sum.fragments += other.fragments
        sum.failed += other.failed
    }
}

/// How long commands took, from being taken to the end of their reply, by family.
package struct LatencyHistogram: Sendable, Equatable {
    private var counts = [UInt64](repeating: 0, count: CommandFamily.allCases.count * LatencyBuckets.count)
    private var sums = [UInt64](repeating: 0, count: CommandFamily.allCases.count)

    @inline(__always)
    mutating func record(_ family: CommandFamily, nanoseconds: Int64) {
        let value = UInt64(max(nanoseconds, 1))
        counts[Int(family.rawValue) * LatencyBuckets.count + LatencyBuckets.index(of: value)] += 1
        sums[Int(family.rawValue)] += value
    }

    package func counts(of family: CommandFamily) -> ArraySlice<UInt64> {
        counts[Int(family.rawValue) * LatencyBuckets.count..<(Int(family.rawValue) + 1) * LatencyBuckets.count]
    }

    package func seconds(of family: CommandFamily) -> Double { Double(sums[Int(family.rawValue)]) / 1e9 }

    package static func += (sum: inout LatencyHistogram, other: LatencyHistogram) {
        for index in sum.counts.indices { sum.counts[index] += other.counts[index] }
        for index in sum.sums.indices { sum.sums[index] += other.sums[index] }
    }
}
