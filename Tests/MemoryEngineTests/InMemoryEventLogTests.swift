// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Conformance
import MemoryEngine
import NIOCore
import Synchronization
import Testing

@Suite struct InMemoryEventLogTests {
    private let log = InMemoryEventLog()

    private func event(_ id: String, _ data: String = "x") -> NewEvent {
        NewEvent(id: id, type: "t", data: ByteBuffer(string: data))
    }

    @discardableResult
    private func append(
        _ stream: String, _ ids: [String], expecting expectation: EventAppend.Expectation = .any, _ data: String = "x"
    ) async throws(EventLogError) -> AppendedEvents {
        try await log.append([EventAppend(stream, expecting: expectation, ids.map { event($0, data) })])[0].get()
    }

    private func ids(_ slice: EventSlice) -> [String] { slice.events.map(\.event.id) }

    @Test func `positions are dense in the log, revisions in the stream`() async throws {
        #expect(try await append("a", ["1", "2"]) == AppendedEvents(firstPosition: 1, firstRevision: 0, count: 2))
        #expect(try await append("b", ["3"]) == AppendedEvents(firstPosition: 3, firstRevision: 0, count: 1))
        #expect(try await append("a", ["4"]) == AppendedEvents(firstPosition: 4, firstRevision: 2, count: 1))
        #expect(try await log.head() == 4)
        let all = try await log.readAll(after: 1, limit: EventReadLimit())
        #expect(all.events.map(\.position) == [2, 3, 4] && all.isAtEnd)
        #expect(ids(try await log.read("a", after: 1, limit: EventReadLimit())) == ["2", "4"])
        #expect(ids(try await log.read("a", from: 2, limit: EventReadLimit())) == ["4"])
        #expect(try await log.read("none", after: 0, limit: EventReadLimit()) == EventSlice(events: [], isAtEnd: true))
    }

    @Test func `an append is held against what it expects, and leaves nothing if that fails`() async throws {
        try await append("a", ["1"], expecting: .noStream)
        try await append("a", ["2"], expecting: .revision(0))
        try await append("a", ["3"], expecting: .exists)
        for expectation in [EventAppend.Expectation.noStream, .revision(0), .revision(7)] {
            let error = await #expect(throws: EventLogError.self) {
                try await self.append("a", ["x"], expecting: expectation)
            }
            #expect(error?.code == .expectationFailed && error?.lastRevision == 2)
        }
        let error = await #expect(throws: EventLogError.self) { try await self.append("b", ["x"], expecting: .exists) }
        #expect(error?.lastRevision == -1)
        #expect(try await log.head() == 3)
    }

    @Test func `an append that is repeated has its first answer, and other content is a conflict`() async throws {
        let first = try await append("a", ["1", "2"], expecting: .noStream)
        #expect(try await append("a", ["1", "2"], expecting: .noStream) == first)
        let error = await #expect(throws: EventLogError.self) {
            try await self.append("a", ["1", "2"], expecting: .noStream, "other")
        }
        #expect(error?.code == .idConflict)
        #expect(try await log.head() == 2)
    }

    @Test func `a read brings no more than its limits, and one event in any case`() async throws {
        try await append("a", ["1", "2", "3"], "12345")
        let two = try await log.read("a", after: 0, limit: EventReadLimit(count: 2))
        #expect(ids(two) == ["1", "2"] && !two.isAtEnd)
        #expect(ids(try await log.read("a", after: 0, limit: EventReadLimit(bytes: 12))) == ["1", "2"])
        #expect(ids(try await log.read("a", after: 1, limit: EventReadLimit(bytes: 1))) == ["2"])
        #expect(try await log.read("a", after: 0, limit: EventReadLimit(count: 3)).isAtEnd)
    }

    @Test func `a trim takes the oldest and gives no position or revision back`() async throws {
        try await append("a", ["1", "2"])
        try await append("b", ["3"])
        try await append("a", ["4"])
        #expect(try await log.trim("a", through: 9, limit: 2) == 2)
        #expect(
            try await log.extent(of: "a")
                == StreamExtent(nextRevision: 3, count: 1, bytes: 1, firstPosition: 4, lastPosition: 4))
        #expect(try await log.trim("a", through: 9, limit: 2) == 1)
        #expect(try await log.extent(of: "a") == StreamExtent(nextRevision: 3, count: 0, bytes: 0))
        #expect(try await append("a", ["5"]) == AppendedEvents(firstPosition: 5, firstRevision: 3, count: 1))
        #expect(ids(try await log.readAll(after: 0, limit: EventReadLimit())) == ["3", "5"])
        #expect(ids(try await log.read("a", from: 0, limit: EventReadLimit())) == ["5"])
    }

    @Test func `checkpoints are kept by consumer, stream and partition until the consumer is forgotten`() async throws {
        let owed = Checkpoint(stream: "a", partition: 3, position: 5, owed: [OwedEvent(position: 2, attempts: 1)])
        try await log.save([owed, Checkpoint(stream: "b", partition: 3, position: 1)], of: "one")
        try await log.save([Checkpoint(stream: "b", partition: 3, position: 2)], of: "one")
        #expect(try await log.checkpoints(of: "one") == [owed, Checkpoint(stream: "b", partition: 3, position: 2)])
        #expect(try await log.consumers(of: "a") == ["one"])
        try await log.forget("one")
        #expect(try await log.consumers(of: "a").isEmpty)
        #expect(try await log.checkpoints(of: "one").isEmpty)
    }

    @Test func `a watch is told of its streams until it is cancelled`() async throws {
        let noticed = Mutex(Set<String>())
        let watch = try await log.watch { streams in noticed.withLock { $0.formUnion(streams) } }
        try await append("a", ["1"])
        #expect(noticed.withLock { $0 } == [])
        await watch.setStreams(["a", "b"])
        try await append("a", ["2"])
        try await append("c", ["3"])
        #expect(noticed.withLock { $0 } == ["a"])
        await watch.cancel()
        try await append("b", ["4"])
        #expect(noticed.withLock { $0 } == ["a"])
    }

    @Test func `one member of a group owns a partition, until it releases it or leaves`() async throws {
        let one = try await log.join(group: "g")
        let two = try await log.join(group: "g")
        let stranger = try await log.join(group: "h")
        #expect(try one.memberCount() == 2 && stranger.memberCount() == 1)
        #expect(try one.tryAcquire(5) && one.tryAcquire(6) && one.tryAcquire(5))
        #expect(try !two.tryAcquire(5) && stranger.tryAcquire(5))
        two.release(5)
        #expect(try !two.tryAcquire(5))
        one.release(5)
        #expect(try two.tryAcquire(5))
        one.leave()
        #expect(try two.tryAcquire(6))
        #expect(throws: EventLogError.self) { try one.tryAcquire(7) }
        #expect(try two.memberCount() == 1)
    }
}

@Suite struct InMemoryEventLogConformanceTests {
    @Test("the log in memory keeps the contract", arguments: EventLogConformance.checks)
    func conforms(to check: EventLogConformance.Check) async throws {
        try await check.body(EventLogConformance(InMemoryEventLog()))
    }
}
