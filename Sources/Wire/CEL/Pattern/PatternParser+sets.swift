// SPDX-License-Identifier: Apache-2.0

extension PatternParser {
    // MARK: - Escapes

    /// What a backslash outside of brackets means; the backslash has been passed.
    mutating func escape() throws(PatternError) -> PatternNode? {
        if let set = try classEscape() { return .set(set) }
        switch peek {
        case "A": return assertion(.textStart)
        case "z": return assertion(.textEnd)
        case "b": return assertion(.wordBoundary)
        case "B": return assertion(.noWordBoundary)
        case "Q":
            place += 1
            return quoted()
        default: return literal(try escapedScalar())
        }
    }

    private mutating func assertion(_ assertion: PatternAssertion) -> PatternNode {
        place += 1
        return .assert(assertion)
    }

    /// What is between `\Q` and `\E` stands for itself.
    private mutating func quoted() -> PatternNode? {
        var parts: [PatternNode] = []
        while !take("\\E"), let scalar = peek {
            parts.append(literal(scalar))
            place += 1
        }
        return parts.isEmpty ? nil : .sequence(parts)
    }

    /// A set after a backslash, such as `\d` or `\pL`; nil if there is none.
    private mutating func classEscape() throws(PatternError) -> ScalarSet? {
        guard let letter = peek else { throw PatternError("it ends with a backslash") }
        var set: ScalarSet
        switch letter {
        case "d", "D": set = .digits
        case "w", "W": set = .word
        case "s", "S": set = .space
        case "p", "P":
            place += 1
            return try category(isNegated: letter == "P")
        default: return nil
        }
        place += 1
        set.isNegated = letter.properties.isUppercase
        set.ignoresCase = flags.ignoresCase
        return set
    }

    private mutating func category(isNegated: Bool) throws(PatternError) -> ScalarSet {
        var name = ""
        var isNegated = isNegated
        if take("{") {
            if take("^") { isNegated.toggle() }
            while true {
                let scalar = try next()
                if scalar == "}" { break }
                name.unicodeScalars.append(scalar)
            }
        } else {
            name.unicodeScalars.append(try next())
        }
        guard !name.isEmpty, ScalarSet.categoryNames.values.contains(where: { $0 == name || $0.prefix(1) == name })
        else {
            throw PatternError("it has a property of Unicode that isn't a general category")
        }
        var set = ScalarSet()
        if isNegated { set.excludedCategories = [name] } else { set.categories = [name] }
        return set
    }

    private mutating func escapedScalar() throws(PatternError) -> Unicode.Scalar {
        let letter = try next()
        switch letter {
        case "a": return "\u{07}"
        case "f": return "\u{0C}"
        case "n": return "\n"
        case "r": return "\r"
        case "t": return "\t"
        case "v": return "\u{0B}"
        case "x": return try hexadecimal()
        case "0"..."7": return try octal(letter)
        default:
            // Any mark of ASCII may be escaped; letters and digits have or may get a meaning.
            guard letter.isASCII, !ScalarSet.word.contains(letter) || letter == "_" else {
                throw PatternError("it has an escape that RE2 doesn't know")
            }
            return letter
        }
    }

    /// `\x7F` or `\x{10FFFF}`.
    private mutating func hexadecimal() throws(PatternError) -> Unicode.Scalar {
        var digits = ""
        if take("{") {
            while true {
                let scalar = try next()
                if scalar == "}" { break }
                digits.unicodeScalars.append(scalar)
            }
        } else {
            for _ in 0..<2 { digits.unicodeScalars.append(try next()) }
        }
        guard digits.unicodeScalars.allSatisfy(\.properties.isASCIIHexDigit),
            let scalar = UInt32(digits, radix: 16).flatMap(Unicode.Scalar.init)
        else { throw PatternError("it has a '\\x' without a code point") }
        return scalar
    }

    /// `\0`, `\07`, `\123`; a single digit from 1 on would be a back reference, which RE2 hasn't.
    private mutating func octal(_ first: Unicode.Scalar) throws(PatternError) -> Unicode.Scalar {
        var value = first.value - 0x30
        var count = 1
        while count < 3, let digit = peek, ("0"..."7").contains(digit) {
            value = value * 8 + (digit.value - 0x30)
            count += 1
            place += 1
        }
        guard first == "0" || count > 1, let scalar = Unicode.Scalar(value) else {
            throw PatternError("it has a back reference, which RE2 doesn't know")
        }
        return scalar
    }

    // MARK: - Brackets

    /// A set in brackets; the opening one has been passed.
    mutating func bracketed() throws(PatternError) -> ScalarSet {
        var set = ScalarSet()
        set.isNegated = take("^")
        set.ignoresCase = flags.ignoresCase
        var isFirst = true
        while isFirst || !take("]") {
            guard peek != nil else { throw PatternError("it has a '[' without a ']'") }
            isFirst = false
            if let part = try namedSet() {
                set.add(part)
                continue
            }
            guard let low = try boundary(orAddedTo: &set) else { continue }
            var high = low
            // A minus right before the bracket stands for itself.
            if peek == "-", place + 1 < scalars.count, scalars[place + 1] != "]" {
                place += 1
                guard let bound = try boundary(orAddedTo: &set) else {
                    throw PatternError("it has a range that ends with a set")
                }
                high = bound
            }
            guard low <= high else { throw PatternError("it has a range that runs backwards") }
            set.ranges.append(low.value...high.value)
        }
        return set
    }

    /// A single code point; nil if a set was added instead.
    private mutating func boundary(orAddedTo set: inout ScalarSet) throws(PatternError) -> Unicode.Scalar? {
        let scalar = try next()
        guard scalar == "\\" else { return scalar }
        if let part = try classEscape() {
            set.add(part)
            return nil
        }
        return try escapedScalar()
    }

    /// `[:alpha:]`, `[:^alpha:]`; nil if there is none.
    private mutating func namedSet() throws(PatternError) -> ScalarSet? {
        guard take("[:") else { return nil }
        let isNegated = take("^")
        var name = ""
        while !take(":]") {
            guard let scalar = peek else { throw PatternError("it has a '[:' without a ':]'") }
            name.unicodeScalars.append(scalar)
            place += 1
        }
        guard var set = ScalarSet.named[name] else { throw PatternError("it has a '[:…:]' that RE2 doesn't know") }
        set.isNegated = isNegated
        return set
    }
}
