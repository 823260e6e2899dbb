// SPDX-License-Identifier: Apache-2.0

/// A reply that is one line, behind its type, read one byte after another.
@usableFromInline
struct RESPLine: Sendable {
    /// The bytes that have been read, without the line's end.
    @usableFromInline var length = 0
    @usableFromInline var hasReturn = false
    @usableFromInline var hasDigit = false

    @inlinable
    init() {}

    /// Reads on at `offset`. When it is complete, `offset` is behind the line's end.
    @inlinable
    mutating func read(
        _ bytes: borrowing Span<UInt8>, _ offset: inout Int, type: UInt8, bytesMax: Int
    ) -> RESPLength.Step {
        while offset < bytes.count {
            let byte = bytes[offset]
            offset += 1
            if hasReturn { return byte == 0x0A && isWhole(type) ? .complete : .malformed }
            if byte == 0x0D {
                hasReturn = true
            } else {
                guard length < bytesMax, mayHold(byte, type) else { return .malformed }
                length += 1
            }
        }
        return .incomplete
    }

    /// Text may be anything; integers, booleans and nulls are checked, for garbage in them would go unseen.
    @inlinable
    mutating func mayHold(_ byte: UInt8, _ type: UInt8) -> Bool {
        switch type {
        case UInt8(ascii: ":"), UInt8(ascii: "("):
            if (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
                hasDigit = true
                return true
            }
            return length == 0 && (byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+"))
        case UInt8(ascii: "#"): return length == 0 && (byte == UInt8(ascii: "t") || byte == UInt8(ascii: "f"))
        case UInt8(ascii: "_"): return false
        default: return byte != 0x0A
        }
    }

    @inlinable
    func isWhole(_ type: UInt8) -> Bool {
        switch type {
        case UInt8(ascii: ":"), UInt8(ascii: "("): hasDigit
        case UInt8(ascii: "#"), UInt8(ascii: ","): length > 0
        default: true
        }
    }
}
