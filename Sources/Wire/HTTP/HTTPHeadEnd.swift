// SPDX-License-Identifier: Apache-2.0

/// Searches for the end of a head that comes in pieces, and looks at no byte twice.
///
/// Whoever has scanned the beginning of a head in vain asks here as more comes, so that a head that comes byte by byte
/// isn't scanned anew for each of them.
package struct HTTPHeadEnd: Sendable {
    /// Empty lines before a request line that are passed over (RFC 9112, section 2.2).
    static let emptyLinesMax = 4

    private let limits: HTTPSyntaxLimits
    private var looked = 0
    private var lineStart = 0
    private var emptyLines = 0
    private var hasLine: Bool

    package init(_ limits: HTTPSyntaxLimits = HTTPSyntaxLimits()) { self.init(limits, hasStartLine: true) }

    /// Without a first line, as a trailer is, an empty line is the end of it even if it is the first.
    init(_ limits: HTTPSyntaxLimits, hasStartLine: Bool) {
        self.limits = limits
        hasLine = !hasStartLine
    }

    /// Whether scanning `bytes` leads to something: the head's end is among them, or the end of a line that no head
    /// has, or they are more than the limits let pass. `bytes` begin where the head does, and each time there are more.
    package mutating func isFound(in bytes: borrowing Span<UInt8>) -> Bool {
        while looked < bytes.count {
            if bytes[looked] == 0x0A, isLast(lineFeed: looked, bytes) { return true }
            looked += 1
        }
        // What may be the first half of a line's end is no part of the line.
        return bytes.count - lineStart > limits.lineBytesMax + 1 || bytes.count > limits.headBytesMax
    }

    private mutating func isLast(lineFeed end: Int, _ bytes: borrowing Span<UInt8>) -> Bool {
        guard end > lineStart, bytes[end - 1] == 0x0D else { return true }
        let length = end - 1 - lineStart
        lineStart = end + 1
        guard length == 0 else {
            hasLine = true
            return length > limits.lineBytesMax
        }
        emptyLines += 1
        return hasLine || emptyLines > Self.emptyLinesMax
    }
}
