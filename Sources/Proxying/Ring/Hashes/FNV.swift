// SPDX-License-Identifier: Apache-2.0

// Safe in this file: the hash is defined modulo 2^32.

/// The four hashes of Fowler, Noll and Vo as twemproxy has them.
enum FNV {
    private static let basis32: UInt32 = 0x811C_9DC5
    private static let prime32: UInt32 = 0x0100_0193
    private static let basis64: UInt64 = 0xCBF2_9CE4_8422_2325
    private static let prime64: UInt64 = 0x0000_0100_0000_01B3

    static func hash1Of32(_ key: Span<UInt8>) -> UInt32 {
        var hash = basis32
        for index in key.indices { hash = (hash &* prime32) ^ key[index].asSignedChar }
        return hash
    }

    static func hash1aOf32(_ key: Span<UInt8>) -> UInt32 {
        var hash = basis32
        for index in key.indices { hash = (hash ^ key[index].asSignedChar) &* prime32 }
        return hash
    }

    /// The lower half of the true hash; nothing flows from the upper half into it.
    static func hash1Of64(_ key: Span<UInt8>) -> UInt32 {
        var hash = UInt32(truncatingIfNeeded: basis64)
        let prime = UInt32(truncatingIfNeeded: prime64)
        for index in key.indices { hash = (hash &* prime) ^ key[index].asSignedChar }
        return hash
    }

    static func hash1aOf64(_ key: Span<UInt8>) -> UInt32 {
        var hash = UInt32(truncatingIfNeeded: basis64)
        let prime = UInt32(truncatingIfNeeded: prime64)
        for index in key.indices { hash = (hash ^ key[index].asSignedChar) &* prime }
        return hash
    }
}
