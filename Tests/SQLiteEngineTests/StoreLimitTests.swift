// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Core
import Glibc
import NIOCore
import SQLiteClient
import Testing

@testable import SQLiteEngine

/// What the lanes do at their limits, when nothing comes, and when a lock can't be had.
@Suite struct StoreLimitTests {
    @Test func `what doesn't fit before a lane is refused as overloaded, and the rest is written`() async throws {
        try await withFolder { folder in
            let database = try await EmbeddedDatabase.open(path: folder, pragmas: [], logger: quiet) {
                $0.waitingLimit.requests = 2
            }
            let store = database.stateStore(namespace: "default")
            // Somebody else commits for long, so that the lane takes nothing.
            let lock = try WriteLock(path: folder + "/write.lock")
            try lock.acquire()
            let codes = await withTaskGroup(of: StateError.Code?.self) { group in
                for index in 0..<10 {
                    group.addTask { await store.apply([.save("k\(index)", "1")])[0].failure?.code }
                }
                var codes: [StateError.Code?] = []
                for await code in group {
                    codes.append(code)
                    // Only two can wait, so eight are refused before anything is written.
                    if codes.count == 8 { lock.release() }
                }
                return codes
            }
            #expect(codes == Array(repeating: .overloaded, count: 8) + [nil, nil])
            try await store.apply(.save("later", "1"))
            await database.close()
        }
    }

    @Test func `expired items of the embedded database are deleted while nobody writes`() async throws {
        try await withFolder { folder in
            let database = try await EmbeddedDatabase.open(path: folder, pragmas: [], logger: quiet) {
                $0.sweepInterval = .milliseconds(100)
            }
            try await database.stateStore(namespace: "default").apply(.save("short", "1", timeToLive: 1))
            let file = try Database(path: folder + "/outrigger.db")
            let deadline = ContinuousClock.now + .seconds(20)
            while try file.integer("SELECT count(*) FROM state") != 0, .now < deadline {
                try await Task.sleep(for: .milliseconds(50))
            }
            #expect(try file.integer("SELECT count(*) FROM state") == 0)
            await database.close()
        }
    }

    @Test func `a write lock that fails refuses the writes, said once, and reads go on`() async throws {
        try await withFolder { folder in
            let log = LogRecord()
            let database = try await EmbeddedDatabase.open(path: folder, pragmas: [], logger: log.logger)
            let store = database.stateStore(namespace: "default")
            try await store.apply(.save("before", "1"))
            // A descriptor of O_PATH can't be locked; in the lock's place it makes each flock fail.
            let lock = try #require(descriptor(of: folder + "/write.lock"))
            let kept = dup(lock)
            let path = open("/dev/null", 0o10000000)  // O_PATH, which the C library shows to GNU sources only.
            #expect(dup2(path, lock) == lock)
            for _ in 0..<3 {
                let error = await #expect(throws: StateError.self) { try await store.apply(.save("k", "1")) }
                #expect(error?.code == .unavailable)
                #expect(error?.description.contains("write.lock") == true)
            }
            #expect(try await store.get("before") != nil)
            #expect(try await store.get("k") == nil)
            dup2(kept, lock)
            close(kept)
            close(path)
            try await store.apply(.save("k", "1"))
            #expect(log.ids.count { $0.contains("failed") } == 1)
            #expect(log.ids.count { $0.contains("recovered") } == 1)
            await database.close()
        }
    }

    @Test(arguments: ["false", "true"])
    func `a value that should be base64 and isn't fails its own read only`(disablesLog: String) async throws {
        try await withFolder { folder in
            let path = folder + "/data.db"
            let store = try await SQLiteComponentTests().make(["connectionString": path, "disableWAL": disablesLog])
            try await store.apply(.save("good", "1"))
            try Database(path: path).execute(
                "INSERT INTO state (key, value, is_binary, etag) VALUES ('bad', '!', 1, 'x')")
            await withTaskGroup(of: Void.self) { group in
                for index in 0..<100 {
                    group.addTask {
                        let error = await #expect(throws: StateError.self) { try await store.get("bad") }
                        #expect(error?.code == .failed)
                    }
                    group.addTask { #expect(await store.apply([.save("k\(index)", "1")])[0].failure == nil) }
                    group.addTask { #expect((try? await store.get("good")) != nil) }
                }
            }
            try await store.apply(.save("bad", "1"))
            #expect(try await store.get("bad") != nil)
        }
    }

    @Test(.enabled(if: geteuid() == 0, "only root can mount a small file system"))
    func `a checkpoint that fails is said, loses nothing, and is tried again`() async throws {
        try await withFolder { folder in
            try #require(mount("tmpfs", folder, "tmpfs", 0, "size=14m,mode=0700") == 0)
            defer { umount2(folder, Int32(MNT_DETACH)) }
            let log = LogRecord()
            let database = try await EmbeddedDatabase.open(path: folder + "/data", pragmas: [], logger: log.logger)
            let store = database.stateStore(namespace: "default")
            // The log fits beside the file as it is, and not beside the file that a checkpoint would make of it.
            let value = ByteBuffer(repeating: 1, count: 100 << 10)
            var count = 0
            while !log.ids.contains(where: { $0.contains("checkpoint") }), count < 120 {
                // A write is answered before the checkpoint, so the next one may meet the disk that it has filled.
                let write = StateWrite(key: "k\(count)", .upsert(value, timeToLiveSeconds: nil))
                guard await store.apply([write])[0].failure == nil else { break }
                count += 1
            }
            #expect(log.ids.contains { $0.contains("checkpoint") })
            #expect(try await store.get((0..<count).map { "k\($0)" }).allSatisfy { $0?.value == value })
            try #require(mount("tmpfs", folder, "tmpfs", UInt(MS_REMOUNT), "size=64m,mode=0700") == 0)
            for index in 0..<20 {
                try await store.apply(StateWrite(key: "more\(index)", .upsert(value, timeToLiveSeconds: nil)))
            }
            #expect(log.ids.count { $0.contains("checkpoint") } == 1)
            await database.close()
        }
    }

    /// The descriptor of this process that has the file open.
    private func descriptor(of path: String) -> Int32? {
        (0..<Int32(1024)).first { number in
            var target = [CChar](repeating: 0, count: 4096)
            let length = readlink("/proc/self/fd/\(number)", &target, target.count)
            return String(decoding: target.prefix(max(length, 0)).map { UInt8(bitPattern: $0) }, as: UTF8.self) == path
        }
    }
}

extension Result {
    fileprivate var failure: Failure? {
        if case .failure(let error) = self { return error }
        return nil
    }
}
