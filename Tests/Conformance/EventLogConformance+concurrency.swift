// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import NIOCore
import Synchronization
import Testing

/// Whether the writers of a check have finished.
private final class Writing: Sendable {
    private let over = Atomic(false)

    var isOver: Bool { over.load(ordering: .acquiring) }
    func end() { over.store(true, ordering: .releasing) }
}

extension EventLogConformance {
    private struct Operation: Sendable {
        var stream: String
        var texts: [String]
        var result: AppendedEvents
        var begin: ContinuousClock.Instant
        var end: ContinuousClock.Instant
    }

    /// Goal: what the log answered and what it holds is one order that every client could have seen. Method: several
    /// writers to a few streams, some with expected revisions; afterwards each answer is held against the log.
    func history() async throws {
        let operations = try await withThrowingTaskGroup(of: [Operation].self) { group in
            for writer in 0..<8 { group.addTask { try await write(writer, count: 40) } }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        let all = try await everything(other)
        #expect(all.map(\.position) == Array(1...Int64(all.count)))
        #expect(all.count == operations.reduce(0) { $0 + $1.texts.count })
        var next: [String: Int64] = [:]
        for event in all {
            #expect(event.revision == next[event.stream, default: 0])
            next[event.stream] = event.revision + 1
        }
        for operation in operations {
            for (index, text) in operation.texts.enumerated() {
                let event = all[Int(operation.result.firstPosition) - 1 + index]
                #expect(event.stream == operation.stream)
                #expect(event.revision == operation.result.firstRevision + Int64(index))
                #expect(String(buffer: event.event.data) == text)
            }
        }
        expectRealTime(operations)
    }

    /// What ended before something else began has the smaller positions.
    private func expectRealTime(_ operations: [Operation]) {
        let byBegin = operations.sorted { $0.begin < $1.begin }
        var ended = operations.sorted { $0.end < $1.end }[...]
        var highest: Int64 = 0
        for operation in byBegin {
            while let first = ended.first, first.end < operation.begin {
                highest = max(highest, first.result.firstPosition)
                ended.removeFirst()
            }
            #expect(operation.result.firstPosition > highest)
        }
    }

    private func write(_ writer: Int, count: Int) async throws -> [Operation] {
        var operations: [Operation] = []
        for index in 0..<count {
            let log = writer % 2 == 0 ? log : other
            let stream = "stream-\((writer + index) % 3)"
            let texts = (0...(index % 3)).map { "\(writer)-\(index)-\($0)" }
            // A refused append must leave nothing, so it is tried again with the same events.
            while true {
                var expectation = EventAppend.Expectation.any
                if writer % 4 >= 2 {
                    expectation = .revision(try await log.extent(of: stream).nextRevision - 1)
                }
                let begin = ContinuousClock.now
                let append = EventAppend(stream, expecting: expectation, texts.map { .text($0) })
                let result = await log.append([append])[0]
                if case .failure(let error) = result, error.code == .expectationFailed { continue }
                let appended = try result.get()
                if case .revision(let revision) = expectation { #expect(appended.firstRevision == revision + 1) }
                operations.append(
                    Operation(stream: stream, texts: texts, result: appended, begin: begin, end: .now))
                break
            }
        }
        return operations
    }

    private func everything(_ log: any EventLog) async throws -> [StoredEvent] {
        var events: [StoredEvent] = []
        while true {
            let slice = try await log.readAll(after: events.last?.position ?? 0, limit: EventReadLimit(count: 100))
            events += slice.events
            if slice.isAtEnd { return events }
        }
    }

    /// Goal: no position appears below one that was seen. Method: one reader of all streams and one of a stream read on
    /// from their last position while others write.
    func follows() async throws {
        let writing = Writing()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await followAll(writing) }
            group.addTask { try await follow("stream-1", writing) }
            group.addTask {
                try await withThrowingTaskGroup(of: Void.self) { writers in
                    for writer in 0..<6 { writers.addTask { _ = try await write(writer, count: 40) } }
                    try await writers.waitForAll()
                }
                writing.end()
            }
            try await group.waitForAll()
        }
    }

    private func followAll(_ writing: Writing) async throws {
        var position: Int64 = 0
        while true {
            // A log in memory never suspends whoever reads it, and the writers need a thread too.
            await Task.yield()
            let wasOver = writing.isOver
            let slice = try await other.readAll(after: position, limit: EventReadLimit(count: 7))
            for event in slice.events {
                #expect(event.position == position + 1)
                position = event.position
            }
            if wasOver && slice.isAtEnd { break }
        }
        #expect(try await other.head() == position)
    }

    private func follow(_ stream: String, _ writing: Writing) async throws {
        var revision: Int64 = -1
        var position: Int64 = 0
        while true {
            // A log in memory never suspends whoever reads it, and the writers need a thread too.
            await Task.yield()
            let wasOver = writing.isOver
            let slice = try await log.read(stream, after: position, limit: EventReadLimit(count: 7))
            for event in slice.events {
                #expect(event.revision == revision + 1)
                #expect(event.position > position)
                (revision, position) = (event.revision, event.position)
            }
            if wasOver && slice.isAtEnd { break }
        }
        #expect(try await log.extent(of: stream).nextRevision == revision + 1)
    }

    func readsItsAppends() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask {
                    for round in 0..<30 {
                        let result = try await append("own-\(task)", .text("\(round)"))
                        let reader = round % 2 == 0 ? log : other
                        let slice = try await reader.read(
                            "own-\(task)", after: result.firstPosition - 1, limit: EventReadLimit())
                        #expect(slice.events.map { String(buffer: $0.event.data) } == ["\(round)"])
                        #expect(try await reader.head() >= result.firstPosition)
                    }
                }
            }
            try await group.waitForAll()
        }
    }
}
