// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import NIOCore
import Synchronization

/// A store in a dictionary, which fails as it is told to.
final class FakeStateStore: StateStore {
    private struct State {
        var items: [String: StateItem] = [:]
        var counter = 0
        var failure: StateError?
    }

    let features: StateFeatures
    let durability = StateDurability.process
    private let state = Mutex(State())

    init(features: StateFeatures = [.etag, .transactional, .timeToLive]) { self.features = features }

    /// From now on every call fails with this, or none does.
    func fail(with error: StateError?) { state.withLock { $0.failure = error } }

    var keys: [String] { state.withLock { $0.items.keys.sorted() } }

    func put(_ key: String, _ bytes: String) {
        state.withLock { $0.items[key] = StateItem(value: ByteBuffer(string: bytes), etag: "raw") }
    }

    func get(_ key: String) async throws(StateError) -> StateItem? { try await get([key])[0] }

    func get(_ keys: [String]) async throws(StateError) -> [StateItem?] {
        let result: Result<[StateItem?], StateError> = state.withLock { state in
            if let failure = state.failure { return .failure(failure) }
            return .success(keys.map { state.items[$0] })
        }
        return try result.get()
    }

    func apply(_ writes: [StateWrite]) async -> [Result<Void, StateError>] {
        state.withLock { state in
            writes.map { write in Result { () throws(StateError) in try Self.apply(write, &state) } }
        }
    }

    func transact(_ writes: [StateWrite]) async throws(StateError) {
        let result: Result<Void, StateError> = state.withLock { state in
            let before = state
            return Result { () throws(StateError) in
                do throws(StateError) { for write in writes { try Self.apply(write, &state) } } catch {
                    state = before
                    throw error
                }
            }
        }
        try result.get()
    }

    private static func apply(_ write: StateWrite, _ state: inout State) throws(StateError) {
        if let failure = state.failure { throw failure }
        let current = state.items[write.key]
        switch write.condition {
        case .none: break
        case .absent: if current != nil { throw StateError(.etagMismatch, "the key exists", key: write.key) }
        case .matches(let etag):
            if current?.etag != etag { throw StateError(.etagMismatch, "the ETag is another one", key: write.key) }
        }
        switch write.change {
        case .delete: state.items[write.key] = nil
        case .upsert(let value, let seconds):
            state.counter += 1
            // 2033-05-18T03:33:20Z, so that the test knows the text.
            let expiry = seconds.map { 2_000_000_000_000 + $0 * 1000 }
            state.items[write.key] = StateItem(value: value, etag: "\(state.counter)", expiresAtMilliseconds: expiry)
        }
    }
}
