// SPDX-License-Identifier: Apache-2.0

// Safe in this file: the hash is defined modulo 2^32.

/// Austin Appleby's MurmurHash2, whose seed twemproxy makes of the length.
enum Murmur {
    private static let factor: UInt32 = 0x5BD1_E995

    static func hash(_ key: Span<UInt8>) -> UInt32 {
        let length = UInt32(truncatingIfNeeded: key.count)
        var hash = (0xDEAD_BEEF &* length) ^ length
        let wordsEnd = key.count & ~3
        for offset in stride(from: 0, to: wordsEnd, by: 4) {
            var word = key.word32(offset) &* factor
            word ^= word >> 24
            hash = (hash &* factor) ^ (word &* factor)
        }
        if wordsEnd < key.count { hash = (hash ^ key.partialWord32(wordsEnd)) &* factor }
        hash ^= hash >> 13
        hash &*= factor
        return hash ^ hash >> 15
    }
}
