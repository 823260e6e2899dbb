// SPDX-License-Identifier: Apache-2.0

/// How a string or a bytes literal begins.
struct CELQuote {
    var isRaw = false
    var isBytes = false
    var character: UInt8 = 0
    var isTriple = false
    /// Bytes before the content.
    var length = 0
}

extension CELLexer {
    /// The beginning of a literal in quotes at the offset, prefixes included; nil if there is none.
    func literalQuote() -> CELQuote? {
        var quote = CELQuote()
        while let byte = peek(quote.length), quote.length < 2 {
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") { break }
            switch byte | 0x20 {
            case UInt8(ascii: "r") where !quote.isRaw: quote.isRaw = true
            case UInt8(ascii: "b") where !quote.isBytes: quote.isBytes = true
            default: return nil
            }
            quote.length += 1
        }
        guard let byte = peek(quote.length), byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") else { return nil }
        quote.character = byte
        quote.isTriple = peek(quote.length + 1) == byte && peek(quote.length + 2) == byte
        quote.length += quote.isTriple ? 3 : 1
        return quote
    }

    mutating func quoted(_ quote: CELQuote) throws(CELMistake) -> CELToken.Form {
        let start = offset
        offset += quote.length
        var content: [UInt8] = []
        while !endsLiteral(quote) {
            guard let byte = peek() else { throw mistake("found the end in a string, expected \(closing(quote))") }
            if !quote.isTriple && (byte == 0x0A || byte == 0x0D) {
                throw mistake("found the end of the line in a string, expected \(closing(quote))")
            }
            if byte == UInt8(ascii: "\\") && !quote.isRaw {
                try escape(isBytes: quote.isBytes, into: &content)
            } else {
                content.append(byte)
                offset += 1
            }
        }
        offset += quote.isTriple ? 3 : 1
        if quote.isBytes { return .bytes(content) }
        guard let text = String(validating: content, as: UTF8.self) else {
            throw mistake("found a string that isn't UTF-8", at: start)
        }
        return .string(text)
    }

    private func endsLiteral(_ quote: CELQuote) -> Bool {
        (0..<(quote.isTriple ? 3 : 1)).allSatisfy { peek($0) == quote.character }
    }

    private func closing(_ quote: CELQuote) -> String {
        String(repeating: String(Unicode.Scalar(quote.character)), count: quote.isTriple ? 3 : 1)
    }

    // MARK: - Escapes

    private static let simpleEscapes: [UInt8: UInt8] = [
        UInt8(ascii: "\\"): 0x5C, UInt8(ascii: "?"): 0x3F, UInt8(ascii: "\""): 0x22, UInt8(ascii: "'"): 0x27,
        UInt8(ascii: "`"): 0x60, UInt8(ascii: "a"): 0x07, UInt8(ascii: "b"): 0x08, UInt8(ascii: "f"): 0x0C,
        UInt8(ascii: "n"): 0x0A, UInt8(ascii: "r"): 0x0D, UInt8(ascii: "t"): 0x09, UInt8(ascii: "v"): 0x0B,
    ]

    private mutating func escape(isBytes: Bool, into content: inout [UInt8]) throws(CELMistake) {
        let start = offset
        guard let letter = peek(1) else { throw mistake("found the end in a string") }
        if let byte = Self.simpleEscapes[letter] {
            content.append(byte)
            offset += 2
            return
        }
        let value: UInt32?
        switch letter {
        case UInt8(ascii: "x"), UInt8(ascii: "X"): value = digits(from: 2, count: 2, radix: 16)
        case UInt8(ascii: "u") where !isBytes: value = digits(from: 2, count: 4, radix: 16)
        case UInt8(ascii: "U") where !isBytes: value = digits(from: 2, count: 8, radix: 16)
        case UInt8(ascii: "0")...UInt8(ascii: "3"): value = digits(from: 1, count: 3, radix: 8)
        default: value = nil
        }
        guard let value else { throw mistake("found an escape that CEL doesn't know", at: start) }
        if isBytes {
            // Two hexadecimal or three octal digits from 000 to 377 are one byte.
            content.append(UInt8(value))
        } else {
            guard let scalar = Unicode.Scalar(value) else {
                throw mistake("found an escape that is no code point", at: start)
            }
            content.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        }
    }

    /// The value of so many digits, which are passed; nil if they aren't there.
    private mutating func digits(from start: Int, count: Int, radix: Int) -> UInt32? {
        guard offset + start + count <= source.count else { return nil }
        let digits = source[offset + start..<offset + start + count]
        guard digits.allSatisfy({ Unicode.Scalar($0).properties.isASCIIHexDigit }) else { return nil }
        offset += start + count
        return UInt32(String(decoding: digits, as: UTF8.self), radix: radix)
    }
}
