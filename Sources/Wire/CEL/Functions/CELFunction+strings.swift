// SPDX-License-Identifier: Apache-2.0

extension CELFunction {
    /// Functions that look into texts.
    static let strings = [
        CELFunction("contains", member: 1...1) { arguments, budget throws(CELEvaluationError) in
            let (text, part) = try texts(arguments, "contains", &budget)
            return .bool(TextSearch.first(of: part, in: text, from: 0) != nil)
        },
        CELFunction("startsWith", member: 1...1) { arguments, budget throws(CELEvaluationError) in
            let (text, part) = try texts(arguments, "startsWith", &budget)
            return .bool(text.starts(with: part))
        },
        CELFunction("endsWith", member: 1...1) { arguments, budget throws(CELEvaluationError) in
            let (text, part) = try texts(arguments, "endsWith", &budget)
            return .bool(text.reversed().starts(with: part.reversed()))
        },
        CELFunction("matches", global: 2...2, member: 1...1) { arguments, budget throws(CELEvaluationError) in
            guard case .string(let text) = arguments[0], case .string(let source) = arguments[1] else {
                throw .noOverload("matches", arguments)
            }
            try budget.charge(text: source.utf8.count)
            let pattern: Pattern
            do throws(PatternError) { pattern = try Pattern(source) } catch {
                throw CELEvaluationError(.invalidArgument, "a pattern isn't one: \(error.message)")
            }
            try budget.charge(pattern.instructionCount)
            return .bool(try pattern.isFound(in: text, &budget))
        },
        CELFunction("indexOf", member: 1...2) { arguments, budget throws(CELEvaluationError) in
            let (text, part, start) = try search(arguments, "indexOf", &budget)
            return .int(Int64(TextSearch.first(of: part, in: text, from: start ?? 0) ?? -1))
        },
        CELFunction("lastIndexOf", member: 1...2) { arguments, budget throws(CELEvaluationError) in
            let (text, part, start) = try search(arguments, "lastIndexOf", &budget)
            guard part.count <= text.count else { return .int(-1) }
            // The last place is the first one of the text read backwards.
            let end = min((start ?? text.count) + part.count, text.count)
            let skipped = text.count - end
            let found = TextSearch.first(of: part.reversed(), in: text.reversed(), from: skipped)
            return .int(found.map { Int64(text.count - $0 - part.count) } ?? -1)
        },
        CELFunction("charAt", member: 1...1) { arguments, budget throws(CELEvaluationError) in
            guard case .string(let text) = arguments[0], case .int(let place) = arguments[1] else {
                throw .noOverload("charAt", arguments)
            }
            try budget.charge(text: text.utf8.count)
            let scalars = Array(text.unicodeScalars)
            let index = try index(place, upTo: scalars.count)
            return .string(index < scalars.count ? String(scalars[index]) : "")
        },
    ]

    /// Two texts as bytes; looking through bytes of UTF-8 finds the same as looking through code points.
    private static func texts(
        _ arguments: [CELValue], _ name: String, _ budget: inout CELBudget
    ) throws(CELEvaluationError) -> ([UInt8], [UInt8]) {
        guard case .string(let text) = arguments[0], case .string(let part) = arguments[1] else {
            throw .noOverload(name, arguments)
        }
        try budget.charge(text: text.utf8.count + part.utf8.count)
        return (Array(text.utf8), Array(part.utf8))
    }

    /// Two texts as code points, and the place that a third argument names.
    private static func search(
        _ arguments: [CELValue], _ name: String, _ budget: inout CELBudget
    ) throws(CELEvaluationError) -> ([Unicode.Scalar], [Unicode.Scalar], start: Int?) {
        guard case .string(let text) = arguments[0], case .string(let part) = arguments[1] else {
            throw .noOverload(name, arguments)
        }
        try budget.charge(text: text.utf8.count + part.utf8.count)
        let scalars = Array(text.unicodeScalars)
        guard arguments.count == 3 else { return (scalars, Array(part.unicodeScalars), nil) }
        guard case .int(let place) = arguments[2] else { throw .noOverload(name, arguments) }
        return (scalars, Array(part.unicodeScalars), try index(place, upTo: scalars.count))
    }

    static func index(_ place: Int64, upTo count: Int) throws(CELEvaluationError) -> Int {
        guard let index = Int(exactly: place), (0...count).contains(index) else {
            throw CELEvaluationError(.indexOutOfRange, "a text has no such index")
        }
        return index
    }
}

/// Finds one sequence in another in linear time (Knuth, Morris, Pratt), because an event brings both.
enum TextSearch {
    static func first<Element: Equatable>(of part: [Element], in text: [Element], from start: Int) -> Int? {
        guard !part.isEmpty else { return start <= text.count ? start : nil }
        guard start <= text.count, part.count <= text.count - start else { return nil }
        let borders = borders(of: part)
        var matched = 0
        for index in start..<text.count {
            while matched > 0, text[index] != part[matched] { matched = borders[matched - 1] }
            if text[index] == part[matched] { matched += 1 }
            if matched == part.count { return index - matched + 1 }
        }
        return nil
    }

    /// For each prefix the length of its longest proper prefix that is its suffix too.
    private static func borders<Element: Equatable>(of part: [Element]) -> [Int] {
        var borders = [0]
        var length = 0
        for index in 1..<max(part.count, 1) {
            while length > 0, part[index] != part[length] { length = borders[length - 1] }
            if part[index] == part[length] { length += 1 }
            borders.append(length)
        }
        return borders
    }
}
