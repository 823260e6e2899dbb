// SPDX-License-Identifier: Apache-2.0

extension JSONReader {
    /// Checks the next value whole, without decoding it, and gives the range of its bytes.
    ///
    /// It doesn't recurse: of what is open it keeps one element a level, so that hostile nesting costs no stack.
    package mutating func validValue() throws(JSONError) -> Range<Int> {
        _ = try peek()
        let start = offset
        // True for an object, false for an array.
        var open: [Bool] = []
        repeat {
            if try opensContainer(&open) { continue }
            try skipEnds(&open)
        } while !open.isEmpty
        return start..<offset
    }

    /// Checks and passes the next value.
    package mutating func skip() throws(JSONError) { _ = try validValue() }

    /// Passes a scalar, an empty container, or the beginning of another container; true for the last.
    private mutating func opensContainer(_ open: inout [Bool]) throws(JSONError) -> Bool {
        let kind = try peek()
        switch kind {
        case .string: _ = try skipString()
        case .number: try skipNumber()
        case .bool: try literal(bytes[offset] == UInt8(ascii: "t") ? "true" : "false")
        case .null: try literal("null")
        case .object, .array:
            if depth + open.count >= Self.depthMax { throw error(.depthExceeded(Self.depthMax)) }
            offset += 1
            let isObject = kind == .object
            if try skipBracket(closingObject: isObject) { return false }
            open.append(isObject)
            if isObject { try skipKey() }
            return true
        }
        return false
    }

    /// After a value: passes the ends of the containers that it was the last of, or the comma before the next one.
    private mutating func skipEnds(_ open: inout [Bool]) throws(JSONError) {
        while let isObject = open.last {
            if try skipBracket(closingObject: isObject) {
                open.removeLast()
                continue
            }
            try take(UInt8(ascii: ","), expected: isObject ? "',' or '}'" : "',' or ']'")
            if isObject { try skipKey() }
            return
        }
    }

    private mutating func skipBracket(closingObject isObject: Bool) throws(JSONError) -> Bool {
        skipSpace()
        guard offset < bytes.count else { throw error(.endOfText) }
        guard bytes[offset] == (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else { return false }
        offset += 1
        return true
    }

    private mutating func skipKey() throws(JSONError) {
        skipSpace()
        guard offset < bytes.count, bytes[offset] == UInt8(ascii: "\"") else {
            throw unexpected(expected: "a key in quotes")
        }
        _ = try skipString()
        try take(UInt8(ascii: ":"), expected: "':' after a key")
    }

    /// Passes a number: an integer without leading zeros, then perhaps a fraction, then perhaps an exponent.
    mutating func skipNumber() throws(JSONError) {
        let start = offset
        if bytes[offset] == UInt8(ascii: "-") { offset += 1 }
        let integer = try skipDigits(from: start)
        // The first digit of the integer follows the sign, if there is one.
        if integer > 1, bytes[offset - integer] == UInt8(ascii: "0") { throw error(.numberInvalid, at: start) }
        if offset < bytes.count, bytes[offset] == UInt8(ascii: ".") {
            offset += 1
            _ = try skipDigits(from: start)
        }
        guard offset < bytes.count, bytes[offset] | 0x20 == UInt8(ascii: "e") else { return }
        offset += 1
        if offset < bytes.count, bytes[offset] == UInt8(ascii: "+") || bytes[offset] == UInt8(ascii: "-") {
            offset += 1
        }
        _ = try skipDigits(from: start)
    }

    private mutating func skipDigits(from start: Int) throws(JSONError) -> Int {
        let first = offset
        while offset < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[offset]) { offset += 1 }
        if offset > first { return offset - first }
        throw offset < bytes.count ? error(.numberInvalid, at: start) : error(.endOfText)
    }
}
