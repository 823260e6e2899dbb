// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import FoundationEssentials
import Glibc
import NIOCore
import SQLiteClient
import Testing

@testable import SQLiteEngine

/// Damage from outside: the store says what is wrong, names the file, and keeps what it acknowledged.
@Suite struct FaultTests {
    @Test func `a full disk refuses the write whole and recovers by itself`() async throws {
        try await withDatabase(pragmas: ["PRAGMA max_page_count = 40"]) { database, _ in
            let store = database.stateStore(namespace: "default")
            try await store.apply(.save("before", "kept"))
            let large = ByteBuffer(repeating: 1, count: 64 << 10)
            var stored = 0
            var failure: StateError?
            while failure == nil && stored < 10 {
                do throws(StateError) {
                    try await store.transact([
                        .save("marker-\(stored)", "1"),
                        StateWrite(key: "large-\(stored)", .upsert(large, timeToLiveSeconds: nil)),
                    ])
                    stored += 1
                } catch {
                    failure = error
                }
            }
            #expect(failure?.code == .storageFull)
            #expect(failure?.isRetryable == true)
            #expect(try await store.get("marker-\(stored)") == nil)
            #expect(try await store.get("large-\(stored)") == nil)
            #expect(try await store.get("before") != nil)
            for index in 0..<stored { try await store.apply(.delete("large-\(index)")) }
            try await store.apply(StateWrite(key: "large-again", .upsert(large, timeToLiveSeconds: nil)))
            #expect(try await store.get("large-again")?.value == large)
        }
    }

    @Test(.enabled(if: geteuid() == 0, "only root can mount a small file system"))
    func `a full file system refuses the write whole and recovers when there is room`() async throws {
        try await withFolder { folder in
            try #require(mount("tmpfs", folder, "tmpfs", 0, "size=1m") == 0)
            defer { umount2(folder, Int32(MNT_DETACH)) }
            let database = try await EmbeddedDatabase.open(path: folder + "/data", logger: quiet)
            let store = database.stateStore(namespace: "default")
            try await store.apply(.save("before", "kept"))
            try Data(count: 400 << 10).write(to: URL(filePath: folder + "/ballast"))
            let large = ByteBuffer(repeating: 1, count: 600 << 10)
            let error = await #expect(throws: StateError.self) {
                try await store.transact([
                    .save("marker", "1"), StateWrite(key: "large", .upsert(large, timeToLiveSeconds: nil)),
                ])
            }
            #expect(error?.code == .storageFull)
            #expect(try await store.get(["marker", "large", "before"]).map { $0 != nil } == [false, false, true])
            unlink(folder + "/ballast")
            try await store.apply(.save("after", "1"))
            #expect(try await store.get("after") != nil)
            await database.close()
        }
    }

    @Test func `a file that is no database is refused by name and left as it is`() async throws {
        try await withFolder { folder in
            let garbage = Data(repeating: 0x5A, count: 8192)
            try garbage.write(to: URL(filePath: folder + "/outrigger.db"))
            let error = await openError(folder)
            #expect(error?.code == .corrupt)
            #expect(error?.description.contains(folder + "/outrigger.db") == true)
            #expect(try Data(contentsOf: URL(filePath: folder + "/outrigger.db")) == garbage)
        }
    }

    @Test func `a small file with a damaged page is found at the start`() async throws {
        try await withFolder { folder in
            try await fill(folder, count: 500)
            try overwrite(folder + "/outrigger.db", at: 4096 * 5, count: 4096)
            #expect(await openError(folder)?.code == .corrupt)
        }
    }

    @Test func `damage that appears later ends the service for good`() async throws {
        try await withFolder { folder in
            try await fill(folder, count: 30_000)
            let database = try await EmbeddedDatabase.open(path: folder, pragmas: [], logger: quiet)
            let store = database.stateStore(namespace: "default")
            let size = try Data(contentsOf: URL(filePath: folder + "/outrigger.db")).count
            // Beyond the first pages, so that the tables are still found and the leaves are not.
            try overwrite(folder + "/outrigger.db", at: 4096 * 8, count: size - 4096 * 8)
            let error = await #expect(throws: StateError.self) {
                for index in 0..<30_000 { _ = try await store.get("key-\(index)") }
            }
            #expect(error?.code == .corrupt)
            #expect(error?.description.contains("outrigger.db") == true)
            let later = await #expect(throws: StateError.self) { try await store.apply(.save("new", "1")) }
            #expect(later?.code == .corrupt)
            let bulk = await #expect(throws: StateError.self) { try await store.get(["new"]) }
            #expect(bulk?.code == .corrupt)
            await database.close()
        }
    }

    @Test func `a torn end of the log is dropped and what was before it is kept`() async throws {
        try await withFolder { folder in
            let database = try await EmbeddedDatabase.open(path: folder, logger: quiet)
            let store = database.stateStore(namespace: "default")
            for index in 0..<20 { try await store.apply(.save("key-\(index)", "\(index)")) }
            await database.close()
            let log = folder + "/outrigger.db-wal"
            let bytes = try Data(contentsOf: URL(filePath: log))
            try #require(bytes.count > 2000)
            try bytes.dropLast(2000).write(to: URL(filePath: log))
            let again = try await EmbeddedDatabase.open(path: folder, logger: quiet)
            let items = try await again.stateStore(namespace: "default").get((0..<20).map { "key-\($0)" })
            #expect(items.prefix(19).allSatisfy { $0 != nil })
            try await again.stateStore(namespace: "default").apply(.save("key-19", "again"))
            await again.close()
        }
    }

    @Test func `a database of a newer version is refused and untouched`() async throws {
        try await withFolder { folder in
            try await fill(folder, count: 10)
            let path = folder + "/outrigger.db"
            do {
                let newer = try Database(path: path)
                try newer.execute("PRAGMA user_version = \(2 << 16); PRAGMA wal_checkpoint(TRUNCATE)")
            }
            let before = try Data(contentsOf: URL(filePath: path))
            let error = await openError(folder)
            #expect(error?.code == .failed)
            #expect(error?.description.contains("newer version") == true)
            #expect(error?.description.contains(path) == true)
            #expect(try Data(contentsOf: URL(filePath: path)) == before)
        }
    }

    @Test func `a database of another program is refused and untouched`() async throws {
        try await withFolder { folder in
            let path = folder + "/outrigger.db"
            do { try Database(path: path).execute("CREATE TABLE theirs (x)") }
            let before = try Data(contentsOf: URL(filePath: path))
            #expect(await openError(folder)?.code == .failed)
            #expect(try Data(contentsOf: URL(filePath: path)) == before)
        }
    }

    @Test(.enabled(if: geteuid() == 0, "only root can mount a read-only file system"))
    func `a read-only folder is refused by name`() async throws {
        try await withFolder { folder in
            try #require(mount("tmpfs", folder, "tmpfs", UInt(MS_RDONLY), "size=1m,mode=0700") == 0)
            defer { umount2(folder, Int32(MNT_DETACH)) }
            let error = await openError(folder)
            #expect(error?.code == .readOnly)
            #expect(error?.description.contains(folder) == true)
        }
    }

    @Test func `a folder that others can use is restricted if it is empty and refused if not`() async throws {
        try await withFolder { folder in
            let empty = folder + "/empty"
            mkdir(empty, 0o755)
            let database = try await EmbeddedDatabase.open(path: empty, logger: quiet)
            await database.close()
            #expect(try permissions(empty) == 0o700)
            let full = folder + "/full"
            mkdir(full, 0o755)
            try Data().write(to: URL(filePath: full + "/theirs"))
            let error = await openError(full)
            #expect(error?.code == .unavailable)
            #expect(try permissions(full) == 0o755)
        }
    }

    @Test func `missing folders are made, for the owner only`() async throws {
        try await withFolder { folder in
            let database = try await EmbeddedDatabase.open(path: folder + "/a/b/", logger: quiet)
            await database.close()
            #expect(try permissions(folder + "/a") == 0o700)
            #expect(try permissions(folder + "/a/b") == 0o700)
        }
    }

    @Test func `a path that is a file is refused`() async throws {
        try await withFolder { folder in
            try Data().write(to: URL(filePath: folder + "/file"))
            #expect(await openError(folder + "/file")?.code == .unavailable)
            #expect(await openError(folder + "/file/below")?.code == .unavailable)
        }
    }

    // MARK: - Means

    private func openError(_ folder: String) async -> StateError? {
        do throws(StateError) {
            await (try EmbeddedDatabase.open(path: folder, logger: quiet)).close()
            return nil
        } catch {
            return error
        }
    }

    /// Leaves a database whose pages are all in the file.
    private func fill(_ folder: String, count: Int) async throws {
        let database = try await EmbeddedDatabase.open(path: folder, logger: quiet)
        let value = String(repeating: "x", count: 500)
        let results = await database.stateStore(namespace: "default").apply(
            (0..<count).map { .save("key-\($0)", value) })
        for result in results { try result.get() }
        await database.close()
        try Database(path: folder + "/outrigger.db").execute("PRAGMA wal_checkpoint(TRUNCATE)")
    }

    private func overwrite(_ path: String, at offset: Int, count: Int) throws {
        // A descriptor of its own would drop SQLite's locks when it is closed, as in any process; nothing else writes
        // here.
        let file = try #require(fopen(path, "r+"))
        fseek(file, offset, SEEK_SET)
        let bytes = [UInt8](repeating: 0xA5, count: count)
        #expect(fwrite(bytes, 1, count, file) == count)
        fclose(file)
    }

    private func permissions(_ path: String) throws -> UInt32 {
        var status = stat()
        try #require(stat(path, &status) == 0)
        return status.st_mode & 0o777
    }
}
