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

    /// Nil if it isn't UTF-8.
    var text: String? {
        do { return String(copying: try UTF8Span(validating: extracting(indices))) } catch { return nil }
    }

    var isUTF8: Bool {
        do { _ = try UTF8Span(validating: extracting(indices)) } catch { return false }
        return true
    }

    /// Calls `body` with each element of a comma-separated list that isn't empty, without the white space around it.
    func forEachListElement<Failure: Error>(
        _ body: (borrowing Span<UInt8>) throws(Failure) -> Void
    ) throws(Failure) {
        var start = 0
        while start < count {
            var end = start
            while end < count, self[end] != UInt8(ascii: ",") { end += 1 }
            let element = trimmed(start..<end)
            if !element.isEmpty { try body(extracting(element)) }
            start = end + 1
        }
    }

    /// A range without the spaces and tabs at its ends.
    @inline(__always)
    func trimmed(_ range: Range<Int>) -> Range<Int> {
        var (start, end) = (range.lowerBound, range.upperBound)
        while start < end, self[start].isBlank { start += 1 }
        while end > start, self[end - 1].isBlank { end -= 1 }
        return start..<end
    }

    /// Whether a range is a host with a port or without one (RFC 3986, section 3.2), so that nobody can read it as
    /// another: no user, no path, no list, no second port.
    func isAuthority(_ range: Range<Int>, needsPort: Bool = false) -> Bool {
        let host = extracting(range)
        var index = 0
        if !host.isEmpty, host[0] == UInt8(ascii: "[") {
            index = 1
            while index < host.count, host[index].isHostName || host[index] == UInt8(ascii: ":") { index += 1 }
            guard index > 1, index < host.count, host[index] == UInt8(ascii: "]") else { return false }
            index += 1
        } else {
            index = host.endOfHostName(from: 0)
            guard index > 0 else { return false }
        }
        guard index < host.count else { return !needsPort }
        guard host[index] == UInt8(ascii: ":") else { return false }
        let port = index + 1
        index = port
        while index < host.count, host[index].isDigit { index += 1 }
        return index == host.count && (!needsPort || index > port)
    }
}

extension UInt8 {
    @inline(__always)
    var isBlank: Bool { self == 0x20 || self == 0x09 }

    var isDigit: Bool { self >= UInt8(ascii: "0") && self <= UInt8(ascii: "9") }

    /// Whether the byte may stand in a token, such as a field's name or a method (RFC 9110, section 5.6.2): letters,
    /// digits, and ``!#$%&'*+-.^_`|~``.
    @inline(__always)
    var isToken: Bool { isIn(0x03FF_6CFA_0000_0000, 0x57FF_FFFF_C7FF_FFFE) }

    /// Whether the byte may stand in a host's name (RFC 3986, section 3.2.2): letters, digits, and `!$%&'()*+-.;=_~`,
    /// without the comma, which would make it a list.
    @inline(__always)
    var isHostName: Bool { isIn(0x2BFF_6FF2_0000_0000, 0x47FF_FFFE_87FF_FFFE) }

    /// Whether the byte may stand in a field's value (RFC 9110, section 5.5).
    var isFieldValue: Bool { self >= 0x20 ? self != 0x7F : self == 0x09 }

    /// Whether the byte may stand in a request's target. More is taken than RFC 3986 has, as clients send it, but
    /// nothing that ends the target or its line, nor what begins a fragment: the path would end there for some.
    var isTarget: Bool { self > 0x20 && self != 0x7F && self != UInt8(ascii: "#") }

    /// Whether the byte is in a set of ASCII characters, of which each has a bit: the first 64 in `low`.
    @inline(__always)
    private func isIn(_ low: UInt64, _ high: UInt64) -> Bool {
        // Safe: the shift is less than 64.
        self < 128 && (self < 64 ? low : high) &>> UInt64(self & 63) & 1 != 0
    }
}
