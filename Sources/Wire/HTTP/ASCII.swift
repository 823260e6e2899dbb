// SPDX-License-Identifier: Apache-2.0

/// What HTTP compares and splits, as bytes.
extension Span where Element == UInt8 {
    /// Whether two names are the same if the case of ASCII letters doesn't count.
    package func equalsIgnoringCase(_ other: borrowing Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        for index in indices where self[index] != other[index] {
            let a = self[index] | 0x20
            guard a == other[index] | 0x20, a >= UInt8(ascii: "a"), a <= UInt8(ascii: "z") else { return false }
        }
        return true
    }

    package func isSame(as other: borrowing Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        for index in indices where self[index] != other[index] { return false }
        return true
    }

    /// Calls `body` with each element of a comma-separated list that isn't empty, without the white space around it.
    func forEachListElement(_ body: (borrowing Span<UInt8>) -> Void) {
        var start = 0
        while start < count {
            var end = start
            while end < count, self[end] != UInt8(ascii: ",") { end += 1 }
            let element = trimmed(start..<end)
            if !element.isEmpty { body(extracting(element)) }
            start = end + 1
        }
    }

    /// A range without the spaces and tabs at its ends.
    func trimmed(_ range: Range<Int>) -> Range<Int> {
        var (start, end) = (range.lowerBound, range.upperBound)
        while start < end, self[start].isBlank { start += 1 }
        while end > start, self[end - 1].isBlank { end -= 1 }
        return start..<end
    }
}

extension UInt8 {
    var isBlank: Bool { self == 0x20 || self == 0x09 }

    var isDigit: Bool { self >= UInt8(ascii: "0") && self <= UInt8(ascii: "9") }

    private var isLetter: Bool { self | 0x20 >= UInt8(ascii: "a") && self | 0x20 <= UInt8(ascii: "z") }

    /// Whether the byte may stand in a token, such as a field's name or a method (RFC 9110, section 5.6.2).
    var isToken: Bool {
        if isLetter || isDigit { return true }
        switch self {
        case UInt8(ascii: "!"), UInt8(ascii: "#")...UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"),
            UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "^")...UInt8(ascii: "`"), UInt8(ascii: "|"),
            UInt8(ascii: "~"):
            return true
        default: return false
        }
    }

    /// Whether the byte may stand in a field's value (RFC 9110, section 5.5).
    var isFieldValue: Bool { self >= 0x20 ? self != 0x7F : self == 0x09 }

    /// Whether the byte may stand in a request's target. More is taken than RFC 3986 has, as clients send it, but
    /// nothing that ends the target or its line.
    var isTarget: Bool { self > 0x20 && self != 0x7F }

    /// Whether the byte may stand in a host with its port (RFC 3986, section 3.2.2): no user, path or list.
    var isHost: Bool {
        if isLetter || isDigit { return true }
        switch self {
        case UInt8(ascii: "!"), UInt8(ascii: "$")...UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: ":"), UInt8(ascii: ";"), UInt8(ascii: "="), UInt8(ascii: "["), UInt8(ascii: "]"),
            UInt8(ascii: "_"), UInt8(ascii: "~"):
            return true
        default: return false
        }
    }
}
