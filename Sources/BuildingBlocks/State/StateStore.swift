// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// A key-value store with ETags: what the state building block needs of an engine.
///
/// Guarantees, held by `StateStoreConformance` for every engine:
/// - A write that returned success is durable to the extent that `durability` says.
/// - A read that starts after a write was acknowledged to the same process sees that write or a later one.
/// - Every successful upsert gives its key an ETag that the key never had before, also across delete and re-creation.
/// - An expired item is never returned.
///
/// Keys arrive already prefixed (`app||key`); engines give them no meaning.
package protocol StateStore: Sendable {
    var features: StateFeatures { get }
    var durability: StateDurability { get }

    /// The item under `key`, or nil if there is none or it has expired.
    func get(_ key: String) async throws(StateError) -> StateItem?

    /// The items under `keys`, in their order; one snapshot where the engine can give one.
    ///
    /// An engine that copies values out refuses more than `StateReadLimit.bytesMax` of them together with `tooLarge`,
    /// before they fill the memory.
    func get(_ keys: [String]) async throws(StateError) -> [StateItem?]

    /// Applies each write on its own: one that fails leaves the others applied. The answers are in the order of
    /// `writes`.
    func apply(_ writes: [StateWrite]) async -> [Result<Void, StateError>]

    /// Applies all operations in order, or none of them.
    func transact(_ writes: [StateWrite]) async throws(StateError)
}

extension StateStore {
    /// Applies one write.
    package func apply(_ write: StateWrite) async throws(StateError) {
        try await apply([write])[0].get()
    }
}

/// What one read of several keys may bring.
package enum StateReadLimit {
    /// The values together: sixteen of the largest that the API takes by default.
    package static let bytesMax = 64 << 20
}

/// What an engine declares that it can do; the conformance suite and the metadata API read it.
package struct StateFeatures: OptionSet, Sendable {
    package let rawValue: Int
    package init(rawValue: Int) { self.rawValue = rawValue }

    package static let etag = StateFeatures(rawValue: 1 << 0)
    package static let transactional = StateFeatures(rawValue: 1 << 1)
    package static let timeToLive = StateFeatures(rawValue: 1 << 2)

    /// Dapr's names of the features, as `GET /v1.0/metadata` lists them.
    package var capabilities: [String] {
        var names: [String] = []
        if contains(.etag) { names.append("ETAG") }
        if contains(.transactional) { names.append("TRANSACTIONAL") }
        if contains(.timeToLive) { names.append("TTL") }
        return names
    }
}

/// What survives after a write was acknowledged.
package enum StateDurability: String, Sendable {
    /// The write has been fsynced: it survives a crash of the process and of the machine.
    case synced
    /// The write lives as long as the process.
    case process
}

/// A stored value. `value` owns its bytes: it doesn't pin a larger buffer.
package struct StateItem: Sendable, Equatable {
    package var value: ByteBuffer
    /// Opaque to everybody but the engine; never empty where the engine declares `.etag`.
    package var etag: String
    /// When the item expires, in milliseconds since 1970-01-01 UTC; nil if never.
    package var expiresAtMilliseconds: Int64?

    package init(value: ByteBuffer, etag: String, expiresAtMilliseconds: Int64? = nil) {
        self.value = value
        self.etag = etag
        self.expiresAtMilliseconds = expiresAtMilliseconds
    }
}

/// One change of one key.
package struct StateWrite: Sendable, Equatable {
    package enum Change: Sendable, Equatable {
        /// Stores the value; without a time to live an earlier one is removed. Seconds are above zero.
        case upsert(ByteBuffer, timeToLiveSeconds: Int64?)
        /// Removes the key; removing one that doesn't exist succeeds.
        case delete
    }

    /// What must hold of the key for the change to be made.
    package enum Condition: Sendable, Equatable {
        /// Last write wins.
        case none
        /// First write wins and no ETag was given: the key must not exist.
        case absent
        /// The key must exist with this ETag; one that the engine can't have made is a mismatch.
        case matches(String)
    }

    package var key: String
    package var change: Change
    package var condition: Condition

    package init(key: String, _ change: Change, if condition: Condition = .none) {
        self.key = key
        self.change = change
        self.condition = condition
    }
}

/// When an item expires, in one place for all engines.
package enum StateExpiry {
    /// The time `seconds` after `now`, both in milliseconds since 1970 but the seconds; a time beyond all clocks is the
    /// last.
    package static func milliseconds(after seconds: Int64, from now: Int64) -> Int64 {
        let (span, overflowsSpan) = seconds.multipliedReportingOverflow(by: 1000)
        let (time, overflowsTime) = now.addingReportingOverflow(span)
        return overflowsSpan || overflowsTime ? .max : time
    }
}
