// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import NIOCore
import Synchronization
import Testing

@Suite struct StateComponentTests {
    @Test(
        arguments: [
            (nil, "cart||k"), ("", "cart||k"), ("appid", "cart||k"), ("APPID", "cart||k"), ("name", "store||k"),
            ("namespace", "shop.cart||k"), ("none", "k"), ("Shared", "shared||k"),
        ] as [(String?, String)])
    func `a key prefix gives the stored keys that Dapr gives`(setting: String?, stored: String) throws {
        let component = makeComponent(try StateKeyPrefix(setting))
        #expect(try component.storedKey("k") == stored)
        #expect(component.originalKey(stored) == "k")
    }

    @Test func `a prefix without an app or a namespace falls back`() throws {
        #expect(try makeComponent(.namespace, namespace: "").storedKey("k") == "cart||k")
        #expect(try makeComponent(.namespace, appID: "").storedKey("k") == "k")
        #expect(try makeComponent(.appID, appID: "").storedKey("k") == "k")
    }

    @Test func `bars are refused in prefixes and keys, and empty and long keys too`() {
        #expect(throws: StateRequestError.keyIllegal("a||b")) { try StateKeyPrefix("a||b") }
        let component = makeComponent(.none)
        #expect(throws: StateRequestError.keyIllegal("x||y")) { try component.storedKey("x||y") }
        #expect(throws: StateRequestError.keyIllegal("|||")) { try component.storedKey("|||") }
        #expect(throws: StateRequestError.keyMissing) { try component.storedKey("") }
        let max = StateComponent.keyBytesMax
        #expect(throws: StateRequestError.keyTooLong(limit: max)) {
            try component.storedKey(String(repeating: "k", count: max + 1))
        }
        #expect(throws: Never.self) { try component.storedKey(String(repeating: "k", count: max)) }
        #expect(throws: Never.self) { try component.storedKey("a|b|c|") }
    }

    @Test(
        arguments: [
            (nil, nil, .none), ("", nil, .none), ("7", nil, .matches("7")), (nil, "first-write", .absent),
            ("", "first-write", .absent), ("7", "first-write", .matches("7")), ("7", "last-write", .none),
            ("7", "", .matches("7")),
        ] as [(String?, String?, StateWrite.Condition)])
    func `ETag and concurrency make the condition of a save`(
        etag: String?, concurrency: String?, condition: StateWrite.Condition
    ) throws {
        let request = StateRequest(key: "k", value: ByteBuffer(string: "1"), etag: etag, concurrency: concurrency)
        #expect(try makeComponent(.appID).write(request).condition == condition)
    }

    @Test func `a delete with first-write and no ETag has no condition`() throws {
        let request = StateRequest(key: "k", value: nil, concurrency: "first-write")
        #expect(try makeComponent(.appID).write(request) == StateWrite(key: "cart||k", .delete))
    }

    @Test(
        arguments: [(nil, nil), ("5", 5), ("0", nil), ("-1", nil), ("-99", nil), ("31622400000", 31_622_400_000)]
            as [(String?, Int64?)])
    func `a time to live above zero is set`(text: String?, seconds: Int64?) throws {
        let request = StateRequest(key: "k", value: ByteBuffer(), timeToLive: text)
        #expect(try makeComponent(.appID).write(request).change == .upsert(ByteBuffer(), timeToLiveSeconds: seconds))
    }

    @Test(arguments: ["", " 5", "5.0", "x", "31622400001", "9223372036854775808"])
    func `a bad time to live is refused`(text: String) {
        let request = StateRequest(key: "k", value: ByteBuffer(), timeToLive: text)
        #expect(throws: StateRequestError.timeToLiveInvalid) { try makeComponent(.appID).write(request) }
    }

    @Test func `unknown options are refused`() {
        #expect(throws: StateRequestError.concurrencyUnknown) {
            try makeComponent(.appID).write(StateRequest(key: "k", value: nil, concurrency: "x"))
        }
        #expect(throws: StateRequestError.consistencyUnknown) {
            try makeComponent(.appID).write(StateRequest(key: "k", value: nil, consistency: "x"))
        }
    }

    @Test func `errors come back with the app's own key`() async throws {
        let component = makeComponent(.appID)
        let write = StateWrite(key: "cart||k", .delete)
        let results = await component.apply([write])
        #expect(throws: StateError.self) { try results[0].get() }
        if case .failure(let error) = results[0] { #expect(error.key == "k") }
        let thrown = await #expect(throws: StateError.self) { try await component.transact([write]) }
        #expect(thrown?.key == "k")
        #expect(await #expect(throws: StateError.self) { try await component.get("cart||k") }?.key == "k")
        #expect(await #expect(throws: StateError.self) { try await component.get(["cart||k"]) }?.key == "k")
    }

    private func makeComponent(
        _ prefix: StateKeyPrefix, appID: String = "cart", namespace: String = "shop"
    ) -> StateComponent {
        StateComponent(
            name: "store", type: "state.broken", version: "v1", store: BrokenStore(), keyPrefix: prefix, appID: appID,
            namespace: namespace)
    }
}

/// A store in which every call fails, naming the key as it got it.
private struct BrokenStore: StateStore {
    let features: StateFeatures = []
    let durability = StateDurability.process

    private func error(_ key: String) -> StateError { StateError(.failed, "broken", key: key) }

    func get(_ key: String) async throws(StateError) -> StateItem? { throw error(key) }
    func get(_ keys: [String]) async throws(StateError) -> [StateItem?] { throw error(keys[0]) }
    func apply(_ writes: [StateWrite]) async -> [Result<Void, StateError>] { writes.map { .failure(error($0.key)) } }
    func transact(_ writes: [StateWrite]) async throws(StateError) { throw error(writes[0].key) }
}
