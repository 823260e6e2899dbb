// SPDX-License-Identifier: Apache-2.0

/// Reads JSON (RFC 8259, strictly) in place, one value after another, as the caller asks for them.
///
/// It makes no model of the text: the caller walks objects and arrays with closures, takes the scalars it wants, and
/// takes the rest as ranges of bytes that were checked on the way (`validValue`), so that a value can be stored
/// exactly as it was written. Nothing is read twice and nothing is copied but decoded strings.
///
/// A reader is only lent, by `JSONReader.read`, which also refuses text after the value: it can't be copied or made,
/// and so it can't outlive the bytes.
package struct JSONReader: ~Copyable {
    /// Values nested deeper than this are refused. Go's decoder stops at 10,000; nobody writes such state by hand,
    /// and a walk by closures uses some of the stack for each level.
    package static let depthMax = 512

    let bytes: CheckedBytes
    package internal(set) var offset = 0
    var depth = 0

    private init(_ bytes: CheckedBytes) { self.bytes = bytes }

    // MARK: - Whole texts

    /// Reads the one value that `bytes` are, and refuses anything after it.
    package static func read<Value>(
        _ bytes: UnsafeRawBufferPointer, _ body: (inout JSONReader) throws(JSONError) -> Value
    ) throws(JSONError) -> Value {
        var reader = JSONReader(CheckedBytes(bytes))
        let value = try body(&reader)
        try reader.end()
        return value
    }

    /// Refuses anything but white space up to the end.
    package mutating func end() throws(JSONError) {
        skipSpace()
        if offset < bytes.count { throw error(.textAfterValue) }
    }

    // MARK: - Values

    /// The kind of the value that comes next.
    package mutating func peek() throws(JSONError) -> JSONKind {
        skipSpace()
        guard offset < bytes.count else { throw error(.endOfText) }
        switch bytes[offset] {
        case UInt8(ascii: "{"): return .object
        case UInt8(ascii: "["): return .array
        case UInt8(ascii: "\""): return .string
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool
        case UInt8(ascii: "n"): return .null
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
        case let byte: throw error(.byteUnexpected(byte, expected: "a value"))
        }
    }

    /// Walks an object: `body` is called with each key and must read exactly the value after it.
    package mutating func object(
        _ body: (_ key: String, inout JSONReader) throws(JSONError) -> Void
    ) throws(JSONError) {
        try expect(.object, "an object")
        try enter()
        if try closes(UInt8(ascii: "}")) { return }
        while true {
            guard try peekKey() else { throw unexpected(expected: "a key in quotes") }
            let key = try decodedString()
            try take(UInt8(ascii: ":"), expected: "':' after a key")
            try body(key, &self)
            if try !continues(until: UInt8(ascii: "}")) { return }
        }
    }

    /// Walks an array: `body` is called before each element and must read exactly that.
    package mutating func array(_ body: (inout JSONReader) throws(JSONError) -> Void) throws(JSONError) {
        try expect(.array, "an array")
        try enter()
        if try closes(UInt8(ascii: "]")) { return }
        while true {
            try body(&self)
            if try !continues(until: UInt8(ascii: "]")) { return }
        }
    }

    /// A string, decoded.
    package mutating func string() throws(JSONError) -> String {
        try expect(.string, "a string")
        return try decodedString()
    }

    /// A string, or nil for null.
    package mutating func stringOrNull() throws(JSONError) -> String? {
        if try peek() == .null {
            try null()
            return nil
        }
        return try string()
    }

    package mutating func bool() throws(JSONError) -> Bool {
        try expect(.bool, "a boolean")
        let value = bytes[offset] == UInt8(ascii: "t")
        try literal(value ? "true" : "false")
        return value
    }

    package mutating func null() throws(JSONError) {
        try expect(.null, "null")
        try literal("null")
    }

    /// An integer of 64 bits; a fraction or an exponent is refused.
    package mutating func integer() throws(JSONError) -> Int64 {
        try expect(.number, "a number")
        let start = offset
        try skipNumber()
        var value: Int64 = 0
        let isNegative = bytes[start] == UInt8(ascii: "-")
        for index in (isNegative ? start + 1 : start)..<offset {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[index]) else {
                throw error(.numberOutOfRange, at: start)
            }
            let digit = Int64(bytes[index] - UInt8(ascii: "0"))
            // Negative numbers are summed downwards, because the least integer has no positive counterpart.
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(isNegative ? -digit : digit)
            if overflow || carry { throw error(.numberOutOfRange, at: start) }
            value = sum
        }
        return value
    }

    // MARK: - Tokens between values

    mutating func skipSpace() {
        while offset < bytes.count {
            switch bytes[offset] {
            case 0x20, 0x09, 0x0A, 0x0D: offset += 1
            default: return
            }
        }
    }

    mutating func take(_ byte: UInt8, expected: String) throws(JSONError) {
        skipSpace()
        guard offset < bytes.count, bytes[offset] == byte else { throw unexpected(expected: expected) }
        offset += 1
    }

    func unexpected(expected: String) -> JSONError {
        offset < bytes.count ? error(.byteUnexpected(bytes[offset], expected: expected)) : error(.endOfText)
    }

    /// An error at a place, or where the reader is; for limits that a caller has beside the reader's own.
    package func error(_ reason: JSONError.Reason, at place: Int? = nil) -> JSONError {
        let place = place ?? offset
        var line = 1
        var lineStart = 0
        for index in 0..<place where bytes[index] == 0x0A {
            line += 1
            lineStart = index + 1
        }
        return JSONError(reason: reason, offset: place, line: line, column: place - lineStart + 1)
    }

    private mutating func expect(_ kind: JSONKind, _ name: String) throws(JSONError) {
        let found = try peek()
        if found != kind { throw error(.typeMismatch(found: found, expected: name)) }
    }

    /// Passes the bracket that opens a container.
    private mutating func enter() throws(JSONError) {
        if depth == Self.depthMax { throw error(.depthExceeded(Self.depthMax)) }
        depth += 1
        offset += 1
    }

    /// Whether the container ends here, empty.
    private mutating func closes(_ bracket: UInt8) throws(JSONError) -> Bool {
        skipSpace()
        guard offset < bytes.count else { throw error(.endOfText) }
        guard bytes[offset] == bracket else { return false }
        offset += 1
        depth -= 1
        return true
    }

    /// After an element: true if a comma says that another one follows, false if the container ends.
    private mutating func continues(until bracket: UInt8) throws(JSONError) -> Bool {
        if try closes(bracket) { return false }
        try take(UInt8(ascii: ","), expected: "',' or '\(Character(Unicode.Scalar(bracket)))'")
        return true
    }

    private mutating func peekKey() throws(JSONError) -> Bool {
        skipSpace()
        guard offset < bytes.count else { throw error(.endOfText) }
        return bytes[offset] == UInt8(ascii: "\"")
    }

    mutating func literal(_ text: StaticString) throws(JSONError) {
        for index in 0..<text.utf8CodeUnitCount {
            guard offset < bytes.count else { throw error(.endOfText) }
            // Safe: the index is below the literal's count of bytes.
            guard bytes[offset] == text.utf8Start[index] else { throw unexpected(expected: "\(text)") }
            offset += 1
        }
    }
}
