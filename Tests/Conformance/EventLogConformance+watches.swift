// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import NIOCore
import Synchronization
import Testing

/// What a watch was told, in one set.
private final class Told: Sendable {
    private let streams = Mutex<Set<String>>([])

    var all: Set<String> { streams.withLock { $0 } }
    func add(_ told: Set<String>) { streams.withLock { $0.formUnion(told) } }
    func clear() { streams.withLock { $0 = [] } }

    /// Waits until a stream was told, at most so long.
    func wait(for stream: String, _ limit: Duration = .seconds(10)) async throws -> Bool {
        let end = ContinuousClock.now + limit
        while ContinuousClock.now < end {
            if all.contains(stream) { return true }
            try await Task.sleep(for: .milliseconds(2))
        }
        return all.contains(stream)
    }
}

extension EventLogConformance {
    func tells() async throws {
        let told = Told()
        let watch = try await log.watch { told.add($0) }
        await watch.setStreams(["a", "b"])
        for writer in [log, other] {
            told.clear()
            try await append("a", .text("1"), to: writer)
            #expect(try await told.wait(for: "a"))
            try await append("elsewhere", .text("1"), to: writer)
            try await append("b", .text("1"), to: writer)
            #expect(try await told.wait(for: "b"))
            #expect(!told.all.contains("elsewhere"))
        }
        await watch.setStreams(["c"])
        try await Task.sleep(for: .milliseconds(50))
        told.clear()
        try await append("a", .text("2"), to: other)
        try await append("c", .text("2"), to: other)
        #expect(try await told.wait(for: "c"))
        #expect(!told.all.contains("a"))
        await watch.cancel()
    }

    func cancels() async throws {
        let told = Told()
        let kept = Told()
        let watch = try await log.watch { told.add($0) }
        let second = try await log.watch { kept.add($0) }
        await watch.setStreams(["a"])
        await second.setStreams(["a"])
        await watch.cancel()
        told.clear()
        kept.clear()
        try await append("a", .text("1"), to: other)
        #expect(try await kept.wait(for: "a"))
        #expect(told.all.isEmpty)
        await second.cancel()
        await second.cancel()
        try await append("a", .text("1"))
    }
}

// MARK: - Groups

extension EventLogConformance {
    func owns() async throws {
        let first = try await log.join(group: "g")
        let second = try await other.join(group: "g")
        let stranger = try await log.join(group: "h")
        #expect(try first.tryAcquire(0))
        #expect(try first.tryAcquire(0))
        #expect(try !second.tryAcquire(0))
        #expect(try second.tryAcquire(EventPartition.count - 1))
        #expect(try !first.tryAcquire(EventPartition.count - 1))
        #expect(try stranger.tryAcquire(0))
        second.release(0)
        #expect(try !second.tryAcquire(0))
        first.release(0)
        #expect(try second.tryAcquire(0))
        second.leave()
        #expect(try first.tryAcquire(0))
        #expect(try first.tryAcquire(EventPartition.count - 1))
        let error = #expect(throws: EventLogError.self) { try second.tryAcquire(1) }
        #expect(error?.code == .unavailable)
        first.leave()
        stranger.leave()
    }

    func counts() async throws {
        var members: [any GroupMember] = []
        for index in 0..<7 { members.append(try await (index % 2 == 0 ? log : other).join(group: "g")) }
        for member in members { #expect(try member.memberCount() == 7) }
        _ = try members[0].tryAcquire(3)
        for index in [3, 0, 6] { members[index].leave() }
        #expect(try members[1].memberCount() == 4)
        let late = try await log.join(group: "g")
        #expect(try members[1].memberCount() == 5)
        #expect(throws: EventLogError.self) { try members[0].memberCount() }
        members[1].leave()
        members[1].leave()
        #expect(try late.memberCount() == 4)
        for member in members { member.leave() }
        late.leave()
    }
}
