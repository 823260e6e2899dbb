// SPDX-License-Identifier: Apache-2.0

/// Where one reply lies in the bytes that were read, and what it is.
///
/// The generator reads replies with a reader of its own: one that it shared with a proxy couldn't find the proxy's
/// faults.
struct Reply {
    /// `+`, `-`, `:`, `$` or `*`.
    let kind: UInt8
    /// A bulk string's bytes, or the text of a line without its kind and end; empty for null.
    let payload: Range<Int>
    /// How many elements follow; nothing for what isn't an array.
    let elementCount: Int?
    /// The first byte after it, or after its header if it is an array.
    let end: Int
    let isNull: Bool

    func text(in bytes: [UInt8]) -> String { String(decoding: bytes[payload], as: UTF8.self) }

    var isError: Bool { kind == UInt8(ascii: "-") }

    enum Failure: Error {
        case notAReply(byte: UInt8, offset: Int)
        case wrongLength(offset: Int)
    }

    /// The reply (of an array, its header) that begins at `start`; nothing while more bytes are needed.
    static func parse(_ bytes: [UInt8], from start: Int, to end: Int) throws(Failure) -> Reply? {
        guard let lineEnd = endOfLine(bytes, from: start, to: end) else { return nil }
        let kind = bytes[start]
        let line = start + 1..<lineEnd
        let next = lineEnd + 2
        switch kind {
        case UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: ":"):
            return Reply(kind: kind, payload: line, elementCount: nil, end: next, isNull: false)
        case UInt8(ascii: "$"):
            let length = try number(bytes, line)
            if length < 0 { return Reply(kind: kind, payload: next..<next, elementCount: nil, end: next, isNull: true) }
            guard end >= next + length + 2 else { return nil }
            return Reply(
                kind: kind, payload: next..<next + length, elementCount: nil, end: next + length + 2, isNull: false)
        case UInt8(ascii: "*"):
            let count = try number(bytes, line)
            return Reply(
                kind: kind, payload: next..<next, elementCount: max(0, count), end: next, isNull: count < 0)
        default:
            throw .notAReply(byte: kind, offset: start)
        }
    }

    /// Where the line's CR is.
    private static func endOfLine(_ bytes: [UInt8], from start: Int, to end: Int) -> Int? {
        var index = start
        while index + 1 < end {
            if bytes[index] == UInt8(ascii: "\r") && bytes[index + 1] == UInt8(ascii: "\n") { return index }
            index += 1
        }
        return nil
    }

    private static func number(_ bytes: [UInt8], _ line: Range<Int>) throws(Failure) -> Int {
        var value = 0
        let isNegative = !line.isEmpty && bytes[line.lowerBound] == UInt8(ascii: "-")
        let digits = isNegative ? line.dropFirst() : line
        // Ten digits are more than any length here needs, and can't overflow.
        guard (1...10).contains(digits.count) else { throw .wrongLength(offset: line.lowerBound) }
        for index in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[index]) else {
                throw .wrongLength(offset: index)
            }
            value = value * 10 + Int(bytes[index] - UInt8(ascii: "0"))
        }
        return isNegative ? -value : value
    }
}
