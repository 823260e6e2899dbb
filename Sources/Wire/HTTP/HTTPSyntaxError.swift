// SPDX-License-Identifier: Apache-2.0

/// Why bytes are no HTTP/1 message that we take. Whatever could be read in two ways is refused, because two programs on
/// one path that read it differently can be made to serve a request that only one of them has seen.
package struct HTTPSyntaxError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What a server answers with.
    package var status: HTTPStatus
    package var description: String

    package init(_ description: String) { self.init(.badRequest, description) }

    init(_ status: HTTPStatus, _ description: String) {
        self.status = status
        self.description = description
    }
}

/// What more than one reader refuses.
extension HTTPSyntaxError {
    static func longHead(_ limits: HTTPSyntaxLimits) -> Self {
        Self(.headerFieldsTooLarge, "the head is longer than the limit of \(limits.headBytesMax) bytes")
    }

    static func longLine(_ limits: HTTPSyntaxLimits, _ status: HTTPStatus = .headerFieldsTooLarge) -> Self {
        Self(status, "a line of the head is longer than the limit of \(limits.lineBytesMax) bytes")
    }

    static func manyFields(_ limits: HTTPSyntaxLimits) -> Self {
        Self(.headerFieldsTooLarge, "the head has more than the limit of \(limits.fieldCountMax) fields")
    }

    /// `first`: what stands where the name should begin.
    static func noName(_ first: UInt8) -> Self {
        Self(first.isBlank ? "a field is continued on a second line" : "a field has no valid name")
    }

    /// `byte`: what stands in the value.
    static func noValue(_ byte: UInt8) -> Self {
        Self(byte == 0x0A ? "a line ends without CR" : "a field's value has a control character")
    }
}

/// What a message may bring before it is refused.
package struct HTTPSyntaxLimits: Sendable {
    /// One line: the request line, or a field.
    package var lineBytesMax = 16 << 10
    /// All lines of a head, or of a trailer, with the empty one that ends it.
    package var headBytesMax = 64 << 10
    package var fieldCountMax = 200
    /// A chunk's size with its extensions.
    package var chunkLineBytesMax = 256

    package init() {}

    /// For what was read within its limits before, and may have grown since: as much as can be counted.
    package static var none: Self {
        var limits = Self()
        limits.lineBytesMax = Int(Int32.max)
        limits.headBytesMax = Int(Int32.max)
        limits.fieldCountMax = Int(Int32.max)
        return limits
    }
}
