// SPDX-License-Identifier: Apache-2.0

import Core
import Testing

@testable import SQLiteEngine

/// Who is told of what, without files.
@Suite struct AppendInterestTests {
    private func batch(_ oldHead: Int64, _ head: Int64, _ streams: String...) -> AppendedBatch {
        AppendedBatch(namespace: "n", oldHead: oldHead, head: head, streams: streams)
    }

    @Test func `an own commit moves the head unless a neighbour's events are before it`() {
        var interests = AppendInterests()
        _ = interests.add("n", from: 10) { _ in }
        _ = interests.appended(batch(10, 12, "s"))
        #expect(interests.heads == ["n": 12])
        _ = interests.appended(batch(15, 16, "s"))
        #expect(interests.heads == ["n": 12])
        _ = interests.grown(LogGrowth(namespace: "n", head: 16, streams: ["s"]))
        #expect(interests.heads == ["n": 16])
        // A look that began earlier doesn't move it back.
        _ = interests.grown(LogGrowth(namespace: "n", head: 14, streams: ["s"]))
        #expect(interests.heads == ["n": 16])
    }

    @Test func `each watch is called once with its own streams`() {
        var interests = AppendInterests()
        let first = interests.add("n", from: 0) { _ in }
        let second = interests.add("n", from: 0) { _ in }
        let foreign = interests.add("other", from: 0) { _ in }
        #expect(interests.setStreams(["a", "b"], of: first).map(\.streams) == [["a", "b"]])
        #expect(interests.setStreams(["b", "c"], of: second).map(\.streams) == [["b", "c"]])
        _ = interests.setStreams(["a", "b", "c"], of: foreign)
        let calls = interests.appended(batch(0, 4, "a", "b", "d")).map { $0.streams.sorted() }
        #expect(calls.sorted { $0.count < $1.count } == [["b"], ["a", "b"]])
        #expect(interests.grown(LogGrowth(namespace: "n", head: 9, streams: nil)).count == 2)
        #expect(interests.grown(LogGrowth(namespace: "unwatched", head: 9, streams: nil)).isEmpty)
    }

    @Test func `interest goes with the last watch of a stream`() {
        var interests = AppendInterests()
        let first = interests.add("n", from: 0) { _ in }
        let second = interests.add("n", from: 0) { _ in }
        _ = interests.setStreams(["a"], of: first)
        _ = interests.setStreams(["a", "b"], of: second)
        #expect(interests.hashes == [StableHash.of(parts: "n", "a"), StableHash.of(parts: "n", "b")])
        #expect(interests.setStreams(["a"], of: second).isEmpty)
        #expect(interests.hashes == [StableHash.of(parts: "n", "a")])
        interests.remove(first)
        #expect(interests.hashes == [StableHash.of(parts: "n", "a")])
        interests.remove(second)
        #expect(interests.hashes.isEmpty && interests.heads.isEmpty && interests.isEmpty)
        #expect(interests.setStreams(["a"], of: second).isEmpty)
        #expect(interests.hashes.isEmpty)
    }

    @Test func `the hash of names is the same in every version`() {
        #expect(StableHash.of() == 0xCBF2_9CE4_8422_2325)
        #expect(StableHash.of(parts: "a", "bc") != StableHash.of(parts: "ab", "c"))
        #expect(StableHash.of(parts: "default", "orders") == 0x2ABD_09E5_384F_7597)
    }
}
