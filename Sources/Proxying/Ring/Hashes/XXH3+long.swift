// SPDX-License-Identifier: Apache-2.0

// Safe in this file: sums and products are defined modulo 2^64.

// Keys of more than 16 bytes.
extension XXH3 {
    private static let stripeBytes = 64
    private static let blockStripes = 16
    private static let middleMax = 240

    /// The published secret; hashes take words from it at many offsets.
    private static let secret: InlineArray<192, UInt8> = [
        0xB8, 0xFE, 0x6C, 0x39, 0x23, 0xA4, 0x4B, 0xBE, 0x7C, 0x01, 0x81, 0x2C, 0xF7, 0x21, 0xAD, 0x1C,
        0xDE, 0xD4, 0x6D, 0xE9, 0x83, 0x90, 0x97, 0xDB, 0x72, 0x40, 0xA4, 0xA4, 0xB7, 0xB3, 0x67, 0x1F,
        0xCB, 0x79, 0xE6, 0x4E, 0xCC, 0xC0, 0xE5, 0x78, 0x82, 0x5A, 0xD0, 0x7D, 0xCC, 0xFF, 0x72, 0x21,
        0xB8, 0x08, 0x46, 0x74, 0xF7, 0x43, 0x24, 0x8E, 0xE0, 0x35, 0x90, 0xE6, 0x81, 0x3A, 0x26, 0x4C,
        0x3C, 0x28, 0x52, 0xBB, 0x91, 0xC3, 0x00, 0xCB, 0x88, 0xD0, 0x65, 0x8B, 0x1B, 0x53, 0x2E, 0xA3,
        0x71, 0x64, 0x48, 0x97, 0xA2, 0x0D, 0xF9, 0x4E, 0x38, 0x19, 0xEF, 0x46, 0xA9, 0xDE, 0xAC, 0xD8,
        0xA8, 0xFA, 0x76, 0x3F, 0xE3, 0x9C, 0x34, 0x3F, 0xF9, 0xDC, 0xBB, 0xC7, 0xC7, 0x0B, 0x4F, 0x1D,
        0x8A, 0x51, 0xE0, 0x4B, 0xCD, 0xB4, 0x59, 0x31, 0xC8, 0x9F, 0x7E, 0xC9, 0xD9, 0x78, 0x73, 0x64,
        0xEA, 0xC5, 0xAC, 0x83, 0x34, 0xD3, 0xEB, 0xC3, 0xC5, 0x81, 0xA0, 0xFF, 0xFA, 0x13, 0x63, 0xEB,
        0x17, 0x0D, 0xDD, 0x51, 0xB7, 0xF0, 0xDA, 0x49, 0xD3, 0x16, 0x55, 0x26, 0x29, 0xD4, 0x68, 0x9E,
        0x2B, 0x16, 0xBE, 0x58, 0x7D, 0x47, 0xA1, 0xFC, 0x8F, 0xF8, 0xB8, 0xD1, 0x7A, 0xD0, 0x31, 0xCE,
        0x45, 0xCB, 0x3A, 0x8F, 0x95, 0x16, 0x04, 0x28, 0xAF, 0xD7, 0xFB, 0xCA, 0xBB, 0x4B, 0x40, 0x7E,
    ]

    @usableFromInline
    static func hashLong(_ key: Span<UInt8>) -> UInt64 {
        if key.count <= 128 { return hashUpTo128(key) }
        return key.count <= middleMax ? hashUpToMiddle(key) : hashStripes(key)
    }

    /// Pairs of 16 bytes from both ends, from the middle outwards.
    private static func hashUpTo128(_ key: Span<UInt8>) -> UInt64 {
        let secret = secret.span
        let count = key.count
        var sum = UInt64(count) &* prime1
        for pair in (0...(count - 1) / 32).reversed() {
            sum &+= mixed16(key, 16 * pair, secret, 32 * pair)
            sum &+= mixed16(key, count - 16 * (pair + 1), secret, 32 * pair + 16)
        }
        return avalanche(sum)
    }

    private static func hashUpToMiddle(_ key: Span<UInt8>) -> UInt64 {
        let secret = secret.span
        var sum = UInt64(key.count) &* prime1
        for part in 0..<8 { sum &+= mixed16(key, 16 * part, secret, 16 * part) }
        sum = avalanche(sum)
        for part in 8..<key.count / 16 { sum &+= mixed16(key, 16 * part, secret, 16 * (part - 8) + 3) }
        sum &+= mixed16(key, key.count - 16, secret, 119)
        return avalanche(sum)
    }

    private static func mixed16(
        _ key: Span<UInt8>, _ offset: Int, _ secret: Span<UInt8>, _ secretOffset: Int
    ) -> UInt64 {
        foldedProduct(
            key.word64(offset) ^ secret.word64(secretOffset), key.word64(offset + 8) ^ secret.word64(secretOffset + 8))
    }

    /// Eight lanes take stripe by stripe, and are scrambled after each block of stripes.
    private static func hashStripes(_ key: Span<UInt8>) -> UInt64 {
        let secret = secret.span
        var lanes: InlineArray<8, UInt64> = [
            smallPrime3, prime1, prime2, prime3, prime4, smallPrime2, prime5, smallPrime1,
        ]
        // The last stripe, whole or not, is read from the key's end with words of its own.
        for stripe in 0..<(key.count - 1) / stripeBytes {
            let place = stripe % blockStripes
            accumulate(key, stripe * stripeBytes, secret, 8 * place, into: &lanes)
            if place == blockStripes - 1 { scramble(&lanes, secret) }
        }
        accumulate(key, key.count - stripeBytes, secret, secret.count - stripeBytes - 7, into: &lanes)
        var hash = UInt64(key.count) &* prime1
        for pair in 0..<4 {
            hash &+= foldedProduct(
                lanes[2 * pair] ^ secret.word64(11 + 16 * pair), lanes[2 * pair + 1] ^ secret.word64(19 + 16 * pair))
        }
        return avalanche(hash)
    }

    private static func accumulate(
        _ key: Span<UInt8>, _ offset: Int, _ secret: Span<UInt8>, _ secretOffset: Int,
        into lanes: inout InlineArray<8, UInt64>
    ) {
        for lane in 0..<8 {
            let word = key.word64(offset + 8 * lane)
            let mixed = word ^ secret.word64(secretOffset + 8 * lane)
            lanes[lane ^ 1] &+= word
            lanes[lane] &+= (mixed & 0xFFFF_FFFF) &* (mixed >> 32)
        }
    }

    private static func scramble(_ lanes: inout InlineArray<8, UInt64>, _ secret: Span<UInt8>) {
        for lane in 0..<8 {
            let word = lanes[lane] ^ lanes[lane] >> 47 ^ secret.word64(secret.count - stripeBytes + 8 * lane)
            lanes[lane] = word &* smallPrime1
        }
    }
}
