// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Glibc
import Testing

@testable import SQLiteEngine

@Suite struct NameRegistryTests {
    private func record(_ id: String, app: String = "cart", namespace: String = "default") -> SidecarRecord {
        SidecarRecord(
            id: id, appID: app, namespace: namespace, processID: getpid(), apiAddress: "127.0.0.1:3500", appPort: 8080,
            internalAddress: "127.0.0.1:4000", secret: "secret", adminAddress: "127.0.0.1:9090")
    }

    @Test func `a sidecar without an internal or admin listener is known too`() async throws {
        try await withDatabase { database, _ in
            var bare = record("a")
            (bare.internalAddress, bare.secret, bare.adminAddress, bare.appPort) = (nil, nil, nil, nil)
            try await database.nameRegistry.register(bare)
            #expect(try await database.nameRegistry.sidecars(inNamespace: "default") == [bare])
        }
    }

    @Test func `only a folder with a database has been used`() async throws {
        try await withDatabase { _, folder in
            #expect(EmbeddedDatabase.exists(in: folder))
            #expect(!EmbeddedDatabase.exists(in: folder + "/sidecars"))
        }
    }

    @Test func `sidecars of one namespace find each other, ordered by app`() async throws {
        try await withDatabase { first, folder in
            let second = try await EmbeddedDatabase.open(path: folder, logger: quiet)
            try await first.nameRegistry.register(record("b", app: "orders"))
            try await second.nameRegistry.register(record("a", app: "cart"))
            let found = try await first.nameRegistry.sidecars(inNamespace: "default")
            #expect(found == [record("a", app: "cart"), record("b", app: "orders")])
            #expect(try await second.nameRegistry.sidecars(inNamespace: "default") == found)
            #expect(try await first.nameRegistry.sidecars(inNamespace: "other").isEmpty)
            await second.close()
        }
    }

    @Test func `two sidecars of one app are both known`() async throws {
        try await withDatabase { first, folder in
            let second = try await EmbeddedDatabase.open(path: folder, logger: quiet)
            try await first.nameRegistry.register(record("a"))
            try await second.nameRegistry.register(record("b"))
            #expect(try await first.nameRegistry.sidecars(inNamespace: "default").map(\.id) == ["a", "b"])
            await second.close()
        }
    }

    @Test func `registering again replaces the record, and unregistering forgets it`() async throws {
        try await withDatabase { database, folder in
            try await database.nameRegistry.register(record("a"))
            try await database.nameRegistry.register(record("a", app: "renamed"))
            #expect(try await database.nameRegistry.sidecars(inNamespace: "default").map(\.appID) == ["renamed"])
            try await database.nameRegistry.unregister()
            #expect(try await database.nameRegistry.sidecars(inNamespace: "default").isEmpty)
            #expect(access(folder + "/sidecars/a.lock", F_OK) != 0)
            try await database.nameRegistry.unregister()
        }
    }

    @Test func `a sidecar that died is forgotten by whoever looks`() async throws {
        try await withDatabase { survivor, folder in
            setenv("OUTRIGGER_TEST_FOLDER", folder, 1)
            await #expect(processExitsWith: .signal(SIGKILL)) {
                let folder = String(cString: getenv("OUTRIGGER_TEST_FOLDER"))
                let database = try await EmbeddedDatabase.open(path: folder, logger: quiet)
                try await database.nameRegistry.register(
                    SidecarRecord(
                        id: "dead", appID: "cart", namespace: "default", processID: getpid(), apiAddress: "x:1",
                        appPort: nil))
                kill(getpid(), SIGKILL)
            }
            #expect(access(folder + "/sidecars/dead.lock", F_OK) == 0)
            let found = try await survivor.nameRegistry.sidecars(inNamespace: "default")
            #expect(found.isEmpty)
            #expect(access(folder + "/sidecars/dead.lock", F_OK) != 0)
        }
    }

    @Test func `an id that is taken, or that isn't a file name, is refused`() async throws {
        try await withDatabase { first, folder in
            let second = try await EmbeddedDatabase.open(path: folder, logger: quiet)
            try await first.nameRegistry.register(record("a"))
            await #expect(throws: StateError.self) { try await second.nameRegistry.register(record("a")) }
            for id in ["", "../a", "a/b", "a b"] {
                await #expect(throws: StateError.self) { try await second.nameRegistry.register(record(id)) }
            }
            await second.close()
        }
    }

    @Test func `an app's id may have dots`() async throws {
        try await withDatabase { database, _ in
            try await database.nameRegistry.register(record("my.app-1"))
            #expect(try await database.nameRegistry.sidecars(inNamespace: "default").map(\.id) == ["my.app-1"])
        }
    }
}
