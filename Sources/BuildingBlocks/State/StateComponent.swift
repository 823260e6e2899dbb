// SPDX-License-Identifier: Apache-2.0

/// A configured state store as the faces of the API see it: an engine, under a name, with one app's keys.
///
/// It adds the key prefix on the way in and takes it off on the way out, checks what the engine should never see, and
/// measures. Keys that enter `get`, `apply` and `transact` were made by `storedKey` and `write`, which check them.
package struct StateComponent: Sendable {
    /// The longest key that an app may choose, in bytes; longer ones are refused before they become rows and log lines.
    package static let keyBytesMax = 4096

    package let name: String
    /// Dapr's name of the type, such as `state.sqlite`.
    package let type: String
    package let version: String
    private let store: any StateStore
    private let prefix: String
    private let metrics: StateMetrics

    package init(
        name: String, type: String, version: String, store: any StateStore, keyPrefix: StateKeyPrefix = .appID,
        appID: String, namespace: String
    ) {
        self.name = name
        self.type = type
        self.version = version
        self.store = store
        self.prefix = keyPrefix.text(component: name, appID: appID, namespace: namespace)
        self.metrics = StateMetrics(component: name)
    }

    package var features: StateFeatures { store.features }
    package var durability: StateDurability { store.durability }

    /// The key as the store knows it.
    package func storedKey(_ key: String) throws(StateRequestError) -> String {
        if key.isEmpty { throw .keyMissing }
        if key.utf8.count > Self.keyBytesMax { throw .keyTooLong(limit: Self.keyBytesMax) }
        if key.containsStateSeparator { throw .keyIllegal(key) }
        return prefix.isEmpty ? key : prefix + key
    }

    /// The write that a request asks for; nothing has been written when it throws.
    package func write(_ request: StateRequest) throws(StateRequestError) -> StateWrite {
        try request.write(storedKey: storedKey(request.key))
    }

    /// The app's key of a key that the store knows.
    package func originalKey(_ storedKey: String) -> String {
        prefix.isEmpty ? storedKey : String(decoding: storedKey.utf8.dropFirst(prefix.utf8.count), as: UTF8.self)
    }

    package func get(_ storedKey: String) async throws(StateError) -> StateItem? {
        let started = ContinuousClock.now
        do {
            let item = try await store.get(storedKey)
            metrics.record(.get, since: started)
            return item
        } catch {
            metrics.record(.get, since: started)
            throw counted(error)
        }
    }

    /// The items under the keys, in their order.
    package func get(_ storedKeys: [String]) async throws(StateError) -> [StateItem?] {
        let started = ContinuousClock.now
        do {
            let items = try await store.get(storedKeys)
            metrics.record(.bulkGet, since: started)
            return items
        } catch {
            metrics.record(.bulkGet, since: started)
            throw counted(error)
        }
    }

    /// Applies each write on its own: one that fails leaves the others applied. The answers are in the order of
    /// `writes`.
    package func apply(_ writes: [StateWrite]) async -> [Result<Void, StateError>] {
        let started = ContinuousClock.now
        var results = await store.apply(writes)
        metrics.record(writes.allSatisfy { $0.change == .delete } ? .delete : .set, since: started)
        for index in results.indices {
            if case .failure(let error) = results[index] { results[index] = .failure(counted(error)) }
        }
        return results
    }

    /// Applies all writes in order, or none of them.
    package func transact(_ writes: [StateWrite]) async throws(StateError) {
        let started = ContinuousClock.now
        do {
            try await store.transact(writes)
            metrics.record(.transaction, since: started)
        } catch {
            metrics.record(.transaction, since: started)
            throw counted(error)
        }
    }

    /// The error with the app's own key, counted.
    private func counted(_ error: StateError) -> StateError {
        metrics.count(error.code)
        var error = error
        error.key = error.key.map(originalKey)
        return error
    }
}
