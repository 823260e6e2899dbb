// SPDX-License-Identifier: Apache-2.0

// Safe in this file: the hash is defined modulo 2^32.

/// Bob Jenkins' lookup3 (`hashlittle`) with the start value 13 of libmemcached.
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
            Self.mix(&a, &c, b, 4)
            Self.mix(&b, &a, c, 6)
            Self.mix(&c, &b, a, 8)
            Self.mix(&a, &c, b, 16)
            Self.mix(&b, &a, c, 19)
            Self.mix(&c, &b, a, 4)
        }

        mutating func finish() {
            Self.finish(&c, b, 14)
            Self.finish(&a, c, 11)
            Self.finish(&b, a, 25)
            Self.finish(&c, b, 16)
            Self.finish(&a, c, 4)
            Self.finish(&b, a, 14)
            Self.finish(&c, b, 24)
        }

        private static func mix(_ x: inout UInt32, _ y: inout UInt32, _ z: UInt32, _ bits: UInt32) {
            x &-= y
            x ^= rotated(y, bits)
            y &+= z
        }

        private static func finish(_ x: inout UInt32, _ y: UInt32, _ bits: UInt32) {
            x ^= y
            x &-= rotated(y, bits)
        }

        private static func rotated(_ word: UInt32, _ bits: UInt32) -> UInt32 { word << bits | word >> (32 - bits) }
    }
}
