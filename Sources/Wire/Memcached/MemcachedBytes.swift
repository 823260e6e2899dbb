// SPDX-License-Identifier: Apache-2.0

/// Where a part of a command or of a reply lies, counted from its first byte.
@usableFromInline
package struct MemcachedPlace: Sendable, Equatable {
    @usableFromInline package var offset: Int
    @usableFromInline package var length: Int

    @inlinable
    package init(offset: Int, length: Int) {
        self.offset = offset
        self.length = length
    }

    @inlinable package static var none: Self { Self(offset: 0, length: 0) }

    @inlinable package var end: Int { offset + length }
    @inlinable package var isEmpty: Bool { length == 0 }
    @inlinable package var range: Range<Int> { offset..<offset + length }
}

/// A name of at most 16 bytes as two numbers, so that comparing names is comparing numbers. No byte of a name is zero,
/// so that names of different lengths differ too.
@usableFromInline
struct MemcachedName {
    @usableFromInline var first: UInt64
    @usableFromInline var rest: UInt64

    @inlinable
    init(_ bytes: borrowing Span<UInt8>, _ place: MemcachedPlace) {
        guard place.length <= 16 else {
            // What is longer is no name of the protocol, and neither are these bytes.
            (first, rest) = (.max, .max)
            return
        }
        first = bytes.word(at: place.offset, length: min(place.length, 8))
        rest = place.length > 8 ? bytes.word(at: place.offset + 8, length: place.length - 8) : 0
    }
}

/// Searching eight bytes at a time. A word is read from memory in little-endian order, so that its lowest byte is the
/// first one.
extension Span where Element == UInt8 {
    /// The place of the first line feed from `start` on.
    @inlinable
    func firstLineFeed(from start: Int) -> Int? {
        var index = start
        while index + 8 <= count {
            let word = littleEndianWord(at: index) ^ 0x0A0A_0A0A_0A0A_0A0A
            // Safe: wrapping marks the bytes that are zero; what it marks beside them lies above the lowest.
            let marks = (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080
            if marks != 0 { return index + marks.trailingZeroBitCount >> 3 }
            index += 8
        }
        while index < count {
            if self[index] == 0x0A { return index }
            index += 1
        }
        return nil
    }

    /// The place of the first space or control character from `start` on, or the number of bytes.
    @inlinable
    func firstSeparator(from start: Int) -> Int {
        var index = start
        while index + 8 <= count {
            let word = littleEndianWord(at: index)
            // Safe: wrapping marks the bytes below 0x21; what it marks beside them lies above the lowest.
            let marks = (word &- 0x2121_2121_2121_2121) & ~word & 0x8080_8080_8080_8080
            if marks != 0 { return index + marks.trailingZeroBitCount >> 3 }
            index += 8
        }
        while index < count, self[index] > 0x20 { index += 1 }
        return index
    }

    /// Up to eight bytes as a number, the first one highest.
    @inlinable
    func word(at offset: Int, length: Int) -> UInt64 {
        if length > 0, offset + 8 <= count { return littleEndianWord(at: offset).byteSwapped >> (64 - 8 * length) }
        var word: UInt64 = 0
        for index in offset..<offset + length { word = word << 8 | UInt64(self[index]) }
        return word
    }

    /// A decimal number without a sign, of at most `digitCountMax` digits.
    @inlinable
    func decimal(_ place: MemcachedPlace, digitCountMax: Int = 20) -> UInt64? {
        guard !place.isEmpty, place.length <= digitCountMax else { return nil }
        var value: UInt64 = 0
        for index in place.range {
            // Safe: a byte below the digit 0 becomes a large number, which the guard refuses.
            let digit = self[index] &- UInt8(ascii: "0")
            let (product, isProductTooLarge) = value.multipliedReportingOverflow(by: 10)
            let (sum, isSumTooLarge) = product.addingReportingOverflow(UInt64(digit))
            guard digit <= 9, !isProductTooLarge, !isSumTooLarge else { return nil }
            value = sum
        }
        return value
    }

    @inlinable
    func littleEndianWord(at offset: Int) -> UInt64 {
        // Safe: any eight bytes are a UInt64, and the load checks that they are within bounds.
        UInt64(littleEndian: self.bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
}
