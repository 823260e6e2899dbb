// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import NIOCore
import Testing

@testable import SQLiteEngine

/// What is flushed when.
@Suite struct FlushTests {
    private func count(_ folder: String) -> Int {
        CountingFileSystem.flushes(of: folder + "/outrigger.db-wal")
    }

    private func open(_ folder: String) async throws -> EmbeddedDatabase {
        #expect(CountingFileSystem.isRegistered)
        return try await EmbeddedDatabase.open(path: folder, pragmas: [], logger: quiet) {
            $0.path = "file:\(folder)/outrigger.db?vfs=counting"
        }
    }

    @Test func `a commit with nothing but checkpoints and trims isn't flushed, and the next append is`() async throws {
        try await withFolder { folder in
            let database = try await open(folder)
            let log = database.log(namespace: "default")
            try await append(log, "s", "1")
            var before = count(folder)
            #expect(before > 0)
            for round in 0..<20 {
                try await log.save([Checkpoint(stream: "s", partition: 0, position: Int64(round))], of: "c")
            }
            _ = try await log.trim("s", through: 1, limit: 1)
            #expect(count(folder) == before)
            #expect(try await log.checkpoints(of: "c").map(\.position) == [19])
            try await append(log, "s", "2")
            #expect(count(folder) == before + 1)
            // State is flushed as before, also right after a commit that wasn't.
            try await log.save([Checkpoint(stream: "s", partition: 0, position: 20)], of: "c")
            try await database.stateStore(namespace: "default").apply(.save("k", "1"))
            #expect(count(folder) == before + 2)
            before = count(folder)
            try await log.forget("c")
            #expect(count(folder) == before + 1)
            await database.close()
        }
    }

    @Test func `a commit that holds checkpoints and appends is flushed once`() async throws {
        try await withFolder { folder in
            let database = try await open(folder)
            let log = database.log(namespace: "default")
            try await append(log, "s", "1")
            let before = count(folder)
            // While somebody else holds the lock, all of these come to wait, and share the commit that follows.
            let lock = try WriteLock(path: folder + "/write.lock")
            try lock.acquire()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<10 {
                    group.addTask { try await append(log, "s", "\(index)") }
                    group.addTask {
                        try await log.save([Checkpoint(stream: "s", partition: index, position: 1)], of: "c")
                    }
                }
                try await Task.sleep(for: .milliseconds(300))
                lock.release()
                try await group.waitForAll()
            }
            #expect(count(folder) == before + 1)
            await database.close()
        }
    }
}
