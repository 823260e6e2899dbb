// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import NIOCore
import Testing

@testable import SQLiteEngine

@Suite struct LimitTests {
    @Test func `keys whose values are too large together are refused while they are read`() async throws {
        try await withDatabase { database, _ in
            let store = database.stateStore(namespace: "default")
            let large = ByteBuffer(repeating: 0x31, count: 4 << 20)
            try await store.apply(StateWrite(key: "large", .upsert(large, timeToLiveSeconds: nil)))
            #expect(try await store.get(Array(repeating: "large", count: 16)).count == 16)
            let error = await #expect(throws: StateError.self) {
                try await store.get(Array(repeating: "large", count: 17))
            }
            #expect(error?.code == .tooLarge)
            #expect(try await store.get("large")?.value == large)
        }
    }

    @Test func `a waiting write counts its key and its value`() {
        let write = StateWrite.save(String(repeating: "k", count: 4000), "12345")
        #expect(write.byteCount >= 4005)
        #expect(StateWrite.delete(String(repeating: "k", count: 4000)).byteCount >= 4000)
    }

    @Test func `an idle lane neither spins for a short cleanup interval nor overflows for a long one`() {
        #expect(StoreWriter.idleNanoseconds(.milliseconds(1)) == 100_000_000)
        #expect(StoreWriter.idleNanoseconds(.milliseconds(1500)) == 1_500_000_000)
        #expect(StoreWriter.idleNanoseconds(.seconds(Int64.max)) == 86_400_000_000_000)
    }
}
