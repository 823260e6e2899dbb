// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Core
import FoundationEssentials
import Glibc
import NIOCore
import SQLiteClient
import Testing

@testable import SQLiteEngine

/// Damage and limits: an append is refused whole, by name, and the log goes on when it can.
@Suite struct EventLogFaultTests {
    private func large(_ bytes: Int) -> EventAppend {
        let marker = NewEvent(id: "1", type: "t", data: ByteBuffer())
        return EventAppend(
            "large", [marker, NewEvent(id: "2", type: "t", data: ByteBuffer(repeating: 1, count: bytes))])
    }

    private func refusal(_ log: any EventLog, _ append: EventAppend) async -> EventLogError? {
        guard case .failure(let error) = await log.append([append])[0] else { return nil }
        return error
    }

    @Test(.enabled(if: geteuid() == 0, "only root can mount a small file system"))
    func `a full file system refuses the append whole and recovers when there is room`() async throws {
        try await withFolder { folder in
            try #require(mount("tmpfs", folder, "tmpfs", 0, "size=1m") == 0)
            defer { umount2(folder, Int32(MNT_DETACH)) }
            let database = try await EmbeddedDatabase.open(path: folder + "/data", logger: quiet)
            let log = database.log(namespace: "default")
            try await append(log, "s", "before")
            try Data(count: 400 << 10).write(to: URL(filePath: folder + "/ballast"))
            let failure = await refusal(log, large(600 << 10))
            #expect(failure?.code == .storageFull)
            #expect(failure?.isRetryable == true)
            #expect(try await log.head() == 1)
            #expect(try await log.extent(of: "large") == StreamExtent(nextRevision: 0, count: 0, bytes: 0))
            unlink(folder + "/ballast")
            // Positions go on without a gap: what was refused took none.
            #expect(try await append(log, "s", "after").firstPosition == 2)
            #expect(try await append(log, "large", "after").firstRevision == 0)
            await database.close()
        }
    }

    @Test func `a full quota refuses the append whole, and trimming makes room`() async throws {
        try await withDatabase(pragmas: ["PRAGMA max_page_count = 60"]) { database, _ async throws in
            let log = database.log(namespace: "default")
            var stored = 0
            while stored < 10, await refusal(log, large(64 << 10)) == nil { stored += 1 }
            #expect(0 < stored && stored < 10)
            #expect(await refusal(log, large(64 << 10))?.code == .storageFull)
            #expect(try await log.extent(of: "large").count == Int64(2 * stored))
            #expect(try await log.trim("large", through: 2, limit: 10) == 2)
            #expect(await refusal(log, large(60 << 10)) == nil)
        }
    }

    @Test func `a file takes as many namespaces as it has numbers for`() async throws {
        try await withDatabase { database, folder in
            try Database(path: folder + "/outrigger.db").execute(
                "INSERT INTO event_logs (id, namespace, head) VALUES (\(EventKey.logMax), 'last', 0)")
            #expect(await refusal(database.log(namespace: "more"), large(1))?.code == .storageFull)
            let last = database.log(namespace: "last")
            #expect(try await append(last, "s", "1").firstPosition == 1)
            #expect(try await texts(last, "s") == ["1"])
            #expect(try await last.readAll(after: 0, limit: EventReadLimit()).events.map(\.position) == [1])
        }
    }

    @Test func `what is larger than a limit is refused before anything is written`() async throws {
        try await withDatabase { database, _ async throws in
            let log = database.log(namespace: "default")
            let many = EventAppend(
                "s", Array(repeating: NewEvent(id: "", type: "", data: ByteBuffer()), count: 10_001))
            let answers = await log.append([
                EventAppend("s", [NewEvent(id: "1", type: "t", data: ByteBuffer(string: "1"))]),
                large(EventLogLimit.appendBytesMax), many,
                EventAppend("s", [NewEvent(id: "2", type: "t", data: ByteBuffer(string: "2"))]),
            ])
            #expect(try answers[0].get().firstPosition == 1)
            for index in 1...2 {
                let error = #expect(throws: EventLogError.self) { try answers[index].get() }
                #expect(error?.code == .tooLarge)
            }
            #expect(try answers[3].get().firstPosition == 2)
            #expect(try await log.head() == 2)
            let owed = Array(
                repeating: OwedEvent(position: 1, attempts: 1), count: EventLogLimit.owedEventsMax + 1)
            let error = await #expect(throws: EventLogError.self) {
                try await log.save([Checkpoint(stream: "s", partition: 0, position: 1, owed: owed)], of: "c")
            }
            #expect(error?.code == .tooLarge)
        }
    }

    @Test func `what is just below the limits is taken`() {
        #expect(large(EventLogLimit.appendBytesMax - 1024).refusal == nil)
        let empty = NewEvent(id: "", type: "", data: ByteBuffer())
        #expect(EventAppend("s", Array(repeating: empty, count: EventLogLimit.appendEventsMax)).refusal == nil)
    }

    @Test func `what doesn't fit before a lane is refused as overloaded, and the rest is appended`() async throws {
        try await withFolder { folder in
            let database = try await EmbeddedDatabase.open(path: folder, pragmas: [], logger: quiet) {
                $0.waitingLimit.requests = 2
            }
            let log = database.log(namespace: "default")
            // Somebody else commits for long, so that the lane takes nothing.
            let lock = try WriteLock(path: folder + "/write.lock")
            try lock.acquire()
            let codes = await withTaskGroup(of: EventLogError.Code?.self) { group in
                for index in 0..<10 {
                    let append = EventAppend("s", [NewEvent(id: "\(index)", type: "t", data: ByteBuffer())])
                    group.addTask { await refusal(log, append)?.code }
                }
                var codes: [EventLogError.Code?] = []
                for await code in group {
                    codes.append(code)
                    if codes.count == 8 { lock.release() }
                }
                return codes
            }
            #expect(codes == Array(repeating: .overloaded, count: 8) + [nil, nil])
            #expect(try await log.head() == 2)
            await database.close()
        }
    }

    @Test func `a closed log answers that it is unavailable`() async throws {
        try await withFolder { folder in
            let database = try await EmbeddedDatabase.open(path: folder, logger: quiet)
            let log = database.log(namespace: "default")
            let watch = try await log.watch { _ in }
            await database.close()
            await watch.setStreams(["s"])
            await watch.cancel()
            let append = EventAppend("s", [NewEvent(id: "", type: "", data: ByteBuffer())])
            let answers = await log.append([append, append])
            #expect(answers.count == 2)
            #expect(await refusal(log, append)?.code == .unavailable)
            for body in [
                { _ = try await log.head() }, { _ = try await log.watch { _ in } },
                { try await log.save([Checkpoint(stream: "s", partition: 0, position: 0)], of: "c") },
            ] as [() async throws -> Void] {
                let error = await #expect(throws: EventLogError.self) { try await body() }
                #expect(error?.code == .unavailable)
            }
        }
    }

    @Test func `damage that appears later ends the service for good`() async throws {
        try await withFolder { folder in
            let path = folder + "/outrigger.db"
            var database = try await EmbeddedDatabase.open(path: folder, logger: quiet)
            let event = NewEvent(id: "", type: "", data: ByteBuffer(repeating: 1, count: 4000))
            for _ in 0..<5 {
                _ = try await database.log(namespace: "default").append([
                    EventAppend("s", Array(repeating: event, count: 200))
                ])[0].get()
            }
            await database.close()
            try Database(path: path).execute("PRAGMA wal_checkpoint(TRUNCATE)")
            database = try await EmbeddedDatabase.open(path: folder, logger: quiet)
            let log = database.log(namespace: "default")
            #expect(try await log.head() == 1000)
            let file = try #require(fopen(path, "r+"))
            fseek(file, 4096 * 20, SEEK_SET)
            let size = 1000 * 4096 - 4096 * 20
            #expect(fwrite([UInt8](repeating: 0xA5, count: size), 1, size, file) == size)
            fclose(file)
            let failure = await #expect(throws: EventLogError.self) { try await everything(log) }
            #expect(failure?.code == .corrupt)
            #expect(failure?.description.contains("outrigger.db") == true)
            #expect(await refusal(log, large(1))?.code == .corrupt)
            await database.close()
        }
    }

    @Test(.enabled(if: geteuid() == 0, "only root can make a file system read-only"))
    func `a file system that became read-only refuses appends and is still read`() async throws {
        try await withFolder { folder in
            try #require(mount("tmpfs", folder, "tmpfs", 0, "size=4m,mode=0700") == 0)
            defer { umount2(folder, Int32(MNT_DETACH)) }
            let database = try await EmbeddedDatabase.open(path: folder + "/data", logger: quiet)
            let log = database.log(namespace: "default")
            try await append(log, "s", "1")
            mkdir(folder + "/data/groups", 0o700)
            // An immutable folder takes no new file, as on a read-only file system, while the open ones work on.
            try #require(mount(folder + "/data/groups", folder + "/data/groups", nil, UInt(MS_BIND), nil) == 0)
            defer { umount2(folder + "/data/groups", Int32(MNT_DETACH)) }
            let flags = UInt(MS_BIND | MS_REMOUNT | MS_RDONLY)
            try #require(mount(nil, folder + "/data/groups", nil, flags, nil) == 0)
            let error = await #expect(throws: EventLogError.self) { try await log.join(group: "g") }
            #expect(error?.code == .readOnly)
            try await append(log, "s", "2")
            await database.close()
        }
    }
}
