// SPDX-License-Identifier: Apache-2.0

/// The first line of a head, in place (RFC 9112, sections 3 and 4).
extension HTTPHeadScan {
    /// Empty lines before a request line that are passed over (RFC 9112, section 2.2).
    private static let emptyLinesMax = 4
    /// The longest method that is taken.
    private static let methodBytesMax = 32

    /// Where the request line begins; nil if it hasn't come.
    func skipEmptyLines(_ bytes: borrowing Span<UInt8>) throws(HTTPSyntaxError) -> Int? {
        var start = 0
        while start < bytes.count, bytes[start] == 0x0D {
            guard start + 1 < bytes.count else { return nil }
            guard bytes[start + 1] == 0x0A else { throw HTTPSyntaxError("a line ends without LF") }
            start += 2
            if start > Self.emptyLinesMax * 2 { throw HTTPSyntaxError("there is no request line") }
        }
        return start < bytes.count ? start : nil
    }

    /// Reads `METHOD TARGET VERSION`; the next line's beginning, or nil if it isn't whole.
    mutating func scanRequestLine(
        _ bytes: borrowing Span<UInt8>, from start: Int
    ) throws(HTTPSyntaxError) -> Int? {
        let methodEnd = bytes.endOfToken(from: start)
        guard methodEnd - start <= Self.methodBytesMax else { throw Self.noMethod }
        guard methodEnd < bytes.count else { return nil }
        guard methodEnd > start, bytes[methodEnd] == 0x20 else { throw Self.noMethod }
        let targetEnd = bytes.endOfTarget(from: methodEnd + 1)
        guard targetEnd < bytes.count else { return try partOfLine(bytes, from: start, .uriTooLong) }
        guard targetEnd > methodEnd + 1, bytes[targetEnd] == 0x20 else {
            throw HTTPSyntaxError("the request line has no target")
        }
        let lineEnd = targetEnd + 1 + Self.versionLength
        // What has come of the version must be right, so that a line without an end isn't waited for.
        try checkVersion(bytes, targetEnd + 1..<min(lineEnd, bytes.count))
        guard lineEnd + 1 < bytes.count else { return nil }
        guard bytes[lineEnd] == 0x0D, bytes[lineEnd + 1] == 0x0A else {
            throw HTTPSyntaxError("the version is not HTTP/1.0 or HTTP/1.1")
        }
        guard lineEnd - start <= limits.lineBytesMax else { throw lineTooLong(.uriTooLong) }
        version = bytes[lineEnd - 1] == UInt8(ascii: "0") ? .http10 : .http11
        method = start..<methodEnd
        try setTarget(bytes, methodEnd + 1..<targetEnd)
        return lineEnd + 2
    }

    /// Reads `HTTP/1.1 STATUS REASON`; the next line's beginning, or nil if it isn't whole.
    mutating func scanStatusLine(_ bytes: borrowing Span<UInt8>) throws(HTTPSyntaxError) -> Int? {
        try checkVersion(bytes, 0..<min(Self.versionLength, bytes.count))
        let lineEnd = bytes.endOfValue(from: 0)
        guard lineEnd < bytes.count else { return try partOfLine(bytes, from: 0) }
        guard bytes[lineEnd] == 0x0D else { throw HTTPSyntaxError("the reason has a control character") }
        guard lineEnd + 1 < bytes.count else { return nil }
        guard bytes[lineEnd + 1] == 0x0A else { throw HTTPSyntaxError("the reason has a control character") }
        guard lineEnd <= limits.lineBytesMax else { throw lineTooLong(.headerFieldsTooLarge) }
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
        version = bytes[7] == UInt8(ascii: "0") ? .http10 : .http11
        return lineEnd + 2
    }

    /// What the fields and the request line say together.
    func checkRequest(_ bytes: borrowing Span<UInt8>) throws(HTTPSyntaxError) {
        guard let host else {
            guard version == .http10, authority == nil else { throw HTTPSyntaxError("there is not one Host") }
            return try checkFraming()
        }
        // A proxy that reads the one where its neighbour reads the other can be led to the wrong server.
        if let authority, !bytes.extracting(authority).equalsIgnoringCase(bytes.extracting(host)) {
            throw HTTPSyntaxError("the target's host is not that of Host")
        }
        try checkFraming()
    }

    private func checkFraming() throws(HTTPSyntaxError) {
        guard isChunked else { return }
        if contentLength != nil { throw HTTPSyntaxError("there are both Transfer-Encoding and Content-Length") }
        if version == .http10 { throw HTTPSyntaxError("HTTP/1.0 has no Transfer-Encoding") }
    }

    // MARK: - Parts

    private static let versionLength = 8

    private static var noMethod: HTTPSyntaxError { HTTPSyntaxError("the request line doesn't begin with a method") }

    private func checkVersion(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) throws(HTTPSyntaxError) {
        let name = "HTTP/1.".utf8.span
        for offset in 0..<range.count {
            let byte = bytes[range.lowerBound + offset]
            let isRight =
                offset < name.count
                ? byte == name[offset] : byte == UInt8(ascii: "0") || byte == UInt8(ascii: "1")
            guard isRight else {
                throw HTTPSyntaxError(
                    offset >= 5 ? .versionNotSupported : .badRequest, "the version is not HTTP/1.0 or HTTP/1.1")
            }
        }
    }

    private mutating func setTarget(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) throws(HTTPSyntaxError) {
        let isConnect = bytes.extracting(method).isSame(as: "CONNECT".utf8.span)
        let first = bytes[range.lowerBound]
        if isConnect {
            for index in range where !bytes[index].isHost {
                throw HTTPSyntaxError("the target of CONNECT is an authority")
            }
            (target, path) = (range, range)
            return
        }
        if first == UInt8(ascii: "/") { return setPath(bytes, range) }
        if first == UInt8(ascii: "*"), range.count == 1, bytes.extracting(method).isSame(as: "OPTIONS".utf8.span) {
            (target, path) = (range, range)
            return
        }
        try setAbsoluteTarget(bytes, range)
    }

    private mutating func setPath(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) {
        target = range
        var end = range.lowerBound
        while end < range.upperBound, bytes[end] != UInt8(ascii: "?") { end += 1 }
        path = range.lowerBound..<end
    }

    private mutating func setAbsoluteTarget(
        _ bytes: borrowing Span<UInt8>, _ range: Range<Int>
    ) throws(HTTPSyntaxError) {
        var start = range.lowerBound
        if range.count > 7, bytes.extracting(start..<start + 7).equalsIgnoringCase("http://".utf8.span) {
            start += 7
        } else if range.count > 8, bytes.extracting(start..<start + 8).equalsIgnoringCase("https://".utf8.span) {
            start += 8
        }
        guard start > range.lowerBound else { throw HTTPSyntaxError("the target is neither a path nor a URL") }
        var end = start
        while end < range.upperBound, bytes[end] != UInt8(ascii: "/"), bytes[end] != UInt8(ascii: "?") {
            guard bytes[end].isHost else { throw HTTPSyntaxError("the target's authority is not a host") }
            end += 1
        }
        guard end > start else { throw HTTPSyntaxError("the target's authority is not a host") }
        authority = start..<end
        setPath(bytes, end..<range.upperBound)
    }
}
