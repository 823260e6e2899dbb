// SPDX-License-Identifier: Apache-2.0

// Safe in this file: the hash is defined modulo 2^32.

/// Paul Hsieh's SuperFastHash, started at 0. An empty key's hash is 0.
enum Hsieh {
    static func hash(_ key: Span<UInt8>) -> UInt32 {
        var hash: UInt32 = 0
        let wordsEnd = key.count & ~3
        for offset in stride(from: 0, to: wordsEnd, by: 4) {
            let word = key.word32(offset)
            hash &+= word & 0xFFFF
            hash = hash << 16 ^ ((word >> 16) << 11 ^ hash)
            hash &+= hash >> 11
        }
        mixTail(key, from: wordsEnd, into: &hash)
        hash ^= hash << 3
        hash &+= hash >> 5
        hash ^= hash << 4
        hash &+= hash >> 17
        hash ^= hash << 25
        hash &+= hash >> 6
        return hash
    }

    private static func mixTail(_ key: Span<UInt8>, from offset: Int, into hash: inout UInt32) {
        let tail = key.partialWord32(offset)
        switch key.count - offset {
        case 3:
            hash &+= tail & 0xFFFF
            hash ^= hash << 16
            // Alone among the bytes of this hash, this one is signed.
            hash ^= key[offset + 2].asSignedChar << 18
            hash &+= hash >> 11
        case 2:
            hash &+= tail
            hash ^= hash << 11
            hash &+= hash >> 17
        case 1:
            hash &+= tail
            hash ^= hash << 10
            hash &+= hash >> 1
        default: break
        }
    }
}
