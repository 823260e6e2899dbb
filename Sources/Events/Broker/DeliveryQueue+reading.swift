// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks

/// What is to be read next.
enum QueueRead {
    /// The topic's messages after a position.
    case advance(after: Int64, limit: EventReadLimit)
    /// Messages that are known by their position only.
    case load([Int64], limit: EventReadLimit)

    var after: Int64 {
        switch self {
        case .advance(let after, _): after
        case .load(let positions, _): positions[0] - 1
        }
    }

    var limit: EventReadLimit {
        switch self {
        case .advance(_, let limit), .load(_, let limit): limit
        }
    }
}

extension DeliveryQueue {
    /// The topic was appended to.
    mutating func noticeAppend() {
        isAtEnd = false
        wasNoticed = true
    }

    /// What to read now; nil if there is nothing, or no room for it.
    mutating func nextRead() -> QueueRead? {
        guard !isPaused, !isEnding else { return nil }
        if !loads.isEmpty, ready.isEmpty || (ready.count < limits.readyMax && bodyBytes < limits.bytesMax) {
            return .load(
                Array(loads.positions.prefix(limits.readyMax)),
                limit: EventReadLimit(count: limits.readyMax, bytes: limits.read.bytes))
        }
        guard !isAtEnd, hasMemory(), let cursor else { return nil }
        wasNoticed = false
        let limit = EventReadLimit(
            count: min(limits.read.count, limits.bodiesMax - bodyCount),
            bytes: min(limits.read.bytes, limits.bytesMax - bodyBytes))
        return .advance(after: cursor, limit: limit)
    }

    /// Takes in what was read.
    mutating func complete(_ read: QueueRead, _ slice: EventSlice) {
        switch read {
        case .advance(let after, _): ingest(slice, after: after)
        case .load(let positions, _): fulfil(positions, slice)
        }
    }

    /// Where reading goes on; nil if no partition takes more, or if the next is as far ahead as it may be of one that
    /// had to stop: what others read ahead is read once more for that one.
    private var cursor: Int64? {
        var next: Partition?
        var stopped: Int64?
        for case let partition? in partitions where !partition.isLeaving {
            if partition.takesMore, partition.ingested < next?.ingested ?? .max { next = partition }
            if partition.isFull, let revision = partition.revision { stopped = min(stopped ?? .max, revision) }
        }
        if let revision = next?.revision, let stopped, revision - stopped > limits.aheadMax { return nil }
        return next?.ingested
    }

    /// Reading stops when the memory is full and goes on when half of it is free, so that it doesn't go on message by
    /// message.
    private mutating func hasMemory() -> Bool {
        if bodyCount >= limits.bodiesMax || bodyBytes >= limits.bytesMax {
            isMemoryFull = true
        } else if bodyCount <= limits.bodiesMax / 2 && bodyBytes <= limits.bytesMax / 2 {
            isMemoryFull = false
        }
        return !isMemoryFull
    }

    private mutating func ingest(_ slice: EventSlice, after: Int64) {
        for event in slice.events {
            let key = event.event.key
            let number = key.map { PartitionHash.partition(of: $0) } ?? unkeyedPartition
            guard let partition = partitions[number], partition.takesMore, partition.ingested >= after,
                event.position > partition.ingested
            else { continue }
            ingest(event, number)
        }
        let end = slice.events.last?.position ?? after
        for index in partitions.indices {
            guard let partition = partitions[index], partition.takesMore, partition.ingested >= after else { continue }
            partitions[index]?.ingested = max(partition.ingested, end)
            partitions[index]?.revision = slice.events.last?.revision ?? partition.revision
        }
        if let last = slice.events.last, last.revision > lastRevision ?? -1 {
            // What is read a second time, for a partition that was behind, doesn't count again.
            readSinceSweep += lastRevision.map { Int(min(last.revision - $0, 1 << 20)) } ?? slice.events.count
            lastRevision = last.revision
            lastPublishedAtMilliseconds = last.appendedAtMilliseconds
        }
        let isBehind = partitions.contains { $0.map { $0.takesMore && $0.ingested < end } ?? false }
        isAtEnd = slice.isAtEnd && !wasNoticed && !isBehind
    }

    private mutating func ingest(_ event: StoredEvent, _ number: Int) {
        partitions[number]?.ingested = event.position
        partitions[number]?.revision = event.revision
        guard MessageRecord.isMeant(event, for: request.group) else { return }
        partitions[number]?.pending.insert(event.position)
        let message = PendingMessage(
            position: event.position, partition: number, key: event.event.key, phase: .waiting,
            publishedAtMilliseconds: event.appendedAtMilliseconds, body: event)
        admit(message)
        let isLineFull = event.event.key == nil && unkeyed.count >= limits.unkeyedWaitingMax
        if isLineFull || (partitions[number]?.pending.count ?? 0) >= limits.pendingMax {
            partitions[number]?.isFull = true
        }
    }

    private mutating func fulfil(_ positions: [Int64], _ slice: EventSlice) {
        let found = Dictionary(slice.events.map { ($0.position, $0) }, uniquingKeysWith: { first, _ in first })
        let end = slice.isAtEnd ? Int64.max : slice.events.last?.position ?? 0
        for position in positions where position <= end {
            loads.remove(position)
            // It may have been given up with its partition, or delivered, while it was read.
            guard let entry = entries[position], partitions[entry.partition]?.isLeaving == false else { continue }
            guard let event = found[position] else {
                // It was trimmed, as only happens to what nobody waited for.
                if entry.phase == .unknown { partitions[entry.partition]?.unknownCount -= 1 }
                remove(position)
                continue
            }
            attach(event, to: entry)
        }
    }

    private mutating func attach(_ event: StoredEvent, to entry: PendingMessage) {
        switch entry.phase {
        case .unknown:
            partitions[entry.partition]?.unknownCount -= 1
            isAtEnd = false
            var known = entry
            known.key = event.event.key
            known.publishedAtMilliseconds = event.appendedAtMilliseconds
            known.body = event
            admit(known)
        case .loading:
            countBody(event, 1)
            entries[entry.position]?.body = event
            activate(entry.position)
        case .waiting where entry.body == nil && bodyCount < limits.bodiesMax:
            countBody(event, 1)
            entries[entry.position]?.body = event
        case .waiting, .ready, .retrying, .inFlight, .burying: break
        }
    }
}
