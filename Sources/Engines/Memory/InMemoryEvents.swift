// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import NIOCore

/// The events of an in-memory log, by position and by stream.
struct InMemoryEvents {
    /// The event at index 0 has the position `base + 1`; a trimmed one is nil until all before it are trimmed too.
    private var events: CircularBuffer<StoredEvent?> = []
    private var base: Int64 = 0
    private var streams: [String: Stream] = [:]

    private struct Stream {
        var nextRevision: Int64 = 0
        /// The positions of the events that haven't been trimmed, in order.
        var positions: CircularBuffer<Int64> = []
        var bytes: Int64 = 0

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
        if let earlier = try check(append) { return earlier }
        guard !append.events.isEmpty else {
            let revision = streams[append.stream]?.nextRevision ?? 0
            return AppendedEvents(firstPosition: head + 1, firstRevision: revision, count: 0)
        }
        // Taken out of the dictionary, because a copy of its positions would cost as much as they are.
        var stream = streams.removeValue(forKey: append.stream) ?? Stream()
        let answer = AppendedEvents(
            firstPosition: head + 1, firstRevision: stream.nextRevision, count: append.events.count)
        for event in append.events {
            let position = head + 1
            events.append(
                StoredEvent(
                    position: position, stream: append.stream, revision: stream.nextRevision,
                    appendedAtMilliseconds: now, event: event.owningItsBytes))
            stream.positions.append(position)
            stream.bytes += event.bytes
            stream.nextRevision += 1
        }
        streams[append.stream] = stream
        return answer
    }

    /// Holds the stream against what is expected of it. An append that was made before is answered as it was then.
    private func check(_ append: EventAppend) throws(EventLogError) -> AppendedEvents? {
        let next = streams[append.stream]?.nextRevision ?? 0
        switch append.expectation {
        case .any: return nil
        case .exists where next > 0: return nil
        case .noStream where next == 0: return nil
        case .revision(let revision) where revision == next - 1: return nil
        case .exists: break
        case .noStream:
            if let earlier = try repetition(append, at: 0) { return earlier }
        case .revision(let revision):
            if let earlier = try repetition(append, at: revision + 1) { return earlier }
        }
        throw EventLogError(.expectationFailed, "the stream isn't where the append expects it", lastRevision: next - 1)
    }

    private func repetition(_ append: EventAppend, at revision: Int64) throws(EventLogError) -> AppendedEvents? {
        guard revision >= 0, !append.events.isEmpty else { return nil }
        let limit = EventReadLimit(count: append.events.count, bytes: .max)
        let there = read(append.stream, from: revision, limit).events
        guard there.count == append.events.count, there[0].revision == revision,
            zip(there, append.events).allSatisfy({ $0.event.id == $1.id })
        else { return nil }
        guard zip(there, append.events).allSatisfy({ $0.event == $1 }) else {
            throw EventLogError(.idConflict, "an event with this id and other content is in the stream")
        }
        return AppendedEvents(firstPosition: there[0].position, firstRevision: revision, count: there.count)
    }

    mutating func trim(_ name: String, through position: Int64, limit: Int) -> Int {
        guard var stream = streams.removeValue(forKey: name) else { return 0 }
        let count = min(stream.count(through: position), limit)
        for _ in 0..<count {
            let index = Int(stream.positions.removeFirst() - base - 1)
            stream.bytes -= events[offset: index]?.event.bytes ?? 0
            events[offset: index] = nil
        }
        streams[name] = stream
        while let first = events.first, first == nil {
            events.removeFirst()
            base += 1
        }
        return count
    }

    // MARK: - Reading

    func extent(of name: String) -> StreamExtent {
        let stream = streams[name] ?? Stream()
        return StreamExtent(
            nextRevision: stream.nextRevision, count: Int64(stream.positions.count), bytes: stream.bytes,
            firstPosition: stream.positions.first, lastPosition: stream.positions.last)
    }

    func read(_ name: String, after position: Int64, _ limit: EventReadLimit) -> EventSlice {
        guard let stream = streams[name] else { return EventSlice(events: [], isAtEnd: true) }
        return slice(stream, from: stream.count(through: position), limit)
    }

    func read(_ name: String, from revision: Int64, _ limit: EventReadLimit) -> EventSlice {
        guard let stream = streams[name] else { return EventSlice(events: [], isAtEnd: true) }
        let first = min(max(revision - stream.firstRevision, 0), Int64(stream.positions.count))
        return slice(stream, from: Int(first), limit)
    }

    func readAll(after position: Int64, _ limit: EventReadLimit) -> EventSlice {
        var collected = SliceBuilder(limit)
        var next = max(position, base) + 1
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
