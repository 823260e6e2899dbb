// SPDX-License-Identifier: Apache-2.0

/// Bob Jenkins' lookup3 (`hashlittle`) with the start value 13 of libmemcached.
///
/// Safe: it is defined modulo 2^32.
enum Jenkins {
    private static let start: UInt32 = 13

    static func hash(_ key: Span<UInt8>) -> UInt32 {
        var state = State(0xDEAD_BEEF &+ UInt32(truncatingIfNeeded: key.count) &+ start)
        var offset = 0
        // The last block, which may be whole, is mixed in another way.
        while key.count - offset > 12 {
            state.add(key.word32(offset), key.word32(offset + 4), key.word32(offset + 8))
            state.mix()
            offset += 12
        }
        guard offset < key.count else { return state.c }
        state.add(key.partialWord32(offset), key.partialWord32(offset + 4), key.partialWord32(offset + 8))
        state.finish()
        return state.c
    }

    private struct State {
        var a: UInt32
        var b: UInt32
        var c: UInt32

        init(_ value: UInt32) { (a, b, c) = (value, value, value) }

        mutating func add(_ first: UInt32, _ second: UInt32, _ third: UInt32) {
            a &+= first
            b &+= second
            c &+= third
        }

        mutating func mix() {
            a &-= c; a ^= rotated(c, 4); c &+= b
            b &-= a; b ^= rotated(a, 6); a &+= c
            c &-= b; c ^= rotated(b, 8); b &+= a
            a &-= c; a ^= rotated(c, 16); c &+= b
            b &-= a; b ^= rotated(a, 19); a &+= c
            c &-= b; c ^= rotated(b, 4); b &+= a
        }

        mutating func finish() {
            c ^= b; c &-= rotated(b, 14)
            a ^= c; a &-= rotated(c, 11)
            b ^= a; b &-= rotated(a, 25)
            c ^= b; c &-= rotated(b, 16)
            a ^= c; a &-= rotated(c, 4)
            b ^= a; b &-= rotated(a, 14)
            c ^= b; c &-= rotated(b, 24)
        }

        private func rotated(_ word: UInt32, _ bits: UInt32) -> UInt32 { word << bits | word >> (32 - bits) }
    }
}
