// SPDX-License-Identifier: Apache-2.0

/// Reads the syntax of RE2 (https://github.com/google/re2/wiki/Syntax).
struct PatternParser {
    /// What `(?ims)` turns on. `U` only turns greediness around, which means nothing here.
    struct Flags {
        var ignoresCase = false
        var isMultiline = false
        var dotTakesNewline = false
    }

    let scalars: [Unicode.Scalar]
    var place = 0
    var flags = Flags()
    private var depth = 0

    static func parse(_ source: String) throws(PatternError) -> PatternNode {
        var parser = PatternParser(scalars: Array(source.unicodeScalars))
        let node = try parser.alternatives()
        guard parser.peek == nil else { throw PatternError("it has a ')' without a '('") }
        return node
    }

    private init(scalars: [Unicode.Scalar]) { self.scalars = scalars }

    var peek: Unicode.Scalar? { place < scalars.count ? scalars[place] : nil }

    mutating func next() throws(PatternError) -> Unicode.Scalar {
        guard let scalar = peek else { throw PatternError("it ends too early") }
        place += 1
        return scalar
    }

    mutating func take(_ text: String) -> Bool {
        guard scalars[place...].starts(with: text.unicodeScalars) else { return false }
        place += text.unicodeScalars.count
        return true
    }

    // MARK: - Structure

    private mutating func alternatives() throws(PatternError) -> PatternNode {
        depth += 1
        defer { depth -= 1 }
        guard depth <= CELLimits.patternDepthMax else {
            throw PatternError("its groups are nested deeper than \(CELLimits.patternDepthMax)")
        }
        var parts = [try sequence()]
        while take("|") { parts.append(try sequence()) }
        return parts.count == 1 ? parts[0] : .alternatives(parts)
    }

    private mutating func sequence() throws(PatternError) -> PatternNode {
        var parts: [PatternNode] = []
        while let scalar = peek, scalar != "|", scalar != ")" {
            guard let atom = try atom() else { continue }
            parts.append(try repeated(atom))
        }
        return parts.count == 1 ? parts[0] : parts.isEmpty ? .empty : .sequence(parts)
    }

    /// One repetition may follow an atom; RE2 refuses `a**` as well.
    private mutating func repeated(_ atom: PatternNode) throws(PatternError) -> PatternNode {
        guard let bounds = try repetition() else { return atom }
        // A '?' after a repetition makes it take less, which doesn't matter to whether there is a match.
        _ = take("?")
        let isFollowed = try repetition() != nil
        if isFollowed { throw PatternError("it repeats a repetition") }
        return .repetition(atom, min: bounds.min, max: bounds.max)
    }

    private mutating func repetition() throws(PatternError) -> (min: Int, max: Int?)? {
        if take("*") { return (0, nil) }
        if take("+") { return (1, nil) }
        if take("?") { return (0, 1) }
        let start = place
        guard take("{"), let bounds = repetitionBounds() else {
            // What isn't a count in braces stands for itself.
            place = start
            return nil
        }
        guard max(bounds.min, bounds.max ?? 0) <= CELLimits.patternRepeatMax, bounds.min <= bounds.max ?? .max else {
            throw PatternError("it has a count above \(CELLimits.patternRepeatMax) or a range that runs backwards")
        }
        return bounds
    }

    private mutating func repetitionBounds() -> (min: Int, max: Int?)? {
        guard let min = number() else { return nil }
        if take("}") { return (min, min) }
        guard take(",") else { return nil }
        if take("}") { return (min, nil) }
        guard let max = number(), take("}") else { return nil }
        return (min, max)
    }

    private mutating func number() -> Int? {
        var digits = ""
        while let scalar = peek, ("0"..."9").contains(scalar) {
            digits.unicodeScalars.append(scalar)
            place += 1
        }
        if digits.utf8.count > 6 { return .max }
        return Int(digits)
    }

    // MARK: - Atoms

    /// Nil for what only sets flags.
    private mutating func atom() throws(PatternError) -> PatternNode? {
        switch try next() {
        case "(": return try group()
        case "[": return .set(try bracketed())
        case ".": return .set(flags.dotTakesNewline ? .any : .notNewline)
        case "^": return .assert(flags.isMultiline ? .lineStart : .textStart)
        case "$": return .assert(flags.isMultiline ? .lineEnd : .textEnd)
        case "\\": return try escape()
        case "*", "+", "?": throw PatternError("it has a repetition of nothing")
        case let scalar: return literal(scalar)
        }
    }

    func literal(_ scalar: Unicode.Scalar) -> PatternNode {
        guard flags.ignoresCase else { return .scalar(scalar) }
        var set = ScalarSet([scalar.value...scalar.value])
        set.ignoresCase = true
        return .set(set)
    }

    private mutating func group() throws(PatternError) -> PatternNode? {
        let outer = flags
        if take("?P<") || take("?<") {
            guard try !groupName().isEmpty else { throw PatternError("it has a group with an empty name") }
        } else if take("?") {
            if try setFlags() { return nil }
        }
        let inner = try alternatives()
        guard take(")") else { throw PatternError("it has a '(' without a ')'") }
        flags = outer
        return inner
    }

    private mutating func groupName() throws(PatternError) -> String {
        var name = String.UnicodeScalarView()
        while true {
            let scalar = try next()
            if scalar == ">" { return String(name) }
            guard ScalarSet.word.contains(scalar) else { throw PatternError("it has a group with a wrong name") }
            name.append(scalar)
        }
    }

    /// Reads the flags of `(?i)` and `(?i:…)`; true if the parenthesis is closed with them.
    private mutating func setFlags() throws(PatternError) -> Bool {
        var isOn = true
        while true {
            switch try next() {
            case "i": flags.ignoresCase = isOn
            case "m": flags.isMultiline = isOn
            case "s": flags.dotTakesNewline = isOn
            case "U": break
            case "-" where isOn: isOn = false
            case ":": return false
            case ")": return true
            default: throw PatternError("it has a group that RE2 doesn't know")
            }
        }
    }
}
