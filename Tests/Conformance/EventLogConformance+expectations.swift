// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import NIOCore
import Testing

extension EventLogConformance {
    func expectations() async throws {
        for expectation in [EventAppend.Expectation.exists, .revision(0), .revision(.max)] {
            let error = await expectError(.expectationFailed, EventAppend("s", expecting: expectation, [.text("no")]))
            #expect(error?.lastRevision == -1)
        }
        #expect(try await log.head() == 0)
        try await append("s", expecting: .noStream, .text("1"))
        try await append("s", expecting: .exists, .text("2"))
        try await append("s", expecting: .revision(1), .text("3"))
        for expectation in [EventAppend.Expectation.noStream, .revision(0), .revision(1), .revision(3), .revision(-7)] {
            let append = EventAppend("s", expecting: expectation, [.text("no"), .text("no again")])
            let error = await expectError(.expectationFailed, append)
            #expect(error?.lastRevision == 2)
            #expect(error?.isRetryable == false)
        }
        #expect(try await texts("s") == ["1", "2", "3"])
        #expect(try await append("s", .text("4")).firstPosition == 4)
    }

    func repeats() async throws {
        let first = try await append("s", expecting: .noStream, .text("1"), .text("2"))
        let second = try await append("s", expecting: .revision(1), .text("3"))
        try await append("s", .text("4"))
        #expect(try await append("s", expecting: .noStream, .text("1"), .text("2")) == first)
        #expect(try await append("s", expecting: .revision(1), .text("3")) == second)
        let answers = await log.append([
            EventAppend("t", expecting: .noStream, [.text("1")]), EventAppend("t", expecting: .noStream, [.text("1")]),
        ])
        #expect(try answers[0].get() == answers[1].get())
        #expect(try await texts("s") == ["1", "2", "3", "4"])
        #expect(try await texts("t") == ["1"])
    }

    func conflicts() async throws {
        try await append("s", expecting: .noStream, .text("1"), .text("2"))
        for append in [
            // Other content at the same place.
            EventAppend("s", expecting: .noStream, [.text("other", id: "1"), .text("2")]),
            EventAppend("s", expecting: .noStream, [.text("1"), .text("other", id: "2")]),
            // The ids of a part, and of more than was appended.
            EventAppend("s", expecting: .noStream, [.text("1"), .text("new")]),
            EventAppend("s", expecting: .noStream, [.text("new"), .text("2")]),
            // The same event elsewhere.
            EventAppend("s", expecting: .revision(1), [.text("1")]),
            EventAppend("s", expecting: .revision(1), [.text("new"), .text("2")]),
            // One id twice.
            EventAppend("s", expecting: .revision(1), [.text("3"), .text("3")]),
        ] { _ = await expectError(.idConflict, append) }
        #expect(try await texts("s") == ["1", "2"])
        // Another stream has ids of its own.
        try await append("t", expecting: .noStream, .text("1"))
    }

    func idsWithoutMeaning() async throws {
        try await append("s", .text("1"), .text("1"))
        try await append("s", .text("1"))
        try await append("s", expecting: .exists, .text("1"))
        try await append("s", expecting: .revision(3), .text("1"))
        #expect(try await texts("s").count == 5)
    }

    func oneWins() async throws {
        let winners = await withTaskGroup(of: Bool.self) { group in
            for task in 0..<32 {
                let log = task % 2 == 0 ? log : other
                group.addTask {
                    let append = EventAppend("s", expecting: .noStream, [.text("\(task)")])
                    return (try? await log.append([append])[0].get()) != nil
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(winners == 1)
        #expect(try await texts("s").count == 1)
    }
}

// MARK: - Consumers

extension EventLogConformance {
    func checkpoints() async throws {
        let owed = [OwedEvent(position: 3, attempts: 2), OwedEvent(position: 1 << 40, attempts: 0)]
        let first = Checkpoint(stream: "a", partition: 0, position: 7, owed: owed)
        let second = Checkpoint(stream: "a", partition: 63, position: 9)
        let third = Checkpoint(stream: "b", partition: 0, position: 1)
        try await log.save([first, second, third], of: "c")
        try await log.save([Checkpoint(stream: "a", partition: 0, position: 1)], of: "d")
        #expect(try await other.checkpoints(of: "c") == [first, second, third])
        try await other.save([Checkpoint(stream: "a", partition: 0, position: 8)], of: "c")
        #expect(
            try await log.checkpoints(of: "c")
                == [Checkpoint(stream: "a", partition: 0, position: 8), second, third])
        #expect(try await log.consumers(of: "a") == ["c", "d"])
        #expect(try await log.consumers(of: "b") == ["c"])
        // Nothing was appended by that.
        #expect(try await log.extent(of: "a").nextRevision == 0)
        #expect(try await append("a", expecting: .noStream, .text("1")).firstPosition == 1)
    }

    func forgets() async throws {
        try await log.save([Checkpoint(stream: "a", partition: 0, position: 1)], of: "c")
        try await log.save([Checkpoint(stream: "a", partition: 0, position: 1)], of: "d")
        try await log.forget("c")
        #expect(try await log.checkpoints(of: "c").isEmpty)
        #expect(try await log.consumers(of: "a") == ["d"])
    }
}
