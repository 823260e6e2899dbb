// SPDX-License-Identifier: Apache-2.0

/// Cuts an expression into tokens.
struct CELLexer {
    let source: [UInt8]
    var offset = 0

    static func tokens(_ source: [UInt8]) throws(CELMistake) -> [CELToken] {
        var lexer = CELLexer(source: source)
        var tokens: [CELToken] = []
        while true {
            lexer.skipSpace()
            let start = lexer.offset
            let form = try lexer.next()
            tokens.append(CELToken(form: form, offset: start))
            if form == .end { return tokens }
        }
    }

    private mutating func skipSpace() {
        while let byte = peek() {
            switch byte {
            case 0x20, 0x09, 0x0A, 0x0C, 0x0D: offset += 1
            case UInt8(ascii: "/") where peek(1) == UInt8(ascii: "/"):
                while let byte = peek(), byte != 0x0A { offset += 1 }
            default: return
            }
        }
    }

    private mutating func next() throws(CELMistake) -> CELToken.Form {
        guard let byte = peek() else { return .end }
        if let quote = literalQuote() { return try quoted(quote) }
        if Self.isNameStart(byte) { return name() }
        if Self.isDigit(byte) { return try number() }
        if byte == UInt8(ascii: "`") { return try quotedName() }
        if byte == UInt8(ascii: "."), let digit = peek(1), Self.isDigit(digit) { return try number() }
        return try symbol(byte)
    }

    func peek(_ ahead: Int = 0) -> UInt8? {
        offset + ahead < source.count ? source[offset + ahead] : nil
    }

    func mistake(_ message: String, at place: Int? = nil) -> CELMistake {
        CELMistake(offset: place ?? offset, message: message)
    }

    // MARK: - Names and symbols

    private mutating func name() -> CELToken.Form {
        let start = offset
        while let byte = peek(), Self.isNameStart(byte) || Self.isDigit(byte) { offset += 1 }
        let name = String(decoding: source[start..<offset], as: UTF8.self)
        return CELToken.keywords.contains(name) ? .keyword(name) : .identifier(name)
    }

    private mutating func quotedName() throws(CELMistake) -> CELToken.Form {
        let start = offset + 1
        offset = start
        while let byte = peek(), Self.isNameStart(byte) || Self.isDigit(byte) || ".-/ ".utf8.contains(byte) {
            offset += 1
        }
        guard offset > start, peek() == UInt8(ascii: "`") else {
            throw mistake("found \(describe()) in a field's name, expected '`'")
        }
        offset += 1
        return .quotedName(String(decoding: source[start..<offset - 1], as: UTF8.self))
    }

    private mutating func symbol(_ byte: UInt8) throws(CELMistake) -> CELToken.Form {
        let pairs = ["<=", ">=", "==", "!=", "&&", "||"]
        if let pair = pairs.first(where: { source[offset...].starts(with: $0.utf8) }) {
            offset += 2
            return .symbol(pair)
        }
        if "()[]{}.,?:+-*/%!<>".utf8.contains(byte) {
            offset += 1
            return .symbol(String(Unicode.Scalar(byte)))
        }
        switch byte {
        case UInt8(ascii: "="): throw mistake("found '=', expected '=='")
        case UInt8(ascii: "&"): throw mistake("found '&', expected '&&'")
        case UInt8(ascii: "|"): throw mistake("found '|', expected '||'")
        default: throw mistake("found \(describe()), which no expression has outside of strings")
        }
    }

    /// The code point at the offset, as an error shows it.
    private func describe() -> String {
        let start = String(decoding: source[offset..<min(offset + 4, source.count)], as: UTF8.self)
        guard let scalar = start.unicodeScalars.first else { return "nothing" }
        return "'\(scalar.escaped(asASCII: false))'"
    }

    static func isNameStart(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "_") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }

    static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    // MARK: - Numbers

    private mutating func number() throws(CELMistake) -> CELToken.Form {
        let start = offset
        if peek() == UInt8(ascii: "0"), let letter = peek(1), letter | 0x20 == UInt8(ascii: "x") {
            offset += 2
            return try integer(from: start, digits: skipHexDigits(), radix: 16)
        }
        skipDigits()
        var isDouble = false
        if peek() == UInt8(ascii: "."), let digit = peek(1), Self.isDigit(digit) {
            isDouble = true
            offset += 1
            skipDigits()
        }
        if skipExponent() { isDouble = true }
        let text = String(decoding: source[start..<offset], as: UTF8.self)
        guard isDouble else { return try integer(from: start, digits: text, radix: 10) }
        guard let value = Double(text), value.isFinite else {
            throw mistake("found a number that is too large", at: start)
        }
        try endNumber()
        return .double(value)
    }

    private mutating func integer(from start: Int, digits: String, radix: Int) throws(CELMistake) -> CELToken.Form {
        guard !digits.isEmpty else { throw mistake("found '0x' without digits", at: start) }
        guard let value = UInt64(digits, radix: radix) else {
            throw mistake("found a number that is too large", at: start)
        }
        let isUnsigned = peek().map { $0 | 0x20 == UInt8(ascii: "u") } ?? false
        if isUnsigned { offset += 1 }
        try endNumber()
        return isUnsigned ? .uint(value) : .int(value)
    }

    /// A name right after a number is a slip of the pen, such as `10s`.
    private func endNumber() throws(CELMistake) {
        guard let byte = peek(), Self.isNameStart(byte) else { return }
        throw mistake("found \(describe()) after a number, expected an operator or the end")
    }

    private mutating func skipDigits() {
        while let byte = peek(), Self.isDigit(byte) { offset += 1 }
    }

    private mutating func skipHexDigits() -> String {
        let start = offset
        while let byte = peek(), Unicode.Scalar(byte).properties.isASCIIHexDigit { offset += 1 }
        return String(decoding: source[start..<offset], as: UTF8.self)
    }

    /// Passes `e10`, `E-3` if it is there.
    private mutating func skipExponent() -> Bool {
        guard let letter = peek(), letter | 0x20 == UInt8(ascii: "e") else { return false }
        let hasSign = peek(1) == UInt8(ascii: "+") || peek(1) == UInt8(ascii: "-")
        guard let digit = peek(hasSign ? 2 : 1), Self.isDigit(digit) else { return false }
        offset += hasSign ? 2 : 1
        skipDigits()
        return true
    }
}
