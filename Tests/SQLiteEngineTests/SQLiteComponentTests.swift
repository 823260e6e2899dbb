// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Conformance
import Core
import Glibc
import NIOCore
import SQLiteClient
import Testing

@testable import SQLiteEngine

@Suite struct SQLiteComponentTests {
    func make(_ values: [String: String]) async throws -> any StateStore {
        let location = SourceLocation.file("sqlite.yaml", line: 1, column: 1)
        let metadata = ComponentMetadata(
            componentName: "store", location: location,
            values: Dictionary(
                uniqueKeysWithValues: values.map { name, text in
                    (
                        name.lowercased(),
                        ComponentMetadata.Value(text: text, location: .file("sqlite.yaml", line: 7, column: 1))
                    )
                }))
        return try await ComponentKind.sqlite.make(
            metadata, ComponentSurroundings(appID: "cart", namespace: "default", logger: quiet))
    }

    @Test("a file in Dapr's layout keeps the contract", arguments: StateStoreConformance.checks)
    func fileConforms(to check: StateStoreConformance.Check) async throws {
        try await withFolder { folder in
            try await check.run(on: make(["connectionString": folder + "/data.db"]))
        }
    }

    @Test("a database in memory keeps the contract", arguments: StateStoreConformance.checks)
    func memoryConforms(to check: StateStoreConformance.Check) async throws {
        try await check.run(on: make(["connectionString": ":memory:"]))
    }

    @Test("a rollback journal keeps the contract", arguments: StateStoreConformance.checks)
    func rollbackJournalConforms(to check: StateStoreConformance.Check) async throws {
        try await withFolder { folder in
            try await check.run(
                on: make(["connectionString": "file:\(folder)/data.db?cache=private", "disableWAL": "true"]))
        }
    }

    @Test func `rows are as Dapr writes them`() async throws {
        try await withFolder { folder in
            let path = folder + "/data.db"
            let store = try await make(["connectionString": path, "tableName": "cart_state"])
            try await store.apply(.save("text", #"{"a": 1}"#, timeToLive: 100))
            try await store.apply(
                StateWrite(key: "bytes", .upsert(ByteBuffer(bytes: [1, 2, 255]), timeToLiveSeconds: nil)))
            let file = try Database(path: path)
            #expect(try file.text("SELECT value FROM cart_state WHERE key = 'text'") == #"{"a": 1}"#)
            #expect(try file.text("SELECT typeof(value) FROM cart_state WHERE key = 'bytes'") == "text")
            #expect(try file.text("SELECT value || is_binary FROM cart_state WHERE key = 'bytes'") == "AQL/1")
            #expect(try file.integer("SELECT is_binary FROM cart_state WHERE key = 'text'") == 0)
            #expect(try file.integer("SELECT length(etag) FROM cart_state WHERE key = 'text'") == 36)
            #expect(
                try file.integer("SELECT count(*) FROM cart_state WHERE expiration_time > CURRENT_TIMESTAMP") == 1)
            #expect(try file.text("SELECT value FROM metadata WHERE key = 'migrations'") == "1")
        }
    }

    @Test func `a file that Dapr wrote is read and continued`() async throws {
        try await withFolder { folder in
            let path = folder + "/data.db"
            try Database(path: path).execute(
                """
                CREATE TABLE metadata (key text NOT NULL PRIMARY KEY, value text NOT NULL);
                INSERT INTO metadata VALUES ('migrations', '1'), ('last-cleanup', '2026-01-01 00:00:00');
                CREATE TABLE state (key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL, is_binary BOOLEAN NOT NULL,
                    etag TEXT NOT NULL, expiration_time TIMESTAMP DEFAULT NULL,
                    update_time TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP);
                INSERT INTO state VALUES
                    ('cart||a', '[1]', 0, '11111111-2222-4333-8444-555555555555', NULL, CURRENT_TIMESTAMP),
                    ('cart||b', 'AQI=', 1, '11111111-2222-4333-8444-555555555556',
                        DATETIME(CURRENT_TIMESTAMP, '+100 seconds'), CURRENT_TIMESTAMP),
                    ('cart||c', '1', 0, 'x', DATETIME(CURRENT_TIMESTAMP, '-1 seconds'), CURRENT_TIMESTAMP);
                """)
            let store = try await make(["connectionString": path])
            let items = try await store.get(["cart||a", "cart||b", "cart||c"])
            #expect(items[0].map { String(buffer: $0.value) } == "[1]")
            #expect(items[1]?.value == ByteBuffer(bytes: [1, 2]))
            #expect(items[1]?.expiresAtMilliseconds.map { $0 % 1000 } == 0)
            #expect(items[2] == nil)
            try await store.apply(.save("cart||a", "[2]", if: .matches("11111111-2222-4333-8444-555555555555")))
            #expect(try await store.get("cart||a").map { String(buffer: $0.value) } == "[2]")
        }
    }

    @Test func `a file that a newer Dapr migrated is refused`() async throws {
        try await withFolder { folder in
            let path = folder + "/data.db"
            try Database(path: path).execute(
                """
                CREATE TABLE metadata (key text NOT NULL PRIMARY KEY, value text NOT NULL);
                INSERT INTO metadata VALUES ('migrations', '2');
                """)
            let error = await #expect(throws: StateError.self) { try await make(["connectionString": path]) }
            #expect(error?.code == .failed)
            #expect(error?.description.contains(path) == true)
        }
    }

    @Test func `a read-only database is read and refuses writes`() async throws {
        try await withFolder { folder in
            let path = folder + "/data.db"
            let writer = try await make(["connectionString": path, "disableWAL": "true"])
            try await writer.apply(.save("k", "1"))
            let reader = try await make(["connectionString": "file:\(path)?mode=ro"])
            #expect(try await reader.get("k") != nil)
            let error = await #expect(throws: StateError.self) { try await reader.apply(.save("k", "2")) }
            #expect(error?.code == .readOnly)
        }
    }

    @Test func `expired items are deleted when a cleanup interval is given`() async throws {
        try await withFolder { folder in
            let path = folder + "/data.db"
            let store = try await make(["connectionString": path, "cleanupInterval": "1s"])
            try await store.apply(.save("short", "1", timeToLive: 1))
            try await Task.sleep(for: .milliseconds(2500))
            #expect(try Database(path: path).integer("SELECT count(*) FROM state") == 0)
        }
    }

    @Test(
        "a wrong setting is a problem with its place",
        arguments: [
            (["connectionString": ""], "connectionString"),
            (["connectionString": "file:?mode=rw"], "connectionString"),
            (["connectionString": "x.db?_pragma=journal_mode(DELETE)"], "connectionString"),
            (["connectionString": "x.db?_pragma=cache_size"], "connectionString"),
            (["connectionString": ":memory:", "timeout": "soon"], "timeout"),
            (["connectionString": ":memory:", "timeout": "10ms"], "timeout"),
            (["connectionString": ":memory:", "busyTimeout": "1 hour"], "busyTimeout"),
            (["connectionString": ":memory:", "disableWAL": "perhaps"], "disableWAL"),
            (["connectionString": ":memory:", "tableName": "a; DROP TABLE b"], "tableName"),
            (["connectionString": ":memory:", "metadataTableName": "ü"], "metadataTableName"),
            (["connectionString": ":memory:", "cleanupInterval": "x"], "cleanupInterval"),
        ])
    func wrongSetting(values: [String: String], key: String) async {
        let problem = await #expect(throws: Problem.self) { try await make(values) }
        #expect(problem?.key == "spec.metadata.\(key)")
        #expect(problem?.description.hasPrefix("sqlite.yaml:7: ") == true)
    }

    @Test func `a missing connection string is a problem`() async {
        let problem = await #expect(throws: Problem.self) { try await make([:]) }
        #expect(problem?.description.hasPrefix("sqlite.yaml:1: spec.metadata.connectionString") == true)
    }

    @Test func `durations are read as Go writes them`() {
        #expect(ComponentMetadata.duration("20") == .seconds(20))
        #expect(ComponentMetadata.duration("1m30s") == .seconds(90))
        #expect(ComponentMetadata.duration("250ms") == .milliseconds(250))
        #expect(ComponentMetadata.duration("1.5h") == .seconds(5400))
        #expect(ComponentMetadata.duration("-1s") == .seconds(-1))
        for wrong in ["", "s", "1d", "1 s", "1s2"] { #expect(ComponentMetadata.duration(wrong) == nil) }
    }
}
