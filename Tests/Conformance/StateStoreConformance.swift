// SPDX-License-Identifier: Apache-2.0

package import BuildingBlocks
import NIOCore
import Testing

/// What every `StateStore` promises, as checks that an engine's tests run one by one against a store of their own.
///
/// Goal: whoever programs against the contract can change the engine. Method: only the contract's calls, on keys that
/// no other check uses; what needs a feature is skipped where the store doesn't declare it.
package struct StateStoreConformance: Sendable {
    package let store: any StateStore

    package init(_ store: any StateStore) { self.store = store }

    /// A check's name, as a sentence, and the check.
    package struct Check: Sendable, CustomTestStringConvertible {
        package var testDescription: String
        var features: StateFeatures = []
        package var body: @Sendable (StateStoreConformance) async throws -> Void

        /// Runs the check, unless the store doesn't declare what it needs.
        package func run(on store: any StateStore) async throws {
            guard store.features.isSuperset(of: features) else { return }
            try await body(StateStoreConformance(store))
        }
    }

    package static let checks: [Check] = values + etags + transactions + expiry + concurrency

    private static let values = [
        Check(testDescription: "values come back as the bytes that were stored") { try await $0.roundTrips() },
        Check(testDescription: "a large value comes back whole") { try await $0.largeValue() },
        Check(testDescription: "a deleted key is gone, and deleting a missing one succeeds") { try await $0.deletes() },
        Check(testDescription: "a bulk read answers in the order of its keys") { try await $0.bulkReads() },
        Check(testDescription: "keys are told apart byte by byte") { try await $0.keysAreExact() },
        Check(testDescription: "no writes and no keys are answered with nothing") { try await $0.emptyCalls() },
    ]

    private static let etags = [
        Check(testDescription: "a wrong ETag changes nothing, the right one does", features: .etag) {
            try await $0.etagDecides()
        },
        Check(testDescription: "an ETag that no store makes is a mismatch", features: .etag) {
            try await $0.foreignETags()
        },
        Check(testDescription: "a key never has an ETag twice", features: .etag) { try await $0.etagsAreNew() },
        Check(testDescription: "a bad ETag in bulk is refused alone", features: .etag) {
            try await $0.bulkWithBadETag()
        },
        Check(testDescription: "the first write wins", features: .etag) { try await $0.firstWriteWins() },
        Check(testDescription: "a delete is bound to its ETag", features: .etag) { try await $0.deleteWithETag() },
    ]

    private static let transactions = [
        Check(testDescription: "a transaction applies in order and the last wins", features: .transactional) {
            try await $0.transactionInOrder()
        },
        Check(testDescription: "one bad ETag undoes a whole transaction", features: [.transactional, .etag]) {
            try await $0.transactionIsAtomic()
        },
        Check(testDescription: "conditions see what the transaction did before", features: [.transactional, .etag]) {
            try await $0.transactionSeesItself()
        },
        Check(testDescription: "a bulk read never sees half a transaction", features: .transactional) {
            try await $0.snapshot()
        },
    ]

    private static let expiry = [
        Check(testDescription: "an expired item is gone for reads and conditions", features: .timeToLive) {
            try await $0.expires()
        },
        Check(testDescription: "a write without a time to live removes it", features: .timeToLive) {
            try await $0.rewriteRemovesExpiry()
        },
        Check(testDescription: "an enormous time to live never expires", features: .timeToLive) {
            try await $0.enormousTimeToLive()
        },
    ]

    private static let concurrency = [
        Check(testDescription: "concurrent increments with ETags lose no update", features: .etag) {
            try await $0.increments()
        },
        Check(testDescription: "a read after an acknowledged write sees it") { try await $0.readsItsWrites() },
        Check(testDescription: "of many first writes exactly one wins", features: .etag) {
            try await $0.oneFirstWriteWins()
        },
    ]
}

// MARK: - Shorthands

extension StateStoreConformance {
    func save(
        _ key: String, _ value: String, timeToLive: Int64? = nil, if condition: StateWrite.Condition = .none
    )
        async throws(StateError)
    {
        try await store.apply(.save(key, value, timeToLive: timeToLive, if: condition))
    }

    func value(_ key: String) async throws(StateError) -> String? {
        try await store.get(key).map { String(buffer: $0.value) }
    }

    /// The ETag of a key that must exist.
    func etag(_ key: String) async throws -> String {
        try #require(await store.get(key)).etag
    }

    func expectMismatch(_ write: StateWrite, sourceLocation: Testing.SourceLocation = #_sourceLocation) async {
        let error = await #expect(throws: StateError.self, sourceLocation: sourceLocation) {
            try await store.apply(write)
        }
        #expect(error?.code == .etagMismatch, sourceLocation: sourceLocation)
    }
}

extension StateWrite {
    static func save(
        _ key: String, _ value: String, timeToLive: Int64? = nil, if condition: Condition = .none
    )
        -> StateWrite
    {
        StateWrite(key: key, .upsert(ByteBuffer(string: value), timeToLiveSeconds: timeToLive), if: condition)
    }

    static func delete(_ key: String, if condition: Condition = .none) -> StateWrite {
        StateWrite(key: key, .delete, if: condition)
    }
}
