// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Reads the lines of a head or a trailer, as they come: no byte is looked at twice for the end of its line.
///
/// RFC 9112, sections 2 to 5, without its leniencies: lines end with CR LF, a name is followed by its colon at once,
/// and a field has one line.
struct HTTPHeadReader {
    private let limits: HTTPSyntaxLimits
    private let hasStartLine: Bool
    /// Offsets from the buffer's reader index.
    private var scanned = 0
    private var lineStart = 0
    private(set) var startLine: Range<Int>?
    private var entries: [HTTPFields.Entry] = []
    /// What the fields say about the body and the connection, found while they were read.
    private(set) var framing = HTTPFraming()

    /// Empty lines before a request line that are passed over (RFC 9112, section 2.2).
    private static let emptyLinesMax = 4
    private var emptyLines = 0

    init(_ limits: HTTPSyntaxLimits, hasStartLine: Bool) {
        self.limits = limits
        self.hasStartLine = hasStartLine
    }

    /// Whether anything of the head has come.
    var hasBegun: Bool { scanned > 0 }

    /// Takes the lines that are complete; true once the empty line that ends the head was among them.
    mutating func read(_ buffer: ByteBuffer) throws(HTTPSyntaxError) -> Bool {
        let bytes = buffer.readableBytesUInt8Span
        while let end = bytes.firstLineFeed(from: scanned) {
            scanned = end + 1
            guard end > lineStart, bytes[end - 1] == 0x0D else { throw HTTPSyntaxError("a line ends without CR") }
            let line = lineStart..<(end - 1)
            lineStart = end + 1
            try checkLength(of: line)
            if line.isEmpty {
                if !hasStartLine || startLine != nil { return true }
                emptyLines += 1
                if emptyLines > Self.emptyLinesMax { throw HTTPSyntaxError("there is no request line") }
            } else if hasStartLine && startLine == nil {
                startLine = line
            } else {
                try readField(bytes, line)
            }
        }
        scanned = bytes.count
        // What may be the first half of a line's end is no part of the line.
        let isAtEnd = scanned > lineStart && bytes[scanned - 1] == 0x0D
        try checkLength(of: lineStart..<(isAtEnd ? scanned - 1 : scanned))
        return false
    }

    /// The fields, in a buffer of which the head's bytes are taken away.
    mutating func takeFields(_ buffer: inout ByteBuffer) -> HTTPFields {
        // Safe: the lines up to here have been read from this buffer.
        let head = buffer.readSlice(length: lineStart) ?? ByteBuffer()
        return HTTPFields(bytes: head, entries: entries)
    }

    private func checkLength(of line: Range<Int>) throws(HTTPSyntaxError) {
        guard line.count <= limits.lineBytesMax else {
            let isTarget = hasStartLine && startLine == nil
            throw HTTPSyntaxError(
                isTarget ? .uriTooLong : .headerFieldsTooLarge,
                "a line of the head is longer than the limit of \(limits.lineBytesMax) bytes")
        }
        guard line.upperBound <= limits.headBytesMax else {
            throw HTTPSyntaxError(
                .headerFieldsTooLarge, "the head is longer than the limit of \(limits.headBytesMax) bytes")
        }
    }

    private mutating func readField(_ bytes: borrowing Span<UInt8>, _ line: Range<Int>) throws(HTTPSyntaxError) {
        guard entries.count < limits.fieldCountMax else {
            throw HTTPSyntaxError(
                .headerFieldsTooLarge, "the head has more than the limit of \(limits.fieldCountMax) fields")
        }
        var colon = line.lowerBound
        while colon < line.upperBound, bytes[colon].isToken { colon += 1 }
        guard colon > line.lowerBound, colon < line.upperBound, bytes[colon] == UInt8(ascii: ":") else {
            throw HTTPSyntaxError(
                bytes[line.lowerBound].isBlank ? "a field is continued on a second line" : "a field has no valid name")
        }
        let value = bytes.trimmed(colon + 1..<line.upperBound)
        for index in value where !bytes[index].isFieldValue {
            throw HTTPSyntaxError("a field's value has a control character")
        }
        let name = line.lowerBound..<colon
        try framing.note(bytes.extracting(name), bytes.extracting(value))
        if entries.isEmpty { entries.reserveCapacity(16) }
        entries.append(
            HTTPFields.Entry(
                nameStart: UInt32(name.lowerBound), nameLength: UInt32(name.count),
                valueStart: UInt32(value.lowerBound), valueLength: UInt32(value.count)))
    }
}

extension Span where Element == UInt8 {
    fileprivate func firstLineFeed(from start: Int) -> Int? {
        var index = start
        while index < count {
            if self[index] == 0x0A { return index }
            index += 1
        }
        return nil
    }
}
