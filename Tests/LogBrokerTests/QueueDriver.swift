// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Core
import NIOCore

@testable import LogBroker

/// A delivery queue with a log of its own and a clock that stands still.
struct QueueDriver {
    var queue: DeliveryQueue
    var stored: [StoredEvent] = []
    var now = MonotonicInstant(nanoseconds: 1_000_000_000)
    /// The number of the try, by position.
    var attempts: [Int64: Int] = [:]
    var batchCount = 0
    private var batches: [[Int64]: DeliveryBatch] = [:]

    init(
        _ messages: [(key: String?, position: Int64)], expiringAt expiries: [Int64: Int64] = [:],
        owning partitions: [Int] = Array(0..<EventPartition.count),
        limits: DeliveryQueue.Limits = DeliveryQueue.Limits(),
        _ change: (inout BrokerSubscriptionRequest) -> Void = { _ in }
    ) {
        var request = BrokerSubscriptionRequest(topic: "t", group: "group")
        change(&request)
        queue = DeliveryQueue(request, stream: "topic/p/t", limits: limits)
        for (key, position) in messages { append(key, position, expiringAt: expiries[position]) }
        for partition in partitions {
            queue.take(partition, at: Checkpoint(stream: "topic/p/t", partition: partition, position: 0))
        }
        read()
    }

    static func limits(_ change: (inout DeliveryQueue.Limits) -> Void) -> DeliveryQueue.Limits {
        var limits = DeliveryQueue.Limits()
        change(&limits)
        return limits
    }

    mutating func append(
        _ key: String?, _ position: Int64, _ record: MessageRecord = MessageRecord(contentType: "text/plain"),
        expiringAt expiry: Int64? = nil
    ) {
        stored.append(
            StoredEvent(
                position: position, stream: "topic/p/t", revision: Int64(stored.count), appendedAtMilliseconds: 1,
                event: NewEvent(
                    id: "\(position)", type: "message", key: key, metadata: record.bytes,
                    data: ByteBuffer(string: "x"), expiresAtMilliseconds: expiry)))
        queue.noticeAppend()
    }

    /// Reads until there is nothing to read, or no room for it.
    mutating func read() { while readOnce() {} }

    mutating func readOnce() -> Bool {
        guard let read = queue.nextRead() else { return false }
        let events = stored.filter { $0.position > read.after }
        let part = Array(events.prefix(max(read.limit.count, 1)))
        queue.complete(read, EventSlice(events: part, isAtEnd: part.count == events.count))
        return true
    }

    /// Delivers what may be delivered, and returns the positions in their order.
    mutating func deliverAll(wall: Int64 = 0, max: Int = .max) -> [Int64] {
        var positions: [Int64] = []
        read()
        let batchesMax = max == .max ? .max : batchCount + max
        while batchCount < batchesMax, let batch = queue.nextBatch(now, wall: wall) {
            let members = batch.members.map(\.event.position)
            for member in batch.members { attempts[member.event.position] = member.attempt }
            batches[members] = batch
            batchCount += 1
            positions += members
        }
        return positions
    }

    mutating func finish(_ position: Int64, _ outcome: DeliveryOutcome) { finish([position], [outcome]) }

    mutating func finish(_ positions: [Int64], _ outcomes: [DeliveryOutcome]) {
        guard let batch = batches.removeValue(forKey: positions) else { return }
        queue.finish(batch, outcomes, now)
        read()
    }

    mutating func pass(_ time: Duration) {
        now = now.advanced(byNanoseconds: time.nanoseconds)
        queue.wake(now)
        read()
    }

    static func keysOfOnePartition() -> (String, String) {
        let keys = (0..<1000).map { "key\($0)" }
        let partition = PartitionHash.partition(of: keys[0])
        let other = keys.dropFirst().first { PartitionHash.partition(of: $0) == partition } ?? ""
        return (keys[0], other)
    }

    /// Neither of them is the partition of messages without a key.
    static func keysOfTwoPartitions() -> (String, String) {
        let unkeyed = PartitionHash.partition(of: "t")
        let keys = (0..<1000).map { "key\($0)" }.filter { PartitionHash.partition(of: $0) != unkeyed }
        let partition = PartitionHash.partition(of: keys[0])
        let other = keys.first { PartitionHash.partition(of: $0) != partition } ?? ""
        return (keys[0], other)
    }
}
