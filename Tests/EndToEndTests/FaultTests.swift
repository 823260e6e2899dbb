// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Mounting needs root; without it these tests are left out and say so.
private let canMount = geteuid() == 0 && access("/usr/bin/unshare", X_OK) == 0

extension EndToEnd {
    @Suite struct Faults {
        @Test(.enabled(if: canMount, "mounting a full disk needs root"))
        func `a full disk refuses writes whole, keeps serving reads, and recovers when there is room`() throws {
            let folder = try TemporaryFolder()
            let data = folder.path("data")
            try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
            // The data folder is a disk of 2 MiB that only the sidecar sees, half of it taken by somebody else.
            let mount = #"""
                mount -t tmpfs -o size=2m,mode=0700 tmpfs "$0" \
                    && head -c 1000000 /dev/zero > "$0/somebody-elses" && exec "$@"
                """#
            let sidecar = try Sidecar(.init(wrapper: ["unshare", "-m", "sh", "-c", mount, data], folder: folder))
            try sidecar.waitUntilServing()
            #expect(try sidecar.save("first", "1").status == 204)

            let value = "\"" + String(repeating: "x", count: 50_000) + "\""
            let answers = try (0..<60).map { try sidecar.save("k\($0)", value) }
            let refused = try #require(answers.first { $0.status != 204 })
            #expect(refused.status >= 500)
            #expect(refused.errorCode == "ERR_STATE_SAVE")
            #expect(try sidecar.load("first").body == "1")
            #expect(sidecar.outboundStatus == 204)

            // The sidecar's own view of the disk is reached through its process.
            try FileManager.default.removeItem(atPath: "/proc/\(sidecar.process.processID)/root\(data)/somebody-elses")
            try sidecar.waitUntil("writes work again") { try sidecar.save("later", "2").status == 204 }
            #expect(try sidecar.load("later").body == "2")
        }

        @Test(.enabled(if: canMount, "mounting a read-only folder needs root"))
        func `a read-only data folder stops the start and is named`() throws {
            let folder = try TemporaryFolder()
            let data = folder.path("data")
            try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
            let mount = #"mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@""#
            let sidecar = try Sidecar(.init(wrapper: ["unshare", "-m", "sh", "-c", mount, data], folder: folder))
            #expect(try sidecar.process.waitForExit() != .status(0))
            #expect(sidecar.process.standardError.contains(data))
        }

        @Test func `a database whose head is damaged is named and never served`() throws {
            let database = try filledDatabase()
            try overwrite(database.file, at: 0, with: [UInt8](repeating: 0x5A, count: 100))
            try expectNamedAndNeverServed(database)
        }

        @Test func `a database whose pages are damaged is named and never served`() throws {
            let database = try filledDatabase()
            let size = try #require(
                try FileManager.default.attributesOfItem(atPath: database.file)[.size] as? Int)
            let noise = (0..<(size - 4096)).map { UInt8(truncatingIfNeeded: $0 &* 31) }  // Safe: it is meant to wrap.
            try overwrite(database.file, at: 4096, with: noise)
            try expectNamedAndNeverServed(database)
        }

        @Test func `a database of a newer version is refused and stays as it is`() throws {
            let database = try filledDatabase()
            try runSQL("PRAGMA user_version = \(0x7FFF_0000)", on: database.file)
            let before = try Data(contentsOf: URL(fileURLWithPath: database.file))
            let sidecar = try Sidecar(.init(folder: database.folder))
            #expect(try sidecar.process.waitForExit() != .status(0))
            #expect(sidecar.process.standardError.contains("version"))
            #expect(try Data(contentsOf: URL(fileURLWithPath: database.file)) == before)
        }

        @Test func `a torn last frame of the log costs at most the write that it belonged to`() throws {
            let first = try Sidecar.alone()
            _ = try first.save("whole", "1")
            let log = try databaseFile(in: first.folder.path("data")) + "-wal"
            let sizeBefore = try size(of: log)
            _ = try first.save("torn", "\"" + String(repeating: "x", count: 10_000) + "\"")
            try first.crash()
            let sizeAfter = try size(of: log)
            #expect(sizeAfter > sizeBefore)
            #expect(truncate(log, off_t((sizeBefore + sizeAfter) / 2)) == 0)

            let second = try Sidecar.alone(on: first.folder)
            #expect(try second.load("whole").body == "1")
            #expect(try second.load("torn").status == 204)
            #expect(try second.save("torn", "2").status == 204)
            #expect(try second.load("torn").body == "2")
        }

        @Test func `kill -9 under load loses no acknowledged write and halves no transaction`() throws {
            try Binary.require()
            let folder = try TemporaryFolder()
            let project = FileManager.default.currentDirectoryPath
            let checker = try ChildProcess(
                [
                    "python3", "\(project)/Benchmarks/api.py", "crash", "--quick", "--binary", Binary.path, "--folder",
                    folder.path,
                ],
                environment: Binary.environment(home: folder.path), workingDirectory: project)
            #expect(try checker.waitForExit(upTo: .seconds(120)) == .status(0), "\(checker.output)")
        }
    }
}

// MARK: - Damage

/// A database with a few hundred keys that no sidecar has open; its log is empty, so that damage isn't papered over.
private struct Database {
    var folder: TemporaryFolder
    var file: String
    let keys = 500
    let value = "\"" + String(repeating: "v", count: 400) + "\""
}

private func filledDatabase() throws -> Database {
    let sidecar = try Sidecar.alone()
    let database = Database(folder: sidecar.folder, file: try databaseFile(in: sidecar.folder.path("data")))
    let writes = (0..<database.keys).map { #"{"key":"k\#($0)","value":\#(database.value)}"# }
    #expect(try sidecar.api.post("/v1.0/state/statestore", "[\(writes.joined(separator: ","))]").status == 204)
    try sidecar.stop()
    try runSQL("PRAGMA wal_checkpoint(TRUNCATE)", on: database.file)
    return database
}

/// The start fails and names the file, or each read does; no read gives anything but what was saved.
private func expectNamedAndNeverServed(_ database: Database) throws {
    let sidecar = try Sidecar(.init(folder: database.folder))
    let name = (database.file as NSString).lastPathComponent
    try wait(for: "the end or the start") { sidecar.process.exitNow() != nil || sidecar.outboundStatus == 204 }
    if let exit = sidecar.process.exitNow() {
        #expect(exit != .status(0))
        #expect(sidecar.process.standardError.contains(name))
        return
    }
    let answers = try (0..<database.keys).map { try sidecar.load("k\($0)") }
    #expect(answers.allSatisfy { $0.status == 500 || $0.body == database.value })
    let refused = try #require(answers.first { $0.status == 500 })
    #expect((refused.body + sidecar.process.output).contains(name))
    #expect(try sidecar.save("k", "1").status >= 500)
}

/// The SQLite file in a data folder.
private func databaseFile(in data: String) throws -> String {
    let magic = Data("SQLite format 3".utf8)
    let files = FileManager.default.enumerator(atPath: data)?.allObjects as? [String] ?? []
    let found = files.map { "\(data)/\($0)" }.first {
        FileManager.default.contents(atPath: $0)?.starts(with: magic) == true
    }
    return try #require(found, "no SQLite file in \(data), which has \(files)")
}

/// Runs a statement with Python's SQLite, which stands for any other program that opens the file.
private func runSQL(_ statement: String, on file: String) throws {
    let script = """
        import sqlite3, sys
        database = sqlite3.connect(sys.argv[1])
        database.execute(sys.argv[2]).fetchall()
        database.commit()
        database.close()
        """
    let process = try ChildProcess(
        ["python3", "-c", script, file, statement], environment: Binary.environment(home: "/"), workingDirectory: "/")
    #expect(try process.waitForExit() == .status(0), "\(process.output)")
}

private func overwrite(_ file: String, at offset: UInt64, with bytes: [UInt8]) throws {
    let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: file))
    defer { try? handle.close() }
    try handle.seek(toOffset: offset)
    try handle.write(contentsOf: bytes)
}

private func size(of file: String) throws -> Int {
    try #require(try FileManager.default.attributesOfItem(atPath: file)[.size] as? Int)
}
