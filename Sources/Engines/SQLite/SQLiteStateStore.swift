// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks

/// State in a SQLite file, in one namespace of it.
struct SQLiteStateStore: StateStore {
    let features: StateFeatures = [.etag, .transactional, .timeToLive]
    let durability: StateDurability
    private let store: SQLiteStore
    private let namespace: String

    init(_ store: SQLiteStore, namespace: String, durability: StateDurability) {
        self.store = store
        self.namespace = namespace
        self.durability = durability
    }

    func get(_ key: String) async throws(StateError) -> StateItem? {
        try await withUnsafeContinuation { store.read(.get(namespace: namespace, key: key, $0)) }.get()
    }

    func get(_ keys: [String]) async throws(StateError) -> [StateItem?] {
        if keys.isEmpty { return [] }
        return try await withUnsafeContinuation { store.read(.getMany(namespace: namespace, keys: keys, $0)) }.get()
    }

    func apply(_ writes: [StateWrite]) async -> [Result<Void, StateError>] {
        if writes.isEmpty { return [] }
        return await withUnsafeContinuation { store.write(.apply(namespace: namespace, writes, $0)) }
    }

    func transact(_ writes: [StateWrite]) async throws(StateError) {
        if writes.isEmpty { return }
        try await withUnsafeContinuation { store.write(.transact(namespace: namespace, writes, $0)) }.get()
    }
}
