// SPDX-License-Identifier: Apache-2.0

/// Where the parts of a head lie in the bytes that came, for a proxy that passes them on.
///
/// It is as strict as `HTTPHeadReader` and takes no memory of its own but for the list of fields, which is used again
/// for each head. It reads a head whole: whoever has only a part of one searches for its end with `HTTPHeadEnd` as more
/// comes, and asks again then.
package struct HTTPHeadScan: Sendable {
    /// One field: where its line begins, its name and its value, as offsets in the bytes.
    package struct Field: Sendable, Equatable {
        package var name: HTTPFieldName
        package var nameStart: Int32
        package var nameEnd: Int32
        package var valueStart: Int32
        package var valueEnd: Int32
        /// Behind the line's end.
        package var end: Int32

        @inlinable package var nameRange: Range<Int> { Int(nameStart)..<Int(nameEnd) }
        @inlinable package var valueRange: Range<Int> { Int(valueStart)..<Int(valueEnd) }
        @inlinable package var lineRange: Range<Int> { Int(nameStart)..<Int(end) }
    }

    /// What `Connection` says.
    package struct Connection: OptionSet, Sendable {
        package let rawValue: UInt8
        package init(rawValue: UInt8) { self.rawValue = rawValue }
        package static let close = Connection(rawValue: 1)
        package static let keepAlive = Connection(rawValue: 2)
        package static let upgrade = Connection(rawValue: 4)
        /// It names other fields, which end with the connection.
        package static let others = Connection(rawValue: 8)
    }

    package internal(set) var fields: ContiguousArray<Field> = []
    package internal(set) var present = HTTPFieldNames()
    package internal(set) var connection: Connection = []
    package internal(set) var version = HTTPVersion.http11
    /// Of a request.
    package internal(set) var method = 0..<0
    /// The path with its query, `*`, or for CONNECT an authority. Of an absolute target it is what follows the
    /// authority, and may be empty.
    package internal(set) var target = 0..<0
    /// The target without its query.
    package internal(set) var path = 0..<0
    /// The authority of a target in absolute form, which is the same as in `Host`.
    package internal(set) var authority: Range<Int>? = nil
    /// Of a response.
    package internal(set) var status = 0
    package internal(set) var contentLength: Int? = nil
    package internal(set) var isChunked = false
    /// Behind the first line.
    package internal(set) var startLineEnd = 0
    /// The value of `Host`.
    package internal(set) var host: Range<Int>? = nil

    let limits: HTTPSyntaxLimits

    package init(_ limits: HTTPSyntaxLimits = HTTPSyntaxLimits()) {
        self.limits = limits
        fields.reserveCapacity(32)
    }

    /// The query without its question mark; nil if there is none.
    package var query: Range<Int>? {
        path.upperBound < target.upperBound ? path.upperBound + 1..<target.upperBound : nil
    }

    /// Whether the sender keeps the connection after this message (RFC 9112, section 9.3).
    package var keepsConnection: Bool {
        version == .http11 ? !connection.contains(.close) : connection.contains(.keepAlive)
    }

    /// Reads a request's head at the beginning of `bytes`; its length, or nil if it isn't whole.
    package mutating func scanRequest(_ bytes: borrowing Span<UInt8>) throws(HTTPSyntaxError) -> Int? {
        reset()
        guard let start = try skipEmptyLines(bytes), let lineEnd = try scanRequestLine(bytes, from: start) else {
            return try incomplete(bytes)
        }
        startLineEnd = lineEnd
        guard let end = try scanFields(bytes, from: lineEnd) else { return try incomplete(bytes) }
        try checkRequest(bytes)
        return end
    }

    /// As `scanRequest`, for a response.
    package mutating func scanResponse(_ bytes: borrowing Span<UInt8>) throws(HTTPSyntaxError) -> Int? {
        reset()
        guard let lineEnd = try scanStatusLine(bytes) else { return try incomplete(bytes) }
        startLineEnd = lineEnd
        guard let end = try scanFields(bytes, from: lineEnd) else { return try incomplete(bytes) }
        if isChunked, contentLength != nil {
            throw HTTPSyntaxError("there are both Transfer-Encoding and Content-Length")
        }
        if isChunked, version == .http10 { throw HTTPSyntaxError("HTTP/1.0 has no Transfer-Encoding") }
        return end
    }

    private mutating func reset() {
        fields.removeAll(keepingCapacity: true)
        present = HTTPFieldNames()
        connection = []
        contentLength = nil
        isChunked = false
        host = nil
        authority = nil
    }

    /// A head that isn't whole must still fit the limit.
    private func incomplete(_ bytes: borrowing Span<UInt8>) throws(HTTPSyntaxError) -> Int? {
        guard bytes.count <= limits.headBytesMax else { throw tooLong }
        return nil
    }

    private var tooLong: HTTPSyntaxError {
        HTTPSyntaxError(.headerFieldsTooLarge, "the head is longer than the limit of \(limits.headBytesMax) bytes")
    }

    // MARK: - Fields

    private mutating func scanFields(
        _ bytes: borrowing Span<UInt8>, from start: Int
    ) throws(HTTPSyntaxError) -> Int? {
        var index = start
        while index < bytes.count {
            if bytes[index] == 0x0D {
                guard index + 1 < bytes.count else { return nil }
                guard bytes[index + 1] == 0x0A else { throw HTTPSyntaxError("a line ends without LF") }
                guard index + 2 <= limits.headBytesMax else { throw tooLong }
                return index + 2
            }
            guard let next = try scanField(bytes, from: index) else { return nil }
            index = next
        }
        return nil
    }

    /// Reads a field's line; the next line's beginning, or nil if it isn't whole.
    @inline(__always)
    private mutating func scanField(
        _ bytes: borrowing Span<UInt8>, from start: Int
    ) throws(HTTPSyntaxError) -> Int? {
        let colon = bytes.endOfToken(from: start)
        guard colon < bytes.count else { return try partOfLine(bytes, from: start) }
        guard colon > start, bytes[colon] == UInt8(ascii: ":") else { throw Self.nameError(bytes[start]) }
        let lineEnd = bytes.endOfValue(from: colon + 1)
        guard lineEnd < bytes.count else { return try partOfLine(bytes, from: start) }
        guard bytes[lineEnd] == 0x0D else { throw Self.valueError(bytes[lineEnd]) }
        guard lineEnd + 1 < bytes.count else { return nil }
        guard bytes[lineEnd + 1] == 0x0A else { throw HTTPSyntaxError("a field's value has a control character") }
        guard lineEnd - start <= limits.lineBytesMax else { throw lineTooLong(.headerFieldsTooLarge) }
        guard fields.count < limits.fieldCountMax else {
            throw HTTPSyntaxError(
                .headerFieldsTooLarge, "the head has more than the limit of \(limits.fieldCountMax) fields")
        }
        let value = bytes.trimmed(colon + 1..<lineEnd)
        let name = HTTPFieldName(bytes.extracting(start..<colon))
        if name != .other { try note(name, bytes.extracting(value), value) }
        fields.append(
            Field(
                name: name, nameStart: Int32(truncatingIfNeeded: start), nameEnd: Int32(truncatingIfNeeded: colon),
                valueStart: Int32(truncatingIfNeeded: value.lowerBound),
                valueEnd: Int32(truncatingIfNeeded: value.upperBound), end: Int32(truncatingIfNeeded: lineEnd + 2)))
        return lineEnd + 2
    }

    /// A line that has begun must still fit the limit.
    func partOfLine(
        _ bytes: borrowing Span<UInt8>, from start: Int, _ status: HTTPStatus = .headerFieldsTooLarge
    ) throws(HTTPSyntaxError) -> Int? {
        // What may be the first half of a line's end is no part of the line.
        guard bytes.count - start <= limits.lineBytesMax + 1 else { throw lineTooLong(status) }
        return nil
    }

    func lineTooLong(_ status: HTTPStatus) -> HTTPSyntaxError {
        HTTPSyntaxError(status, "a line of the head is longer than the limit of \(limits.lineBytesMax) bytes")
    }

    private static func nameError(_ first: UInt8) -> HTTPSyntaxError {
        HTTPSyntaxError(first.isBlank ? "a field is continued on a second line" : "a field has no valid name")
    }

    private static func valueError(_ byte: UInt8) -> HTTPSyntaxError {
        HTTPSyntaxError(byte == 0x0A ? "a line ends without CR" : "a field's value has a control character")
    }

    private mutating func note(
        _ name: HTTPFieldName, _ value: borrowing Span<UInt8>, _ range: Range<Int>
    ) throws(HTTPSyntaxError) {
        switch name {
        case .host:
            guard host == nil else { throw HTTPSyntaxError("there is not one Host") }
            for index in value.indices where !value[index].isHost { throw HTTPSyntaxError("Host is not a host") }
            host = range
        case .contentLength:
            guard contentLength == nil else { throw HTTPSyntaxError("there is more than one Content-Length") }
            contentLength = try HTTPFraming.length(value)
        case .transferEncoding:
            guard !isChunked, value.equalsIgnoringCase("chunked".utf8.span) else {
                throw HTTPSyntaxError(.notImplemented, "the only transfer coding that is understood is chunked, once")
            }
            isChunked = true
        case .connection: noteConnection(value)
        default: break
        }
        present.insert(name)
    }

    private mutating func noteConnection(_ value: borrowing Span<UInt8>) {
        var said: Connection = []
        value.forEachListElement { token in
            if token.equalsIgnoringCase("close".utf8.span) {
                said.insert(.close)
            } else if token.equalsIgnoringCase("keep-alive".utf8.span) {
                said.insert(.keepAlive)
            } else if token.equalsIgnoringCase("upgrade".utf8.span) {
                said.insert(.upgrade)
            } else {
                said.insert(.others)
            }
        }
        connection.formUnion(said)
    }
}
