// SPDX-License-Identifier: Apache-2.0

/// A hash that means the same in every process and version (FNV-1a, 64 bits); Swift's own differs from run to run.
package enum StableHash {
    private static let basis: UInt64 = 0xCBF2_9CE4_8422_2325

    /// The hash of one text's UTF-8.
    package static func of(_ text: String) -> UInt64 {
        var hash = basis
        for byte in text.utf8 { mix(byte, into: &hash) }
        return hash
    }

    /// The hash of several texts, which differs from that of the same bytes divided otherwise.
    package static func of(parts: String...) -> UInt64 {
        var hash = basis
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
