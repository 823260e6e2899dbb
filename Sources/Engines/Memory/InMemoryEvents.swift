// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import NIOCore

/// The events of an in-memory log, by position and by stream.
struct InMemoryEvents {
    /// The event at index 0 has the position `base + 1`; a trimmed one is nil until all before it are trimmed too.
    private var events: CircularBuffer<StoredEvent?> = []
    private var base: Int64 = 0
    private var streams: [ExactKey: Stream] = [:]

    private struct Stream {
        var nextRevision: Int64 = 0
        /// The positions of the events that haven't been trimmed, in order.
        var positions: CircularBuffer<Int64> = []
        var bytes: Int64 = 0
        /// Where events are that were appended with an expectation of their place, by their ids.
        var placed: [ExactKey: Int64] = [:]

        var firstRevision: Int64 { nextRevision - Int64(positions.count) }

        /// How many of the events are at or before a position.
        func count(through position: Int64) -> Int {
            var low = 0
            var high = positions.count
            while low < high {
                let middle = (low + high) / 2
                if positions[offset: middle] <= position { low = middle + 1 } else { high = middle }
            }
            return low
        }
    }

    var head: Int64 { base + Int64(events.count) }

    // MARK: - Writing

    mutating func append(_ append: EventAppend, _ now: Int64) throws(EventLogError) -> AppendedEvents {
        let key = ExactKey(append.stream)
        if let place = append.expectation.place, let earlier = append.replay(from: place, { find($0, key) }) {
            return try earlier.get()
        }
        if let refusal = append.expectation.refusal(nextRevision: streams[key]?.nextRevision ?? 0, append.stream) {
            throw refusal
        }
        // Taken out of the dictionary, because a copy of its positions would cost as much as they are.
        var stream = streams.removeValue(forKey: key) ?? Stream()
        let answer = AppendedEvents(
            firstPosition: head + 1, firstRevision: stream.nextRevision, count: append.events.count)
        for event in append.events {
            let position = head + 1
            events.append(
                StoredEvent(
                    position: position, stream: append.stream, revision: stream.nextRevision,
                    appendedAtMilliseconds: now, event: event.owningItsBytes))
            if append.expectation.place != nil { stream.placed[ExactKey(event.id)] = position }
            stream.positions.append(position)
            stream.bytes += event.bytes
            stream.nextRevision += 1
        }
        if stream.nextRevision > 0 { streams[key] = stream }
        return answer
    }

    private func find(_ id: String, _ stream: ExactKey) -> IdentifiedEvent? {
        guard let position = streams[stream]?.placed[ExactKey(id)],
            let stored = events[offset: Int(position - base - 1)]
        else { return nil }
        return IdentifiedEvent(position: position, revision: stored.revision, event: stored.event)
    }

    mutating func trim(_ name: String, through position: Int64, limit: Int) -> Int {
        guard var stream = streams.removeValue(forKey: ExactKey(name)) else { return 0 }
        let count = max(min(stream.count(through: position), limit), 0)
        for _ in 0..<count {
            let index = Int(stream.positions.removeFirst() - base - 1)
            stream.bytes -= events[offset: index]?.event.bytes ?? 0
            if let id = events[offset: index]?.event.id { stream.placed[ExactKey(id)] = nil }
            events[offset: index] = nil
        }
        streams[ExactKey(name)] = stream
        while let first = events.first, first == nil {
            events.removeFirst()
            base += 1
        }
        return count
    }

    // MARK: - Reading

    func extent(of name: String) -> StreamExtent {
        let stream = streams[ExactKey(name)] ?? Stream()
        return StreamExtent(
            nextRevision: stream.nextRevision, count: Int64(stream.positions.count), bytes: stream.bytes,
            firstPosition: stream.positions.first, lastPosition: stream.positions.last)
    }

    func read(_ name: String, after position: Int64, _ limit: EventReadLimit) -> EventSlice {
        guard let stream = streams[ExactKey(name)] else { return EventSlice(events: [], isAtEnd: true) }
        return slice(stream, from: stream.count(through: position), limit)
    }

    func read(_ name: String, from revision: Int64, _ limit: EventReadLimit) -> EventSlice {
        guard let stream = streams[ExactKey(name)] else { return EventSlice(events: [], isAtEnd: true) }
        let first = min(max(revision, stream.firstRevision) - stream.firstRevision, Int64(stream.positions.count))
        return slice(stream, from: Int(first), limit)
    }

    func readAll(after position: Int64, _ limit: EventReadLimit) -> EventSlice {
        var collected = SliceBuilder(limit)
        var next = max(min(position, head), base) + 1
        while next <= head {
            if let event = events[offset: Int(next - base - 1)], !collected.take(event) { break }
            next += 1
        }
        return EventSlice(events: collected.events, isAtEnd: next > head)
    }

    private func slice(_ stream: Stream, from first: Int, _ limit: EventReadLimit) -> EventSlice {
        var collected = SliceBuilder(limit)
        var next = first
        while next < stream.positions.count {
            let event = events[offset: Int(stream.positions[offset: next] - base - 1)]
            if let event, !collected.take(event) { break }
            next += 1
        }
        return EventSlice(events: collected.events, isAtEnd: next >= stream.positions.count)
    }
}

/// Takes events until a limit is reached, and one in any case.
private struct SliceBuilder {
    var events: [StoredEvent] = []
    private let limit: EventReadLimit
    private var bytes: Int64 = 0

    init(_ limit: EventReadLimit) { self.limit = limit }

    mutating func take(_ event: StoredEvent) -> Bool {
        let size = event.event.bytes
        guard events.isEmpty || (events.count < limit.count && bytes + size <= Int64(limit.bytes)) else { return false }
        bytes += size
        events.append(event)
        return true
    }
}

extension NewEvent {
    fileprivate var bytes: Int64 { Int64(data.readableBytes + metadata.readableBytes) }

    /// The caller's buffers may be slices of much larger ones.
    fileprivate var owningItsBytes: NewEvent {
        var event = self
        event.data = ByteBuffer(bytes: data.readableBytesView)
        event.metadata = ByteBuffer(bytes: metadata.readableBytesView)
        return event
    }
}

extension CircularBuffer {
    /// The element at a distance from the first.
    fileprivate subscript(offset offset: Int) -> Element {
        get { self[index(startIndex, offsetBy: offset)] }
        set { self[index(startIndex, offsetBy: offset)] = newValue }
    }
}
