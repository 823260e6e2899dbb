// SPDX-License-Identifier: Apache-2.0

/// A command as it lies in a buffer: its name, and where its first arguments are.
package struct RESPCommand: Sendable {
    /// So many arguments' places are kept; `RESPArguments` finds the others.
    package static let placeCount = 4

    /// The bytes of the whole command; zero while it is incomplete.
    package var length = 0
    /// The arguments that the command declares, its name among them. A command of none (`*0`, `*-1`) is to be dropped
    /// without an answer, as Redis does.
    package var argumentCount = 0
    /// The arguments that are here whole: all of them, unless the command is a scanner's `partial`.
    package var argumentsRead = 0
    package var name = RESPName.none
    /// Where the name's header begins.
    @usableFromInline var firstHeader = 0
    /// The first arguments' places; vectors, because they are copied and read without a call.
    @usableFromInline var offsets = SIMD4<UInt32>()
    @usableFromInline var lengths = SIMD4<UInt32>()

    @inlinable
    init() {}

    /// The place of the name (0) or of one of the first three arguments after it; empty if there is none (yet).
    @inlinable
    package subscript(index: Int) -> RESPPlace {
        RESPPlace(start: offsets[index], count: lengths[index])
    }
}

/// Walks all arguments of a complete command, its name first, by their headers alone.
package struct RESPArguments: Sendable {
    @usableFromInline var offset: Int
    @usableFromInline var left: Int

    /// Begins at the name.
    @inlinable
    package init(_ command: RESPCommand) {
        left = command.argumentCount
        offset = command.firstHeader
    }

    /// How many are still to come.
    @inlinable package var remaining: Int { left }

    /// Where the header of the next one begins; where the last one ends, when all have been walked.
    @inlinable package var nextHeader: Int { offset }

    /// The next one's place. `bytes` begins at the command's first byte, as it did for the scanner.
    @inlinable
    package mutating func next(_ bytes: borrowing Span<UInt8>) -> RESPPlace? {
        guard left > 0 else { return nil }
        left -= 1
        // The scanner has checked the header, so that there is nothing to refuse.
        var length = 0
        offset += 1
        while bytes[offset] != 0x0D {
            length = length * 10 + Int(bytes[offset] & 0x0F)
            offset += 1
        }
        let place = RESPPlace(offset: offset + 2, length: length)
        offset += length + 4
        return place
    }
}
