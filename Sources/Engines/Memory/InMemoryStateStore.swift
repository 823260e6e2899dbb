// SPDX-License-Identifier: Apache-2.0

package import BuildingBlocks
import Core
import NIOCore
import Synchronization

/// State that lives as long as the process: Dapr's `state.in-memory`, for tests and for data that may be lost.
package final class InMemoryStateStore: StateStore {
    package let features: StateFeatures = [.etag, .transactional, .timeToLive]
    package let durability = StateDurability.process

    fileprivate struct Contents {
        var items: [ExactKey: StateItem] = [:]
        /// Counts up with each upsert, so that no key ever sees an ETag twice.
        var etag: UInt64 = 0
        /// Writes since expired items were last looked for.
        var writesSinceSweep = 0
    }

    /// A sweep reads every item, so it comes once in so many writes as there are items, and not more often than this.
    fileprivate static let writesBetweenSweepsMin = 1024
    private let contents = Mutex(Contents())

    package init() {}

    package func get(_ key: String) async throws(StateError) -> StateItem? {
        let now = WallClock.milliseconds
        return contents.withLock { $0.living(key, now) }
    }

    package func get(_ keys: [String]) async throws(StateError) -> [StateItem?] {
        let now = WallClock.milliseconds
        return contents.withLock { contents in keys.map { contents.living($0, now) } }
    }

    package func apply(_ writes: [StateWrite]) async -> [Result<Void, StateError>] {
        let now = WallClock.milliseconds
        return contents.withLock { contents in
            writes.map { write in
                do throws(StateError) {
                    try contents.perform(write, now)
                    return .success(())
                } catch {
                    return .failure(error)
                }
            }
        }
    }

    package func transact(_ writes: [StateWrite]) async throws(StateError) {
        let now = WallClock.milliseconds
        try contents.withLock { contents throws(StateError) in
            // The dictionary is copied only if an operation follows that changes it, and dropped if one fails.
            var changed = contents
            for write in writes { try changed.perform(write, now) }
            contents = changed
        }
    }
}

extension InMemoryStateStore.Contents {
    fileprivate func living(_ key: String, _ now: Int64) -> StateItem? {
        guard let item = items[ExactKey(key)] else { return nil }
        if let expiry = item.expiresAtMilliseconds, expiry <= now { return nil }
        return item
    }

    fileprivate mutating func perform(_ write: StateWrite, _ now: Int64) throws(StateError) {
        try check(write, now)
        switch write.change {
        case .delete: items[ExactKey(write.key)] = nil
        case .upsert(let value, let seconds):
            etag += 1
            // The caller's buffer may be a slice of a much larger one.
            items[ExactKey(write.key)] = StateItem(
                value: ByteBuffer(bytes: value.readableBytesView), etag: String(etag),
                expiresAtMilliseconds: seconds.map { StateExpiry.milliseconds(after: $0, from: now) })
        }
        sweepIfDue(now)
    }

    private func check(_ write: StateWrite, _ now: Int64) throws(StateError) {
        switch write.condition {
        case .none: return
        case .absent:
            guard living(write.key, now) != nil else { return }
            throw StateError(.etagMismatch, "the key exists already", key: write.key)
        case .matches(let etag):
            guard living(write.key, now)?.etag != etag else { return }
            throw StateError(.etagMismatch, "the key's ETag is another one", key: write.key)
        }
    }

    private mutating func sweepIfDue(_ now: Int64) {
        writesSinceSweep += 1
        guard writesSinceSweep >= max(items.count, InMemoryStateStore.writesBetweenSweepsMin) else { return }
        writesSinceSweep = 0
        items = items.filter { $0.value.expiresAtMilliseconds.map { $0 > now } ?? true }
    }
}

extension ComponentKind<any StateStore> {
    /// `state.in-memory`: nothing to set.
    package static var inMemory: ComponentKind<any StateStore> {
        ComponentKind(type: "state.in-memory", settings: []) { _, _ in InMemoryStateStore() }
    }
}
