// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Glibc
import NIOCore
import Testing

extension EventLogConformance {
    func roundTrips() async throws {
        let events = [
            NewEvent(
                id: "a", type: "order.placed", key: "customer-1", metadata: ByteBuffer(string: "{\"k\":1}"),
                data: ByteBuffer(bytes: Array(0...255)), expiresAtMilliseconds: 1_900_000_000_000),
            NewEvent(id: "", type: "", key: "", data: ByteBuffer()),
            NewEvent(id: "ü\0", type: "\u{1F6F6}", key: nil, data: ByteBuffer(bytes: [0, 0xFF, 0])),
        ]
        let before = milliseconds()
        let result = try await log.append([EventAppend("s", events)])[0].get()
        let after = milliseconds()
        #expect(result == AppendedEvents(firstPosition: 1, firstRevision: 0, count: 3))
        for slice in [
            try await log.read("s", after: 0, limit: EventReadLimit()),
            try await log.read("s", from: 0, limit: EventReadLimit()),
            try await log.readAll(after: 0, limit: EventReadLimit()),
            try await other.readAll(after: 0, limit: EventReadLimit()),
        ] {
            #expect(slice.isAtEnd)
            #expect(slice.events.map(\.event) == events)
            #expect(slice.events.map(\.position) == [1, 2, 3])
            #expect(slice.events.map(\.revision) == [0, 1, 2])
            #expect(slice.events.allSatisfy { $0.stream == "s" })
            #expect(slice.events.allSatisfy { before...after ~= $0.appendedAtMilliseconds })
        }
    }

    func dense() async throws {
        #expect(try await append("a", .text("1"), .text("2")).firstPosition == 1)
        #expect(
            try await append("b", .text("3"))
                == AppendedEvents(firstPosition: 3, firstRevision: 0, count: 1))
        #expect(
            try await append("a", .text("4"), .text("5"), .text("6"))
                == AppendedEvents(firstPosition: 4, firstRevision: 2, count: 3))
        let all = try await log.readAll(after: 0, limit: EventReadLimit()).events
        #expect(all.map(\.position) == [1, 2, 3, 4, 5, 6])
        #expect(all.map(\.stream) == ["a", "a", "b", "a", "a", "a"])
        #expect(all.map(\.revision) == [0, 1, 0, 2, 3, 4])
        #expect(try await log.head() == 6)
        #expect(
            try await log.extent(of: "a")
                == StreamExtent(nextRevision: 5, count: 5, bytes: 5, firstPosition: 1, lastPosition: 6))
    }

    func empty() async throws {
        #expect(try await log.head() == 0)
        #expect(try await log.extent(of: "s") == StreamExtent(nextRevision: 0, count: 0, bytes: 0))
        let nothing = EventSlice(events: [], isAtEnd: true)
        #expect(try await log.read("s", after: 0, limit: EventReadLimit()) == nothing)
        #expect(try await log.read("s", from: 0, limit: EventReadLimit()) == nothing)
        #expect(try await log.readAll(after: 0, limit: EventReadLimit()) == nothing)
        #expect(try await log.trim("s", through: .max, limit: 10) == 0)
        #expect(try await log.checkpoints(of: "c").isEmpty)
        #expect(try await log.consumers(of: "s").isEmpty)
        try await log.forget("c")
    }

    func streamsAreExact() async throws {
        let names = ["s", "S", "s ", "", "%", "'\"", "ü", "u\u{308}", "s\0"]
        for (index, name) in names.enumerated() { try await append(name, .text("\(index)")) }
        for (index, name) in names.enumerated() {
            #expect(try await texts(name) == ["\(index)"], "stream \(name.debugDescription)")
        }
    }

    func starts() async throws {
        // Streams of different lengths lie between each other, so that revisions and positions differ by no constant.
        for index in 0..<60 {
            try await append("a", .text("a\(index)"))
            for _ in 0..<(index * 7 % 5) { try await append("b", .text("b")) }
        }
        let events = try await log.read("a", after: 0, limit: EventReadLimit()).events
        for (index, event) in events.enumerated() {
            let after = try await log.read("a", after: event.position, limit: EventReadLimit()).events
            #expect(after == Array(events[(index + 1)...]))
            let before = try await log.read("a", after: event.position - 1, limit: EventReadLimit()).events
            #expect(before == Array(events[index...]))
            #expect(try await log.read("a", from: event.revision, limit: EventReadLimit()).events == before)
        }
        for start in [Int64.min, -1, 0] {
            #expect(try await log.read("a", after: start, limit: EventReadLimit()).events == events)
            #expect(try await log.read("a", from: start, limit: EventReadLimit()).events == events)
        }
        for start in [events.count, Int.max] {
            #expect(try await log.read("a", from: Int64(start), limit: EventReadLimit()).events.isEmpty)
        }
        #expect(try await log.read("a", after: .max, limit: EventReadLimit()).events.isEmpty)
        #expect(try await log.readAll(after: .max, limit: EventReadLimit()).events.isEmpty)
    }

    func limits() async throws {
        for index in 0..<10 { try await append(index % 2 == 0 ? "a" : "b", .text("12345678\(index)9")) }
        func sizes(_ count: Int, _ bytes: Int) async throws -> [(Int, Bool)] {
            let limit = EventReadLimit(count: count, bytes: bytes)
            return [
                try await log.read("a", after: 0, limit: limit), try await log.read("a", from: 0, limit: limit),
                try await log.readAll(after: 0, limit: limit),
            ].map { ($0.events.count, $0.isAtEnd) }
        }
        func expect(_ found: [(Int, Bool)], _ expected: [(Int, Bool)]) {
            #expect(found.elementsEqual(expected, by: ==), "found \(found)")
        }
        expect(try await sizes(4, 1000), [(4, false), (4, false), (4, false)])
        expect(try await sizes(5, 1000), [(5, true), (5, true), (5, false)])
        expect(try await sizes(10, 1000), [(5, true), (5, true), (10, true)])
        expect(try await sizes(.max, 49), [(4, false), (4, false), (4, false)])
        expect(try await sizes(.max, 50), [(5, true), (5, true), (5, false)])
        expect(try await sizes(.max, .max), [(5, true), (5, true), (10, true)])
        expect(try await sizes(0, 0), [(1, false), (1, false), (1, false)])
    }

    func largeEvents() async throws {
        var data = ByteBuffer(bytes: (0..<(4 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) })
        let large = NewEvent(id: "l", type: "t", metadata: data, data: data)
        // A slice of a larger buffer is stored as the bytes that it shows.
        data.moveReaderIndex(forwardBy: 1 << 20)
        let sliced = NewEvent(id: "m", type: "t", data: data)
        try await append("s", large, sliced)
        let limit = EventReadLimit(count: 10, bytes: 1000)
        let first = try await log.read("s", after: 0, limit: limit)
        #expect(first.events.map(\.event) == [large])
        #expect(!first.isAtEnd)
        let second = try await log.read("s", after: 1, limit: limit)
        #expect(second.events.map(\.event) == [sliced])
        #expect(second.isAtEnd)
        #expect(try await log.extent(of: "s").bytes == Int64(11 << 20))
    }

    func independentAppends() async throws {
        let answers = await log.append([
            EventAppend("a", [.text("1")]), EventAppend("a", expecting: .noStream, [.text("no")]),
            EventAppend("b", expecting: .noStream, [.text("2"), .text("3")]),
            EventAppend("a", expecting: .revision(0), [.text("4")]),
        ])
        #expect(answers.count == 4)
        #expect(try answers[0].get() == AppendedEvents(firstPosition: 1, firstRevision: 0, count: 1))
        #expect(throws: EventLogError.self) { try answers[1].get() }
        #expect(try answers[2].get() == AppendedEvents(firstPosition: 2, firstRevision: 0, count: 2))
        #expect(try answers[3].get() == AppendedEvents(firstPosition: 4, firstRevision: 1, count: 1))
        #expect(try await log.head() == 4)
    }

    func emptyCalls() async throws {
        #expect(await log.append([]).isEmpty)
        #expect(try await append("s") == AppendedEvents(firstPosition: 1, firstRevision: 0, count: 0))
        #expect(try await append("s", .text("1")).firstPosition == 1)
        try await log.save([], of: "c")
    }

    private func milliseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}

// MARK: - Trimming

extension EventLogConformance {
    func trims() async throws {
        for index in 0..<10 { try await append(index % 2 == 0 ? "a" : "b", .text("\(index)")) }
        #expect(try await log.trim("a", through: 0, limit: 10) == 0)
        #expect(try await log.trim("a", through: 5, limit: 0) == 0)
        #expect(try await log.trim("a", through: 5, limit: 2) == 2)
        #expect(try await texts("a") == ["4", "6", "8"])
        #expect(try await log.trim("a", through: 5, limit: 2) == 1)
        #expect(try await log.trim("a", through: 5, limit: 2) == 0)
        #expect(try await texts("a") == ["6", "8"])
        #expect(try await texts("b") == ["1", "3", "5", "7", "9"])
        #expect(
            try await log.extent(of: "a")
                == StreamExtent(nextRevision: 5, count: 2, bytes: 2, firstPosition: 7, lastPosition: 9))
        #expect(try await log.trim("a", through: .max, limit: .max) == 2)
        #expect(try await log.extent(of: "a") == StreamExtent(nextRevision: 5, count: 0, bytes: 0))
        let all = try await log.readAll(after: 0, limit: EventReadLimit())
        #expect(all.events.map(\.position) == [2, 4, 6, 8, 10])
    }

    func trimsGiveNothingBack() async throws {
        try await append("s", .text("1"), .text("2"))
        #expect(try await log.trim("s", through: 2, limit: 10) == 2)
        #expect(try await log.head() == 2)
        _ = await expectError(.expectationFailed, EventAppend("s", expecting: .noStream, [.text("no")]))
        #expect(
            try await append("s", expecting: .revision(1), .text("3"))
                == AppendedEvents(firstPosition: 3, firstRevision: 2, count: 1))
        try await append("s", expecting: .exists, .text("4"))
        #expect(try await texts("s") == ["3", "4"])
    }

    func readsTrimmed() async throws {
        for index in 0..<20 { try await append(index % 3 == 0 ? "a" : "b", .text("\(index)")) }
        _ = try await log.trim("a", through: 8, limit: 10)
        // The events of a are 0, 3, 6, 9, 12, 15 and 18, at the position behind their number.
        for revision in Int64(0)...3 { #expect(try await texts("a", from: revision) == ["9", "12", "15", "18"]) }
        #expect(try await texts("a", from: 5) == ["15", "18"])
        #expect(try await log.read("a", after: 0, limit: EventReadLimit(count: 1)).events[0].position == 10)
    }
}
