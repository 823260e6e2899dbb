// SPDX-License-Identifier: Apache-2.0

/// A length as it is written in a header, `DIGITS CRLF` or `-1 CRLF`, read one byte after another.
///
/// It keeps what it has read, so that a header that comes in pieces is read once.
@usableFromInline
struct RESPLength: Sendable {
    @usableFromInline
    enum Step: Sendable {
        case complete, incomplete, malformed
    }

    /// Lengths have at most so many digits, so that they can't overflow; limits lie far below.
    @usableFromInline static let digitsMax = 15

    @usableFromInline var value = 0
    @usableFromInline var digits = 0
    @usableFromInline var isNegative = false
    @usableFromInline var hasReturn = false

    @inlinable
    init() {}

    /// Reads on at `offset`. When it is complete, `offset` is behind the line's end.
    @inlinable
    mutating func read(_ bytes: borrowing Span<UInt8>, _ offset: inout Int) -> Step {
        while offset < bytes.count {
            let byte = bytes[offset]
            let digit = byte &- UInt8(ascii: "0")  // Safe: bytes below "0" wrap to more than nine.
            if digit <= 9 {
                guard !hasReturn, digits < Self.digitsMax, digits == 0 || value > 0 else { return .malformed }
                value = value * 10 + Int(digit)
                digits += 1
            } else if byte == 0x0D {
                guard !hasReturn, digits > 0, !isNegative || value == 1 else { return .malformed }
                hasReturn = true
            } else if byte == 0x0A {
                guard hasReturn else { return .malformed }
                offset += 1
                return .complete
            } else {
                guard byte == UInt8(ascii: "-"), digits == 0, !isNegative else { return .malformed }
                isNegative = true
            }
            offset += 1
        }
        return .incomplete
    }

    /// Reads a header of up to three digits together with the type before it, if all of it lies here; `offset` is then
    /// behind it. If this is false, it read nothing, and the slow way tells why.
    @inlinable
    mutating func readWhole(_ bytes: borrowing Span<UInt8>, _ offset: inout Int, type: UInt8) -> Bool {
        guard offset + 8 <= bytes.count else { return false }
        // Safe: eight bytes lie there, and every pattern of bits is an integer.
        let loaded = unsafe bytes.bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)
        let word = UInt64(littleEndian: loaded)
        let first = Self.digit(word, at: 1)
        guard UInt8(truncatingIfNeeded: word) == type, first <= 9 else { return false }
        if Self.endsLine(word, at: 2) {
            value = first
            offset += 4
            return true
        }
        let second = Self.digit(word, at: 2)
        guard first > 0, second <= 9 else { return false }
        if Self.endsLine(word, at: 3) {
            value = first * 10 + second
            offset += 5
            return true
        }
        let third = Self.digit(word, at: 3)
        guard third <= 9, Self.endsLine(word, at: 4) else { return false }
        value = first * 100 + second * 10 + third
        offset += 6
        return true
    }

    /// More than nine if the byte is no digit.
    @inlinable
    static func digit(_ word: UInt64, at index: UInt64) -> Int {
        // Safe: bytes below "0" wrap to more than nine.
        Int(UInt8(truncatingIfNeeded: word >> (index * 8)) &- UInt8(ascii: "0"))
    }

    @inlinable
    static func endsLine(_ word: UInt64, at index: UInt64) -> Bool {
        UInt16(truncatingIfNeeded: word >> (index * 8)) == 0x0A0D
    }
}
