// SPDX-License-Identifier: Apache-2.0

/// Why bytes are no RESP that we take; said as Redis says it where Redis says anything.
package enum RESPSyntaxError: Error, Sendable, Equatable, CustomStringConvertible {
    // Commands
    case multibulkLength
    case bulkLength
    case bulkExpected(found: UInt8)
    case bulkEnd
    case inlineTooLong
    case quotesUnbalanced
    case commandTooLong
    // Replies
    case typeUnknown(UInt8)
    case line
    case lineTooLong
    case aggregateLength
    case nestingTooDeep
    case streamedUnsupported
    // Values
    case incomplete
    case number

    /// The text after `-ERR `.
    package var description: String { "Protocol error: \(reason)" }

    private var reason: String {
        switch self {
        case .multibulkLength: "invalid multibulk length"
        case .bulkLength: "invalid bulk length"
        case .bulkExpected(let found): "expected '$', got '\(Self.text(found))'"
        case .bulkEnd: "expected CRLF after a bulk"
        case .inlineTooLong: "too big inline request"
        case .quotesUnbalanced: "unbalanced quotes in request"
        case .commandTooLong: "too big request"
        case .typeUnknown(let byte): "unknown reply type '\(Self.text(byte))'"
        case .line: "invalid line in a reply"
        case .lineTooLong: "too big line in a reply"
        case .aggregateLength: "invalid aggregate length"
        case .nestingTooDeep: "too deep nesting in a reply"
        case .streamedUnsupported: "streamed types are not supported"
        case .incomplete: "unexpected end of a value"
        case .number: "invalid number"
        }
    }

    /// A byte as it may stand in one line of text.
    private static func text(_ byte: UInt8) -> String {
        if (0x20...0x7E).contains(byte) { return String(Unicode.Scalar(byte)) }
        let digits = String(byte, radix: 16)
        return "\\x" + (digits.utf8.count < 2 ? "0" : "") + digits
    }
}
