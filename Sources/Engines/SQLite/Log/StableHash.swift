// SPDX-License-Identifier: Apache-2.0

/// A hash that means the same in every process and version (FNV-1a, 64 bits); Swift's own differs from run to run.
enum StableHash {
    static func of(_ parts: String...) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for part in parts {
            for byte in part.utf8 { mix(byte, into: &hash) }
            // No UTF-8 has this byte, so that parts of different lengths don't run together.
            mix(0xFF, into: &hash)
        }
        return hash
    }

    private static func mix(_ byte: UInt8, into hash: inout UInt64) {
        // Safe: the hash is defined modulo 2^64.
        hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
    }
}
