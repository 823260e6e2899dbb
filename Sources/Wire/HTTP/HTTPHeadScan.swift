// SPDX-License-Identifier: Apache-2.0

/// Where the parts of a head lie in the bytes that came, for a proxy that passes them on.
///
/// RFC 9112, sections 2 to 6, without its leniencies: lines end with CR LF, a name is followed by its colon at once, a
/// field has one line, and there is one way to say where the body ends. It takes no memory of its own but for the list
/// of fields, which is used again for each head. It reads a head whole: whoever has only a part of one searches for its
/// end with `HTTPHeadEnd` as more comes, and asks again then.
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
        /// It names fields that end with the connection because of that.
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
    /// The authority of a target in absolute form, which but for case is the same as in `Host`.
    package internal(set) var authority: Range<Int>? = nil
    /// Of a response.
    package internal(set) var status = 0
    package internal(set) var contentLength: Int? = nil
    package internal(set) var isChunked = false
    /// Behind the first line.
    package internal(set) var startLineEnd = 0
    /// The value of `Host`.
    package internal(set) var host: Range<Int>? = nil

    /// So many fields find their place without the list growing.
    private static let usualFieldCount = 16

    let limits: HTTPSyntaxLimits

    package init(_ limits: HTTPSyntaxLimits = HTTPSyntaxLimits()) { self.limits = limits }

    /// The query without its question mark; nil if there is none.
    package var query: Range<Int>? {
        path.upperBound < target.upperBound ? path.upperBound + 1..<target.upperBound : nil
    }

    /// Whether the sender keeps the connection after this message (RFC 9112, section 9.3).
    package var keepsConnection: Bool {
        !connection.contains(.close) && (version == .http11 || connection.contains(.keepAlive))
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
        try checkResponse()
        return end
    }

    /// As `scanRequest`, for the fields behind a chunked body.
    mutating func scanTrailer(_ bytes: borrowing Span<UInt8>) throws(HTTPSyntaxError) -> Int? {
        reset()
        guard let end = try scanFields(bytes, from: 0) else { return try incomplete(bytes) }
        for field in fields { try field.name.checkInTrailer() }
        return end
    }

    /// The list of fields, for whoever keeps it.
    mutating func takeFields() -> ContiguousArray<Field> {
        defer { fields = [] }
        return fields
    }

    private mutating func reset() {
        if fields.capacity == 0 {
            fields.reserveCapacity(Self.usualFieldCount)
        } else {
            fields.removeAll(keepingCapacity: true)
        }
        present = HTTPFieldNames()
        connection = []
        contentLength = nil
        isChunked = false
        host = nil
        authority = nil
    }

    /// A head that isn't whole must still fit the limit.
    private func incomplete(_ bytes: borrowing Span<UInt8>) throws(HTTPSyntaxError) -> Int? {
        guard bytes.count <= limits.headBytesMax else { throw .longHead(limits) }
        return nil
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
                guard index + 2 <= limits.headBytesMax else { throw .longHead(limits) }
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
        guard colon > start, bytes[colon] == UInt8(ascii: ":") else { throw .noName(bytes[start]) }
        let lineEnd = bytes.endOfValue(from: colon + 1)
        guard lineEnd < bytes.count else { return try partOfLine(bytes, from: start) }
        guard bytes[lineEnd] == 0x0D else { throw .noValue(bytes[lineEnd]) }
        guard lineEnd + 1 < bytes.count else { return try partOfLine(bytes, from: start) }
        guard bytes[lineEnd + 1] == 0x0A else { throw .noValue(0x0D) }
        guard lineEnd - start <= limits.lineBytesMax else { throw .longLine(limits) }
        guard fields.count < limits.fieldCountMax else { throw .manyFields(limits) }
        let value = bytes.trimmed(colon + 1..<lineEnd)
        let name = HTTPFieldName(bytes.extracting(start..<colon))
        if name != .other { try note(name, value, in: bytes) }
        fields.append(Field(name, start..<colon, value, end: lineEnd + 2))
        return lineEnd + 2
    }

    /// A line that has begun must still fit the limit.
    func partOfLine(
        _ bytes: borrowing Span<UInt8>, from start: Int, _ status: HTTPStatus = .headerFieldsTooLarge
    ) throws(HTTPSyntaxError) -> Int? {
        // What may be the first half of a line's end is no part of the line.
        guard bytes.count - start <= limits.lineBytesMax + 1 else { throw .longLine(limits, status) }
        return nil
    }
}

extension HTTPHeadScan.Field {
    @inline(__always)
    init(_ name: HTTPFieldName, _ nameRange: Range<Int>, _ valueRange: Range<Int>, end: Int) {
        self.name = name
        // Safe: a head is shorter than 2 GiB, as is what holds it.
        nameStart = Int32(truncatingIfNeeded: nameRange.lowerBound)
        nameEnd = Int32(truncatingIfNeeded: nameRange.upperBound)
        valueStart = Int32(truncatingIfNeeded: valueRange.lowerBound)
        valueEnd = Int32(truncatingIfNeeded: valueRange.upperBound)
        self.end = Int32(truncatingIfNeeded: end)
    }
}
