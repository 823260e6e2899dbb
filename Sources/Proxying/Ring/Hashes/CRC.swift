// SPDX-License-Identifier: Apache-2.0

/// The three that twemproxy calls cyclic redundancy checks. Only `hash32a` is the true one of its name.
enum CRC {
    /// CRC-16/XMODEM (polynomial 0x1021) for each byte.
    private static let table16 = InlineArray<256, UInt32> { byte in
        var remainder = UInt32(byte) << 8
        for _ in 0..<8 { remainder = remainder << 1 ^ (remainder & 0x8000 != 0 ? 0x1021 : 0) }
        return remainder & 0xFFFF
    }

    /// CRC-32 (polynomial 0x04C11DB7, bits reversed) for each byte.
    private static let table32 = InlineArray<256, UInt32> { byte in
        var remainder = UInt32(byte)
        for _ in 0..<8 { remainder = remainder >> 1 ^ (remainder & 1 != 0 ? 0xEDB8_8320 : 0) }
        return remainder
    }

    /// The accumulator has 32 bits and is never cut to 16.
    static func hash16(_ key: Span<UInt8>) -> UInt32 {
        var remainder: UInt32 = 0
        for index in key.indices {
            remainder = remainder << 8 ^ table16[Int((remainder >> 8 ^ UInt32(key[index])) & 0xFF)]
        }
        return remainder
    }

    /// 15 bits of the CRC-32, as in libmemcached: on a ketama ring all keys meet one server.
    static func hash32(_ key: Span<UInt8>) -> UInt32 { hash32a(key) >> 16 & 0x7FFF }

    static func hash32a(_ key: Span<UInt8>) -> UInt32 {
        var remainder = UInt32.max
        for index in key.indices {
            remainder = remainder >> 8 ^ table32[Int((remainder ^ UInt32(key[index])) & 0xFF)]
        }
        return ~remainder
    }
}
