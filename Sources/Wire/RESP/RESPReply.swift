// SPDX-License-Identifier: Apache-2.0

/// A whole reply as it lies in a buffer.
package struct RESPReply: Sendable, Equatable {
    /// With the attributes before it, if there are any.
    package let length: Int
    /// The first byte of the reply itself, behind its attributes.
    package let kind: UInt8

    @inlinable
    package init(length: Int, kind: UInt8) {
        self.length = length
        self.kind = kind
    }

    /// An error, as a line or as a string.
    @inlinable package var isError: Bool { kind == UInt8(ascii: "-") || kind == UInt8(ascii: "!") }
    /// Not the answer to a command: the server sends it of its own accord.
    @inlinable package var isPush: Bool { kind == UInt8(ascii: ">") }
}
