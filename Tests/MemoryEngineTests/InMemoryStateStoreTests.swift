// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Conformance
import MemoryEngine
import NIOCore
import Testing

@Suite struct InMemoryStateStoreTests {
    @Test("the store keeps the contract", arguments: StateStoreConformance.checks)
    func conforms(to check: StateStoreConformance.Check) async throws {
        try await check.run(on: InMemoryStateStore())
    }

    @Test func `it declares its features and its durability`() {
        let store = InMemoryStateStore()
        #expect(store.features == [.etag, .transactional, .timeToLive])
        #expect(store.durability == .process)
        #expect(ComponentKind.inMemory.type == "state.in-memory")
    }

    @Test func `two stores share nothing`() async throws {
        let stores = [InMemoryStateStore(), InMemoryStateStore()]
        try await stores[0].apply(
            StateWrite(key: "k", .upsert(ByteBuffer(string: "1"), timeToLiveSeconds: nil)))
        #expect(try await stores[1].get("k") == nil)
    }
}
