// SPDX-License-Identifier: Apache-2.0

/// The first line of a head, in place (RFC 9112, sections 3 and 4).
extension HTTPHeadScan {
    /// The longest method that is taken.
    private static let methodBytesMax = 32
    private static let versionLength = 8

    /// Where the request line begins; nil if it hasn't come.
    func skipEmptyLines(_ bytes: borrowing Span<UInt8>) throws(HTTPSyntaxError) -> Int? {
        var start = 0
        while start < bytes.count, bytes[start] == 0x0D {
            guard start + 1 < bytes.count else { return nil }
            guard bytes[start + 1] == 0x0A else { throw HTTPSyntaxError("a line ends without LF") }
            start += 2
            if start > HTTPHeadEnd.emptyLinesMax * 2 { throw HTTPSyntaxError("there is no request line") }
        }
        return start < bytes.count ? start : nil
    }

    /// Reads `METHOD TARGET VERSION`; the next line's beginning, or nil if it isn't whole.
    mutating func scanRequestLine(
        _ bytes: borrowing Span<UInt8>, from start: Int
    ) throws(HTTPSyntaxError) -> Int? {
        let methodEnd = bytes.endOfToken(from: start)
        guard methodEnd - start <= Self.methodBytesMax else { throw Self.noMethod }
        guard methodEnd < bytes.count else { return try partOfLine(bytes, from: start, .uriTooLong) }
        guard methodEnd > start, bytes[methodEnd] == 0x20 else { throw Self.noMethod }
        let targetEnd = bytes.endOfTarget(from: methodEnd + 1)
        guard targetEnd < bytes.count else { return try partOfLine(bytes, from: start, .uriTooLong) }
        guard targetEnd > methodEnd + 1, bytes[targetEnd] == 0x20 else {
            throw HTTPSyntaxError("the request line has no target")
        }
        // What has come of the version must be right, so that a line without an end isn't waited for.
        try scanVersion(bytes, from: targetEnd + 1)
        let lineEnd = targetEnd + 1 + Self.versionLength
        guard try isEndOfLine(bytes, lineEnd) else { return try partOfLine(bytes, from: start, .uriTooLong) }
        guard lineEnd - start <= limits.lineBytesMax else { throw .longLine(limits, .uriTooLong) }
        method = start..<methodEnd
        try setTarget(bytes, methodEnd + 1..<targetEnd)
        return lineEnd + 2
    }

    /// Reads `HTTP/1.1 STATUS REASON`; the next line's beginning, or nil if it isn't whole.
    mutating func scanStatusLine(_ bytes: borrowing Span<UInt8>) throws(HTTPSyntaxError) -> Int? {
        try scanVersion(bytes, from: 0)
        let lineEnd = bytes.endOfValue(from: 0)
        guard lineEnd + 1 < bytes.count else {
            if lineEnd < bytes.count, bytes[lineEnd] != 0x0D { throw Self.noReason }
            return try partOfLine(bytes, from: 0)
        }
        guard bytes[lineEnd] == 0x0D, bytes[lineEnd + 1] == 0x0A else { throw Self.noReason }
        guard lineEnd <= limits.lineBytesMax else { throw .longLine(limits) }
        // `HTTP/1.1 200`, and mostly a space and a reason behind it.
        guard lineEnd >= 12, bytes[8] == 0x20 else { throw HTTPSyntaxError("there is no status line") }
        var code = 0
        for index in 9..<12 {
            guard bytes[index].isDigit else { throw HTTPSyntaxError("the status is no number") }
            code = code * 10 + Int(bytes[index] - UInt8(ascii: "0"))
        }
        guard code >= 100, lineEnd == 12 || bytes[12] == 0x20 else {
            throw HTTPSyntaxError("the status is no number of three digits")
        }
        status = code
        return lineEnd + 2
    }

    // MARK: - Version

    /// Reads what has come of a version.
    private mutating func scanVersion(_ bytes: borrowing Span<UInt8>, from start: Int) throws(HTTPSyntaxError) {
        let name = "HTTP/1.1".utf8.span
        for offset in 0..<min(Self.versionLength, bytes.count - start) {
            let byte = bytes[start + offset]
            if byte == name[offset] { continue }
            // One that we don't speak is told from what is none.
            guard offset == 5 || offset == 7, byte.isDigit else { throw HTTPSyntaxError(Self.noVersion) }
            guard offset == 7, byte == UInt8(ascii: "0") else {
                throw HTTPSyntaxError(.versionNotSupported, Self.noVersion)
            }
        }
        version = start + 7 < bytes.count && bytes[start + 7] == UInt8(ascii: "0") ? .http10 : .http11
    }

    /// Whether a line ends at `index`, as it must; false if that hasn't come.
    private func isEndOfLine(_ bytes: borrowing Span<UInt8>, _ index: Int) throws(HTTPSyntaxError) -> Bool {
        guard index < bytes.count else { return false }
        guard bytes[index] == 0x0D else { throw HTTPSyntaxError(Self.noVersion) }
        guard index + 1 < bytes.count else { return false }
        guard bytes[index + 1] == 0x0A else { throw HTTPSyntaxError(Self.noVersion) }
        return true
    }

    private static let noVersion = "the version is not HTTP/1.0 or HTTP/1.1"
    private static var noMethod: HTTPSyntaxError { HTTPSyntaxError("the request line doesn't begin with a method") }
    private static var noReason: HTTPSyntaxError { HTTPSyntaxError("the reason has a control character") }

    // MARK: - Target

    private mutating func setTarget(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) throws(HTTPSyntaxError) {
        if bytes.extracting(method).isSame(as: "CONNECT".utf8.span) {
            // A port is part of what is asked for (RFC 9110, section 9.3.6).
            guard bytes.isAuthority(range, needsPort: true) else {
                throw HTTPSyntaxError("the target of CONNECT is no authority")
            }
            (target, path) = (range, range)
        } else if bytes[range.lowerBound] == UInt8(ascii: "/") {
            try setPath(bytes, range)
        } else if bytes[range.lowerBound] == UInt8(ascii: "*"), range.count == 1 {
            guard bytes.extracting(method).isSame(as: "OPTIONS".utf8.span) else { throw Self.noTarget }
            (target, path) = (range, range)
        } else {
            try setAbsoluteTarget(bytes, range)
        }
    }

    private mutating func setPath(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) throws(HTTPSyntaxError) {
        target = range
        let (end, isASCII) = bytes.endOfPath(in: range)
        path = range.lowerBound..<end
        // A lenient reader finds characters, such as a slash, in bytes that are no UTF-8.
        guard isASCII || bytes.extracting(range).isUTF8 else { throw HTTPSyntaxError("the target is not UTF-8") }
    }

    private mutating func setAbsoluteTarget(
        _ bytes: borrowing Span<UInt8>, _ range: Range<Int>
    ) throws(HTTPSyntaxError) {
        var start = range.lowerBound
        for scheme in ["http://", "https://"] where range.count >= scheme.utf8.count {
            let end = range.lowerBound + scheme.utf8.count
            if bytes.extracting(range.lowerBound..<end).equalsIgnoringCase(scheme.utf8.span) { start = end }
        }
        guard start > range.lowerBound else { throw Self.noTarget }
        var end = start
        while end < range.upperBound, bytes[end] != UInt8(ascii: "/"), bytes[end] != UInt8(ascii: "?") { end += 1 }
        guard bytes.isAuthority(start..<end) else { throw HTTPSyntaxError("the target's authority is not a host") }
        authority = start..<end
        try setPath(bytes, end..<range.upperBound)
    }

    private static var noTarget: HTTPSyntaxError { HTTPSyntaxError("the target is neither a path nor a URL") }
}
