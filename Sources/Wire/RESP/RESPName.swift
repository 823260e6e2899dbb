// SPDX-License-Identifier: Apache-2.0

/// A command's name in upper case, held in three words, so that names are compared and hashed without memory.
///
/// The last byte holds the length; so no name with zero bytes in it equals another one.
package struct RESPName: Hashable, Sendable {
    /// No command of Redis or of its known modules has a longer name.
    package static let bytesMax = 23

    /// Stands for every name that is longer, and equals none that is known.
    package static let tooLong = RESPName(.max, .max, .max)
    /// The name of nothing.
    package static let none = RESPName(0, 0, 0)

    package let first: UInt64
    package let second: UInt64
    package let third: UInt64

    @inlinable
    init(_ first: UInt64, _ second: UInt64, _ third: UInt64) {
        self.first = first
        self.second = second
        self.third = third
    }

    /// The name that lies at `offset`, in any case.
    @inlinable
    package init(_ bytes: borrowing Span<UInt8>, at offset: Int, length: Int) {
        let first = Self.upperCased(Self.word(bytes, at: offset, length: length))
        if length <= 8 {
            self.init(first, 0, UInt64(length) << 56)
        } else if length <= Self.bytesMax {
            let second = Self.upperCased(Self.word(bytes, at: offset + 8, length: length - 8))
            let third = length > 16 ? Self.upperCased(Self.word(bytes, at: offset + 16, length: length - 16)) : 0
            self.init(first, second, third | UInt64(length) << 56)
        } else {
            self = .tooLong
        }
    }

    /// For tables.
    package init(_ text: String) {
        let bytes = Array(text.utf8)
        self.init(bytes.span, at: 0, length: bytes.count)
    }

    package static func == (left: RESPName, right: RESPName) -> Bool {
        left.first == right.first && left.third == right.third && left.second == right.second
    }

    /// Up to eight bytes, the first one lowest.
    @inlinable
    static func word(_ bytes: borrowing Span<UInt8>, at offset: Int, length: Int) -> UInt64 {
        if offset + 8 <= bytes.count {
            // Safe: eight bytes lie there, and every pattern of bits is an integer.
            let word = unsafe bytes.bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)
            return length >= 8 ? UInt64(littleEndian: word) : UInt64(littleEndian: word) & (1 << (length * 8) - 1)
        }
        var word: UInt64 = 0
        for index in 0..<min(length, 8) { word |= UInt64(bytes[offset + index]) << (index * 8) }
        return word
    }

    /// All eight bytes at once: the high bit of `isLower` marks the letters; a quarter of it is the bit of the case.
    @inlinable
    static func upperCased(_ word: UInt64) -> UInt64 {
        let low = word & 0x7F7F_7F7F_7F7F_7F7F
        let isFromA = low + 0x1F1F_1F1F_1F1F_1F1F
        let isOverZ = low + 0x0505_0505_0505_0505
        let isLower = (isFromA ^ isOverZ) & ~word & 0x8080_8080_8080_8080
        return word ^ (isLower >> 2)
    }
}

extension RESPName: CustomStringConvertible {
    package var description: String {
        guard self != .tooLong else { return "(too long)" }
        let length = Int(third >> 56)
        let words = [first, second, third]
        let bytes = (0..<length).map { UInt8(truncatingIfNeeded: words[$0 / 8] >> ($0 % 8 * 8)) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
