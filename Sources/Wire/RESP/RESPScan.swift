// SPDX-License-Identifier: Apache-2.0

/// What a scanner found at the front of the bytes.
package enum RESPScan<Value: Sendable>: Sendable {
    /// A whole value; the scanner is ready for the next one.
    case complete(Value)
    /// At least so many bytes are missing; they are to be fed behind those that are there.
    case incomplete(missing: Int)
    /// A line that isn't an array, with its end of line, for `RESPInline`; only commands come so.
    case inline(length: Int)
    /// Not RESP, or over a limit. What comes after it has no meaning.
    case malformed(RESPSyntaxError)
}

/// Where an argument lies, counted from the first byte of its command.
package struct RESPPlace: Sendable, Equatable {
    @usableFromInline let start: UInt32
    @usableFromInline let count: UInt32

    @inlinable
    package init(offset: Int, length: Int) {
        start = UInt32(offset)
        count = UInt32(length)
    }

    @inlinable package var offset: Int { Int(start) }
    @inlinable package var length: Int { Int(count) }
    @inlinable package var range: Range<Int> { offset..<offset + length }
}

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
}
