// SPDX-License-Identifier: Apache-2.0

// Safe in this file: sums and products are defined modulo 2^64.

/// XXH3 with 64 bits and seed 0, after the published description of the algorithm.
///
/// Keys of up to 16 bytes, the most usual, are hashed where they are looked up.
@usableFromInline
enum XXH3 {
    @usableFromInline static let smallPrime1: UInt64 = 0x9E37_79B1
    @usableFromInline static let smallPrime2: UInt64 = 0x85EB_CA77
    @usableFromInline static let smallPrime3: UInt64 = 0xC2B2_AE3D
    @usableFromInline static let prime1: UInt64 = 0x9E37_79B1_85EB_CA87
    @usableFromInline static let prime2: UInt64 = 0xC2B2_AE3D_27D4_EB4F
    @usableFromInline static let prime3: UInt64 = 0x1656_67B1_9E37_79F9
    @usableFromInline static let prime4: UInt64 = 0x85EB_CA77_C2B2_AE63
    @usableFromInline static let prime5: UInt64 = 0x27D4_EB2F_1656_67C5
    @usableFromInline static let mix1: UInt64 = 0x1656_6791_9E37_79F9
    @usableFromInline static let mix2: UInt64 = 0x9FB2_1C65_1E98_DF25

    @inlinable
    static func hash(_ key: Span<UInt8>) -> UInt64 {
        let count = key.count
        if count > 16 { return hashLong(key) }
        if count > 8 { return hashUpTo16(key) }
        if count >= 4 { return hashUpTo8(key) }
        return hashUpTo3(key)
    }

    @inlinable
    static func hashUpTo3(_ key: Span<UInt8>) -> UInt64 {
        let count = key.count
        // The words of the secret that each length takes are written out, already combined.
        guard count > 0 else { return avalanche64(0x8726_F910_5DC2_1DDC) }
        let first = UInt64(key[0])
        let middle = UInt64(key[count >> 1])
        let last = UInt64(key[count - 1])
        return avalanche64((first << 16 | middle << 24 | last | UInt64(count) << 8) ^ 0x8727_5A9B)
    }

    @inlinable
    static func hashUpTo8(_ key: Span<UInt8>) -> UInt64 {
        let count = key.count
        let word = UInt64(key.word32(count - 4)) &+ UInt64(key.word32(0)) << 32
        var hash = word ^ 0xC73A_B174_C5EC_D5A2
        hash ^= rotated(hash, 49) ^ rotated(hash, 24)
        hash &*= mix2
        hash ^= (hash >> 35) &+ UInt64(count)
        hash &*= mix2
        return hash ^ hash >> 28
    }

    @inlinable
    static func hashUpTo16(_ key: Span<UInt8>) -> UInt64 {
        let count = key.count
        let low = key.word64(0) ^ 0x6782_737B_EA42_39B9
        let high = key.word64(count - 8) ^ 0xAF56_BC3B_0996_523A
        return avalanche(UInt64(count) &+ low.byteSwapped &+ high &+ foldedProduct(low, high))
    }

    @inlinable
    static func rotated(_ word: UInt64, _ bits: UInt64) -> UInt64 { word << bits | word >> (64 - bits) }

    @inlinable
    static func foldedProduct(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let product = a.multipliedFullWidth(by: b)
        return product.high ^ product.low
    }

    @inlinable
    static func avalanche(_ word: UInt64) -> UInt64 {
        var hash = word ^ word >> 37
        hash &*= mix1
        return hash ^ hash >> 32
    }

    @inlinable
    static func avalanche64(_ word: UInt64) -> UInt64 {
        var hash = word ^ word >> 33
        hash &*= prime2
        hash ^= hash >> 29
        hash &*= prime3
        return hash ^ hash >> 32
    }
}
