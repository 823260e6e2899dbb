// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import NIOCore
import Testing

extension StateStoreConformance {
    func roundTrips() async throws {
        let values: [[UInt8]] = [
            Array("42".utf8), Array("true".utf8), Array("null".utf8), Array(#""text""#.utf8), Array("plain text".utf8),
            Array(#"{"a": [1, 2.50, "ü"], "b": {}}"#.utf8), [], [0], Array("0\u{0}".utf8), [0xFF, 0xFE, 0x00, 0x80],
            Array(" 1 ".utf8), Array("\"\u{1F6F6}\"".utf8), Array(0...255),
        ]
        for (index, bytes) in values.enumerated() {
            let key = "app||round-\(index)"
            try await store.apply(StateWrite(key: key, .upsert(ByteBuffer(bytes: bytes), timeToLiveSeconds: nil)))
            let item = try #require(await store.get(key))
            #expect(Array(item.value.readableBytesView) == bytes)
            #expect(item.expiresAtMilliseconds == nil)
            #expect(!store.features.contains(.etag) || !item.etag.isEmpty)
        }
    }

    func largeValue() async throws {
        var value = ByteBuffer(bytes: (0..<(4 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) })
        try await store.apply(StateWrite(key: "app||large", .upsert(value, timeToLiveSeconds: nil)))
        #expect(try await store.get("app||large")?.value == value)
        // A slice of a larger buffer is stored as the bytes that it shows.
        value.moveReaderIndex(forwardBy: 1 << 20)
        try await store.apply(StateWrite(key: "app||large", .upsert(value, timeToLiveSeconds: nil)))
        #expect(try await store.get("app||large")?.value == value)
    }

    func deletes() async throws {
        #expect(try await store.get("app||deleted") == nil)
        try await store.apply(.delete("app||deleted"))
        try await save("app||deleted", "1")
        try await store.apply(.delete("app||deleted"))
        #expect(try await store.get("app||deleted") == nil)
    }

    func bulkReads() async throws {
        let results = await store.apply([.save("app||b1", "1"), .save("app||b2", "2"), .delete("app||b3")])
        #expect(results.count == 3)
        for result in results { try result.get() }
        let items = try await store.get(["app||b2", "app||b3", "app||b1", "app||b2"])
        #expect(items.map { $0.map { String(buffer: $0.value) } } == ["2", nil, "1", "2"])
        // Several writes of one key in one call are made in their order.
        _ = await store.apply([.save("app||b1", "3"), .save("app||b1", "4")])
        #expect(try await value("app||b1") == "4")
    }

    func keysAreExact() async throws {
        let keys = [
            "app||k", "app||K", "app||k ", "app||", "", "app||%", "app||_", "app||'\"", "app||ü",
            "app||u\u{308}",
        ]
        for (index, key) in keys.enumerated() { try await save(key, "\(index)") }
        for (index, key) in keys.enumerated() {
            #expect(try await value(key) == "\(index)", "key \(key.debugDescription)")
        }
    }

    func emptyCalls() async throws {
        #expect(try await store.get([]).isEmpty)
        #expect(await store.apply([]).isEmpty)
        if store.features.contains(.transactional) { try await store.transact([]) }
    }
}
