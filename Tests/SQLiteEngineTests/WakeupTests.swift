// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Core
import FoundationEssentials
import Glibc
import Logging
import NIOCore
import Synchronization
import Testing

@testable import SQLiteEngine

/// How appends reach the watches of other processes, and what happens when they can't.
@Suite struct WakeupTests {
    /// What a watch was told, call by call.
    final class Told: Sendable {
        private let told = Mutex<[Set<String>]>([])

        var calls: [Set<String>] { told.withLock { $0 } }
        var streams: Set<String> { calls.reduce(into: []) { $0.formUnion($1) } }
        func add(_ streams: Set<String>) { told.withLock { $0.append(streams) } }
        func clear() { told.withLock { $0 = [] } }

        func wait(for stream: String) async throws -> Duration {
            let start = ContinuousClock.now
            while !streams.contains(stream) {
                try #require(ContinuousClock.now - start < .seconds(20))
                try await Task.sleep(for: .milliseconds(1))
            }
            return ContinuousClock.now - start
        }
    }

    private func files(_ folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder + "/sidecars").sorted()
    }

    @Test func `files and socket are there while somebody watches, and no longer`() async throws {
        try await withDatabase { database, folder in
            let log = database.log(namespace: "default")
            #expect(try files(folder).isEmpty)
            let first = try await log.watch { _ in }
            let second = try await database.log(namespace: "other").watch { _ in }
            await first.setStreams(["s"])
            #expect(try files(folder).map { $0.split(separator: ".").last } == ["lock", "sock", "streams"])
            await first.cancel()
            #expect(try files(folder).count == 3)
            await second.cancel()
            #expect(try files(folder).isEmpty)
            let third = try await log.watch { _ in }
            #expect(try files(folder).count == 2)
            await third.cancel()
        }
    }

    @Test func `closing the database ends its watches`() async throws {
        try await withFolder { folder in
            let database = try await EmbeddedDatabase.open(path: folder, logger: quiet)
            _ = try await database.log(namespace: "default").watch { _ in }
            await database.close()
            #expect(try files(folder).isEmpty)
        }
    }

    @Test func `a database that nobody holds any more leaves no socket`() async throws {
        try await withFolder { folder in
            do {
                let database = try await EmbeddedDatabase.open(path: folder, logger: quiet)
                _ = try await database.log(namespace: "default").watch { _ in }
            }
            let end = ContinuousClock.now + .seconds(10)
            while try !files(folder).isEmpty, .now < end { try await Task.sleep(for: .milliseconds(5)) }
            #expect(try files(folder).isEmpty)
        }
    }

    @Test func `a data folder with a long path works too`() async throws {
        try await withFolder { folder in
            let long = folder + "/" + String(repeating: "long", count: 40)
            let database = try await EmbeddedDatabase.open(path: long, logger: quiet)
            let neighbour = try await EmbeddedDatabase.open(path: long, logger: quiet)
            let told = Told()
            let watch = try await database.log(namespace: "default").watch { told.add($0) }
            await watch.setStreams(["s"])
            told.clear()
            try await append(neighbour.log(namespace: "default"), "s", "1")
            #expect(try await told.wait(for: "s") < .milliseconds(900))
            await neighbour.close()
            await database.close()
        }
    }

    @Test func `what the dead left is removed by the next who commits`() async throws {
        try await withFolder { folder in
            setenv("OUTRIGGER_TEST_FOLDER", folder, 1)
            await #expect(processExitsWith: .signal(SIGKILL)) {
                let folder = String(cString: getenv("OUTRIGGER_TEST_FOLDER"))
                let database = try await EmbeddedDatabase.open(path: folder, logger: quiet)
                let watch = try await database.log(namespace: "default").watch { _ in }
                await watch.setStreams(["s"])
                kill(getpid(), SIGKILL)
                try await Task.sleep(for: .seconds(60))
            }
            #expect(try files(folder).count == 3)
            let database = try await EmbeddedDatabase.open(path: folder, logger: quiet)
            try await append(database.log(namespace: "default"), "s", "1")
            // A task's append returns before its neighbours are told.
            try await append(database.log(namespace: "default"), "s", "2")
            #expect(try files(folder).isEmpty)
            await database.close()
        }
    }

    @Test func `a lost wake-up is made up for within about a second`() async throws {
        try await withDatabase { database, folder in
            let neighbour = try await EmbeddedDatabase.open(path: folder, logger: quiet)
            let told = Told()
            let watch = try await database.log(namespace: "default").watch { told.add($0) }
            await watch.setStreams(["s", "quiet"])
            // Without this file the neighbour finds nobody who is interested.
            let interest = try #require(try files(folder).first { $0.hasSuffix(".streams") })
            unlink("\(folder)/sidecars/\(interest)")
            told.clear()
            try await append(neighbour.log(namespace: "default"), "s", "1")
            try await append(neighbour.log(namespace: "default"), "unwatched", "1")
            #expect(try await told.wait(for: "s") < .seconds(5))
            #expect(told.streams == ["s"])
            // Once told, it isn't told again.
            told.clear()
            try await Task.sleep(for: .milliseconds(2200))
            #expect(told.calls.isEmpty)
            await watch.cancel()
            await neighbour.close()
        }
    }

    @Test func `interest that can't be published is said, and the look of each second finds the events`() async throws {
        try await withFolder { folder in
            let log = LogRecord()
            let database = try await EmbeddedDatabase.open(path: folder, pragmas: [], logger: log.logger)
            let neighbour = try await EmbeddedDatabase.open(path: folder, logger: quiet)
            let told = Told()
            let watch = try await database.log(namespace: "default").watch { told.add($0) }
            let socket = try #require(try files(folder).first { $0.hasSuffix(".sock") })
            // A folder where the file should be.
            mkdir("\(folder)/sidecars/\(socket.dropLast(5)).streams.new", 0o700)
            await watch.setStreams(["s"])
            #expect(log.ids == ["database.opened", "eventlog.interest.unpublished"])
            told.clear()
            try await append(neighbour.log(namespace: "default"), "s", "1")
            #expect(try await told.wait(for: "s") < .seconds(5))
            await neighbour.close()
            await database.close()
        }
    }

    @Test func `a watch that can't have its socket is refused by name`() async throws {
        try await withDatabase { database, folder in
            rmdir(folder + "/sidecars")
            let error = await #expect(throws: EventLogError.self) {
                try await database.log(namespace: "default").watch { _ in }
            }
            #expect(error?.code == .unavailable)
            #expect(error?.description.contains(folder + "/sidecars") == true)
            // Appends need no folder of neighbours.
            try await append(database.log(namespace: "default"), "s", "1")
        }
    }

    @Test func `many events at once are told of without telling them apart`() async throws {
        try await withDatabase { database, folder in
            let neighbour = try await EmbeddedDatabase.open(path: folder, logger: quiet)
            let told = Told()
            let watch = try await database.log(namespace: "default").watch { told.add($0) }
            await watch.setStreams(["s", "t"])
            told.clear()
            let events = Array(repeating: NewEvent(id: "", type: "", data: ByteBuffer()), count: 5000)
            _ = try await neighbour.log(namespace: "default").append([EventAppend("s", events)])[0].get()
            _ = try await told.wait(for: "t")
            await watch.cancel()
            await neighbour.close()
        }
    }
}

/// How a wait ended that happens elsewhere.
private final class Waiting: Sendable {
    private let ended = Mutex<WakeupSocket.Event?>(nil)

    var event: WakeupSocket.Event? { ended.withLock { $0 } }
    func set(_ event: WakeupSocket.Event) { ended.withLock { $0 = event } }
}

/// The list of neighbours and the socket, without a database.
@Suite struct NeighbourTests {
    private func all(_ neighbours: inout Neighbours, except own: String? = nil) -> [String] {
        neighbours.all(except: own).map(\.name).sorted()
    }

    @Test func `neighbours are found with their interest, also when it changes`() async throws {
        try await withFolder { folder in
            var neighbours = Neighbours(folder: folder)
            #expect(all(&neighbours).isEmpty)
            let first = try WakeupSocket(folder: folder)
            let second = try WakeupSocket(folder: folder)
            #expect(all(&neighbours) == [first.name, second.name].sorted())
            #expect(all(&neighbours, except: first.name) == [second.name])
            for interest in [[1, UInt64.max], [], [7]] as [Set<UInt64>] {
                try first.publish(interest)
                #expect(neighbours.all(except: second.name).map(\.interest) == [interest])
            }
        }
    }

    @Test func `a full socket doesn't hold up who sends`() async throws {
        try await withFolder { folder in
            let socket = try WakeupSocket(folder: folder)
            var neighbours = Neighbours(folder: folder)
            let neighbour = try #require(neighbours.all(except: nil).first)
            let start = ContinuousClock.now
            var deliveries = Set<Neighbours.Delivery>()
            for _ in 0..<5000 { deliveries.insert(neighbours.wake(neighbour)) }
            #expect(deliveries == [.sent, .dropped])
            #expect(ContinuousClock.now - start < .seconds(5))
            // All that came make one wake-up.
            #expect(socket.wait(milliseconds: 0) == .woken)
            #expect(socket.wait(milliseconds: 0) == .timedOut)
            #expect(neighbours.wake(neighbour) == .sent)
        }
    }

    @Test func `a neighbour that left is forgotten`() async throws {
        try await withFolder { folder in
            var neighbours = Neighbours(folder: folder)
            var socket: WakeupSocket? = try WakeupSocket(folder: folder)
            let neighbour = try #require(neighbours.all(except: nil).first)
            #expect(neighbour.name == socket?.name)
            socket = nil
            #expect(neighbours.wake(neighbour) == .gone)
            #expect(all(&neighbours).isEmpty)
        }
    }

    @Test func `a shut socket ends the wait that has begun`() async throws {
        try await withFolder { folder in
            let socket = try WakeupSocket(folder: folder)
            let lane = Lane<Never>(name: "test", limit: .init(requests: 1, bytes: 0))
            let waiting = Waiting()
            #expect(lane.start { _ in waiting.set(socket.wait(milliseconds: 20_000)) })
            try await Task.sleep(for: .milliseconds(50))
            socket.shut()
            await lane.close()
            #expect(waiting.event == .closed)
            #expect(socket.wait(milliseconds: 20_000) == .closed)
        }
    }

    @Test func `a folder that is gone has no neighbours`() {
        var neighbours = Neighbours(folder: "/tmp/outrigger-test-nowhere")
        #expect(all(&neighbours).isEmpty)
        #expect(neighbours.wake(.init(name: "watch-1", interest: [])) == .gone)
    }
}
