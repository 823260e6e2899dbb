// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Conformance
import Logging
import NIOCore
import Testing

@testable import SQLiteEngine

@Suite struct EmbeddedConformanceTests {
    @Test("the embedded store keeps the contract", arguments: StateStoreConformance.checks)
    func conforms(to check: StateStoreConformance.Check) async throws {
        try await withDatabase { database, _ in
            try await check.run(on: database.stateStore(namespace: "default"))
        }
    }

    @Test func `namespaces don't meet`() async throws {
        try await withDatabase { database, _ in
            let red = database.stateStore(namespace: "red")
            let blue = database.stateStore(namespace: "blue")
            try await red.apply(.save("k", "1"))
            #expect(try await blue.get("k") == nil)
            try await blue.apply(.delete("k"))
            #expect(try await red.get("k") != nil)
        }
    }

    @Test func `state outlives the process that wrote it`() async throws {
        try await withFolder { folder in
            let first = try await EmbeddedDatabase.open(path: folder, logger: quiet)
            try await first.stateStore(namespace: "default").apply(.save("k", "kept"))
            let etag = try #require(await first.stateStore(namespace: "default").get("k")).etag
            await first.close()
            let second = try await EmbeddedDatabase.open(path: folder, logger: quiet)
            let item = try #require(await second.stateStore(namespace: "default").get("k"))
            #expect(String(buffer: item.value) == "kept")
            #expect(item.etag == etag)
            await second.close()
        }
    }

    @Test func `a closed store answers that it is unavailable`() async throws {
        try await withFolder { folder in
            let database = try await EmbeddedDatabase.open(path: folder, logger: quiet)
            let store = database.stateStore(namespace: "default")
            await database.close()
            let error = await #expect(throws: StateError.self) { try await store.get("k") }
            #expect(error?.code == .unavailable)
            #expect(await store.apply([.save("k", "1"), .save("k", "2")]).count == 2)
        }
    }
}
