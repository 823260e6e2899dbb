// SPDX-License-Identifier: Apache-2.0

extension JSONReader {
    /// Decodes the string whose opening quote is next. Strings without escapes are made from their bytes in one step.
    mutating func decodedString() throws(JSONError) -> String {
        let (range, hasEscapes) = try skipString()
        return hasEscapes ? unescaped(range) : bytes.text(range)
    }

    /// Passes a string and gives the range between its quotes, whose UTF-8 and escapes have been checked.
    mutating func skipString() throws(JSONError) -> (Range<Int>, hasEscapes: Bool) {
        offset += 1
        let start = offset
        var hasEscapes = false
        var isASCII = true
        while offset < bytes.count {
            let byte = bytes[offset]
            switch byte {
            case UInt8(ascii: "\""):
                let range = start..<offset
                // Escapes are ASCII, so the raw bytes are valid exactly if the decoded ones are.
                if !isASCII, let invalid = bytes.firstInvalidUTF8(range) { throw error(.utf8Invalid, at: invalid) }
                offset += 1
                return (range, hasEscapes)
            case UInt8(ascii: "\\"):
                hasEscapes = true
                try skipEscape()
            case 0..<0x20:
                throw error(.controlCharacterInString)
            default:
                if byte >= 0x80 { isASCII = false }
                offset += 1
            }
        }
        throw error(.endOfText)
    }

    /// Passes one escape; a `\u` of a high surrogate must be followed by that of a low one.
    private mutating func skipEscape() throws(JSONError) {
        let start = offset
        guard start + 1 < bytes.count else { throw error(.endOfText, at: bytes.count) }
        switch bytes[start + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            offset += 2
        case UInt8(ascii: "u"):
            let unit = try skipUnit()
            if (0xDC00...0xDFFF).contains(unit) { throw error(.surrogateAlone, at: start) }
            guard (0xD800...0xDBFF).contains(unit) else { return }
            guard offset < bytes.count else { throw error(.endOfText) }
            guard bytes[offset] == UInt8(ascii: "\\") else { throw error(.surrogateAlone, at: start) }
            guard offset + 1 < bytes.count else { throw error(.endOfText, at: bytes.count) }
            guard bytes[offset + 1] == UInt8(ascii: "u") else { throw error(.surrogateAlone, at: start) }
            guard (0xDC00...0xDFFF).contains(try skipUnit()) else { throw error(.surrogateAlone, at: start) }
        default:
            throw error(.escapeInvalid)
        }
    }

    private mutating func skipUnit() throws(JSONError) -> UInt32 {
        for index in offset + 2..<offset + 6 {
            guard index < bytes.count else { throw error(.endOfText, at: bytes.count) }
            if Self.hexValue(bytes[index]) == nil { throw error(.escapeInvalid) }
        }
        defer { offset += 6 }
        return unit(at: offset)
    }

    /// The code unit of the `\uXXXX` at `place`, which has been checked.
    private func unit(at place: Int) -> UInt32 {
        var value: UInt32 = 0
        for index in place + 2..<place + 6 { value = value << 4 | (Self.hexValue(bytes[index]) ?? 0) }
        return value
    }

    /// Decodes a string that `skipString` has checked.
    private func unescaped(_ range: Range<Int>) -> String {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(range.count)
        var index = range.lowerBound
        while index < range.upperBound {
            guard bytes[index] == UInt8(ascii: "\\") else {
                decoded.append(bytes[index])
                index += 1
                continue
            }
            guard bytes[index + 1] == UInt8(ascii: "u") else {
                decoded.append(Self.escaped(bytes[index + 1]))
                index += 2
                continue
            }
            var scalar = unit(at: index)
            index += 6
            if (0xD800...0xDBFF).contains(scalar) {
                scalar = 0x10000 + (scalar - 0xD800) << 10 + (unit(at: index) - 0xDC00)
                index += 6
            }
            decoded.append(contentsOf: String(Character(Unicode.Scalar(scalar) ?? "\u{FFFD}")).utf8)
        }
        return String(decoding: decoded, as: UTF8.self)
    }

    /// What the letter after a backslash stands for; the other ones stand for themselves.
    private static func escaped(_ letter: UInt8) -> UInt8 {
        switch letter {
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        default: letter
        }
    }

    private static func hexValue(_ digit: UInt8) -> UInt32? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(digit - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(digit - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(digit - UInt8(ascii: "A") + 10)
        default: nil
        }
    }
}
