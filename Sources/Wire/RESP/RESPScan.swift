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

    @inlinable
    init(start: UInt32, count: UInt32) {
        self.start = start
        self.count = count
    }

    @inlinable package var offset: Int { Int(start) }
    @inlinable package var length: Int { Int(count) }
    @inlinable package var range: Range<Int> { offset..<offset + length }
}
