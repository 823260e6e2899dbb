// SPDX-License-Identifier: Apache-2.0

// What the hashes read of a key. An offset outside of the key traps.
extension Span<UInt8> {
    /// The four bytes at `offset`, the first of them lowest.
    @inlinable
    func word32(_ offset: Int) -> UInt32 {
        // Safe: every four bytes are an integer, and the load checks its bounds.
        UInt32(littleEndian: unsafe bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    /// The eight bytes at `offset`, the first of them lowest.
    @inlinable
    func word64(_ offset: Int) -> UInt64 {
        // Safe: every eight bytes are an integer, and the load checks its bounds.
        UInt64(littleEndian: unsafe bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    /// The last up to three bytes from `offset` on, the first of them lowest, and zeros for those that are missing.
    func partialWord32(_ offset: Int) -> UInt32 {
        var word: UInt32 = 0
        for index in stride(from: Swift.min(count, offset + 4) - 1, through: offset, by: -1) {
            word = word << 8 | UInt32(self[index])
        }
        return word
    }
}

extension UInt8 {
    /// The byte as C on x86 widens a `char`: from 0x80 on it is negative.
    var asSignedChar: UInt32 { UInt32(bitPattern: Int32(Int8(bitPattern: self))) }
}
