// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Conformance
import Glibc
import NIOCore
import SQLiteClient
import Testing

@testable import SQLiteEngine

/// What the embedded log does beyond the contract: files, versions, namespaces.
@Suite struct EventLogTests {
    @Test func `namespaces have logs of their own`() async throws {
        try await withDatabase { database, _ async throws in
            let red = database.log(namespace: "red")
            let blue = database.log(namespace: "blue")
            for index in 0..<3 { try await append(index == 1 ? blue : red, "s", "\(index)") }
            #expect(try await texts(red, "s") == ["0", "2"])
            #expect(try await texts(blue, "s") == ["1"])
            #expect(try await red.head() == 2)
            #expect(try await blue.head() == 1)
            #expect(try await blue.readAll(after: 0, limit: EventReadLimit()).events.count == 1)
            try await red.save([Checkpoint(stream: "s", partition: 0, position: 1)], of: "c")
            try await blue.forget("c")
            #expect(try await red.checkpoints(of: "c").count == 1)
            #expect(try await blue.checkpoints(of: "c").isEmpty)
            let member = try await red.join(group: "g")
            #expect(try member.tryAcquire(0))
            #expect(try await blue.join(group: "g").tryAcquire(0))
        }
    }

    @Test func `events and checkpoints outlive the process`() async throws {
        try await withFolder { folder in
            let first = try await EmbeddedDatabase.open(path: folder, logger: quiet)
            try await append(first.log(namespace: "default"), "s", "kept")
            try await first.log(namespace: "default").save(
                [Checkpoint(stream: "s", partition: 5, position: 1)], of: "c")
            await first.close()
            let second = try await EmbeddedDatabase.open(path: folder, logger: quiet)
            let log = second.log(namespace: "default")
            #expect(try await texts(log, "s") == ["kept"])
            #expect(try await log.checkpoints(of: "c").map(\.position) == [1])
            #expect(try await append(log, "s", "next").firstPosition == 2)
            await second.close()
        }
    }

    @Test func `a file of version 1_0 is brought up to date and keeps its state`() async throws {
        try await withFolder { folder in
            let path = folder + "/outrigger.db"
            do {
                let file = try Database(path: path)
                try Schema(
                    applicationID: EmbeddedDatabase.schema.applicationID,
                    migrations: [EmbeddedDatabase.schema.migrations[0]]
                ).migrate(file)
                try file.execute("INSERT INTO state VALUES ('default', 'k', 1, NULL, 'kept')")
                #expect(try file.integer("PRAGMA user_version") == 0x1_0000)
            }
            let database = try await EmbeddedDatabase.open(path: folder, logger: quiet)
            #expect(try await database.stateStore(namespace: "default").get("k") != nil)
            #expect(try await append(database.log(namespace: "default"), "s", "1").firstPosition == 1)
            await database.close()
            #expect(try Database(path: path).integer("PRAGMA user_version") == 0x1_0003)
        }
    }

    @Test func `state and events share a commit`() async throws {
        try await withDatabase { database, _ async throws in
            let log = database.log(namespace: "default")
            let store = database.stateStore(namespace: "default")
            await withTaskGroup(of: Void.self) { group in
                for index in 0..<100 {
                    group.addTask { #expect((try? await append(log, "s", "\(index)")) != nil) }
                    group.addTask { #expect((try? await store.apply(.save("k\(index)", "1"))) != nil) }
                }
            }
            #expect(try await log.head() == 100)
            #expect(try await store.get((0..<100).map { "k\($0)" }).allSatisfy { $0 != nil })
        }
    }

    /// Goal: kill -9 loses no acknowledged event and no saved checkpoint, and leaves no half of an append. Method: a
    /// child process appends and tells what was acknowledged through a file; it kills itself in the middle of its load.
    @Test func `kill -9 loses no acknowledged append and no saved checkpoint`() async throws {
        try await withFolder { folder in
            for round in 0..<5 {
                setenv("OUTRIGGER_TEST_FOLDER", folder, 1)
                setenv("OUTRIGGER_TEST_ROUND", "\(round)", 1)
                await #expect(processExitsWith: .signal(SIGKILL)) {
                    let folder = String(cString: getenv("OUTRIGGER_TEST_FOLDER"))
                    let round = String(cString: getenv("OUTRIGGER_TEST_ROUND"))
                    try await appendUntilKilled(folder + "/data", journal: folder + "/positions", round: round)
                }
                let acknowledged = try lines(folder + "/positions").compactMap { Int64($0) }
                #expect(acknowledged.count > 100)
                let database = try await EmbeddedDatabase.open(path: folder + "/data", logger: quiet)
                let log = database.log(namespace: "default")
                let events = try await everything(log)
                #expect(events.map(\.position) == Array(1...Int64(events.count)))
                #expect(acknowledged.max() ?? 0 <= Int64(events.count))
                // Each append had two events, so half of one would leave an odd revision at the end.
                for task in 0..<8 { #expect(try await log.extent(of: "s-\(task)").nextRevision.isMultiple(of: 2)) }
                let saved = try #require(try await log.checkpoints(of: "round-\(round)").first)
                #expect(saved.position >= acknowledged.last ?? 0)
                await database.close()
            }
        }
    }

    @Test func `a checkpoint that can't be read fails its own read only`() async throws {
        try await withDatabase { database, folder in
            let log = database.log(namespace: "default")
            try await log.save([Checkpoint(stream: "s", partition: 0, position: 1)], of: "c")
            try await log.save([Checkpoint(stream: "s", partition: 0, position: 1)], of: "d")
            try Database(path: folder + "/outrigger.db").execute(
                "UPDATE event_checkpoints SET owed = x'01' WHERE consumer = 'c'")
            let error = await #expect(throws: EventLogError.self) { try await log.checkpoints(of: "c") }
            #expect(error?.code == .failed)
            #expect(try await log.checkpoints(of: "d").count == 1)
        }
    }
}

@discardableResult
func append(_ log: any EventLog, _ stream: String, _ text: String) async throws -> AppendedEvents {
    let event = NewEvent(id: text, type: "test", data: ByteBuffer(string: text))
    return try await log.append([EventAppend(stream, [event])])[0].get()
}

func texts(_ log: any EventLog, _ stream: String) async throws -> [String] {
    try await log.read(stream, from: 0, limit: EventReadLimit()).events.map { String(buffer: $0.event.data) }
}

func everything(_ log: any EventLog) async throws -> [StoredEvent] {
    var events: [StoredEvent] = []
    while true {
        let slice = try await log.readAll(after: events.last?.position ?? 0, limit: EventReadLimit())
        events += slice.events
        if slice.isAtEnd { return events }
    }
}

/// The lines of a short file.
func lines(_ path: String) throws -> [String] {
    let file = try #require(fopen(path, "r"))
    defer { fclose(file) }
    var lines: [String] = []
    var line = [CChar](repeating: 0, count: 128)
    while fgets(&line, 128, file) != nil {
        let text = line.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }
        lines.append(String(decoding: text, as: UTF8.self))
    }
    return lines
}

/// Runs in the child process. The checkpoint is saved before its position is told.
func appendUntilKilled(_ folder: String, journal path: String, round: String) async throws {
    let database = try await EmbeddedDatabase.open(path: folder, logger: quiet)
    let log = database.log(namespace: "default")
    let journal = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0o600)
    await withTaskGroup(of: Void.self) { group in
        for task in 0..<8 {
            group.addTask {
                for index in 0..<2000 {
                    let event = NewEvent(id: "", type: "test", data: ByteBuffer(string: "\(round)-\(index)"))
                    let append = EventAppend("s-\(task)", [event, event])
                    guard let result = try? await log.append([append])[0].get() else { exit(1) }
                    if task == 0 {
                        let checkpoint = Checkpoint(stream: "s-0", partition: 0, position: result.firstPosition)
                        guard (try? await log.save([checkpoint], of: "round-\(round)")) != nil else { exit(1) }
                    }
                    guard task == 0 else { continue }
                    var line = "\(result.firstPosition)\n"
                    _ = line.withUTF8 { write(journal, $0.baseAddress, $0.count) }
                    if index == 150 { kill(getpid(), SIGKILL) }
                }
            }
        }
    }
}
