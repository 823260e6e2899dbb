// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Glibc
import NIOCore
import Synchronization
import Testing

@testable import SQLiteEngine

/// A race that begins when all have come and ends after so many rounds, however late and slowly the machine lets them
/// run.
private final class Race: Sendable {
    enum Phase { case gathering, running, over }

    private let state: Mutex<(missing: Int, rounds: Int)>

    init(starters: Int, rounds: Int) { state = Mutex((starters, rounds)) }

    var phase: Phase {
        state.withLock { $0.missing > 0 ? .gathering : $0.rounds > 0 ? .running : .over }
    }

    func arrive() { state.withLock { $0.missing -= 1 } }
    func finishRound() { state.withLock { $0.rounds -= 1 } }
}

/// Several sidecars on one data directory.
@Suite(.serialized) struct SharedDirectoryTests {
    @Test func `two handles write in turns and see each other's writes`() async throws {
        try await withFolder { folder in
            let first = try await EmbeddedDatabase.open(path: folder, logger: quiet)
            let second = try await EmbeddedDatabase.open(path: folder, logger: quiet)
            let race = Race(starters: 16, rounds: 1000)
            let counts = try await withThrowingTaskGroup(of: (Int, Int, Int).self) { group in
                for task in 0..<16 {
                    let store = (task % 2 == 0 ? first : second).stateStore(namespace: "default")
                    // Of high priority, which has threads of its own: other tests may keep the usual ones for longer.
                    group.addTask(priority: .high) {
                        race.arrive()
                        var (count, counted) = (0, 0)
                        while race.phase != .over {
                            let counts = race.phase == .running
                            try await store.apply(.save("key-\(task)", "\(count)"))
                            count += 1
                            guard counts else { continue }
                            counted += 1
                            race.finishRound()
                        }
                        return (task, count, counted)
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            let even = counts.filter { $0.0 % 2 == 0 }.reduce(0) { $0 + $1.2 }
            let odd = counts.filter { $0.0 % 2 == 1 }.reduce(0) { $0 + $1.2 }
            // Fair means about equal; a lock without a turnstile starves one of them to a few per cent.
            #expect(Double(min(even, odd)) > 0.5 * Double(max(even, odd)))
            for (task, count, _) in counts {
                let item = try await first.stateStore(namespace: "default").get("key-\(task)")
                #expect(item.map { String(buffer: $0.value) } == "\(count - 1)")
            }
            await first.close()
            await second.close()
        }
    }

    @Test func `increments over two handles lose no update`() async throws {
        try await withFolder { folder in
            let first = try await EmbeddedDatabase.open(path: folder, logger: quiet)
            let second = try await EmbeddedDatabase.open(path: folder, logger: quiet)
            let stores = [first, second].map { $0.stateStore(namespace: "default") }
            try await stores[0].apply(.save("counter", "0"))
            try await withThrowingTaskGroup(of: Void.self) { group in
                for store in stores {
                    group.addTask { for _ in 0..<50 { try await increment(store) } }
                }
                try await group.waitForAll()
            }
            #expect(try await stores[0].get("counter").map { String(buffer: $0.value) } == "100")
            await first.close()
            await second.close()
        }
    }

    private func increment(_ store: any StateStore) async throws {
        while true {
            let item = try #require(await store.get("counter"))
            let next = try #require(Int(String(buffer: item.value))) + 1
            do throws(StateError) {
                return try await store.apply(.save("counter", "\(next)", if: .matches(item.etag)))
            } catch {
                guard error.code == .etagMismatch else { throw error }
            }
        }
    }

    /// Goal: kill -9 loses nothing that was acknowledged and leaves no half of a transaction. Method: a child process
    /// writes pairs and tells each acknowledged number through a file; it kills itself with the signal in the middle of
    /// its load.
    @Test func `kill -9 loses no acknowledged write and leaves no half transaction`() async throws {
        try await withFolder { folder in
            for round in 0..<5 {
                setenv("OUTRIGGER_TEST_FOLDER", folder, 1)
                setenv("OUTRIGGER_TEST_ROUND", "\(round)", 1)
                await #expect(processExitsWith: .signal(SIGKILL)) {
                    let folder = String(cString: getenv("OUTRIGGER_TEST_FOLDER"))
                    let round = String(cString: getenv("OUTRIGGER_TEST_ROUND"))
                    try await writePairsUntilKilled(folder + "/data", journal: folder + "/acknowledged", round: round)
                }
                let acknowledged = try readLines(folder + "/acknowledged")
                #expect(!acknowledged.isEmpty)
                let database = try await EmbeddedDatabase.open(path: folder + "/data", logger: quiet)
                let store = database.stateStore(namespace: "default")
                for key in acknowledged {
                    let pair = try await store.get(["\(key)-a", "\(key)-b"])
                    #expect(pair[0] != nil && pair[1] != nil, "\(key) was acknowledged")
                }
                for task in 0..<8 {
                    for index in 0..<2000 {
                        let pair = try await store.get(["\(round)-\(task)-\(index)-a", "\(round)-\(task)-\(index)-b"])
                        #expect((pair[0] == nil) == (pair[1] == nil))
                        if pair[0] == nil { break }
                    }
                }
                await database.close()
            }
        }
    }

    private func readLines(_ path: String) throws -> [String] {
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
}

/// Runs in the child process.
func writePairsUntilKilled(_ folder: String, journal: String, round: String) async throws {
    let database = try await EmbeddedDatabase.open(path: folder, logger: quiet)
    let store = database.stateStore(namespace: "default")
    let journal = open(journal, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    await withTaskGroup(of: Void.self) { group in
        for task in 0..<8 {
            group.addTask {
                for index in 0..<2000 {
                    let key = "\(round)-\(task)-\(index)"
                    guard (try? await store.transact([.save(key + "-a", "1"), .save(key + "-b", "1")])) != nil else {
                        exit(1)
                    }
                    var line = key + "\n"
                    _ = line.withUTF8 { write(journal, $0.baseAddress, $0.count) }
                    if task == 0 && index == 100 { kill(getpid(), SIGKILL) }
                }
            }
        }
    }
}
