// SPDX-License-Identifier: Apache-2.0

extension CELFunction {
    /// Functions that make texts of texts.
    static let stringParts = [
        CELFunction("lowerAscii", member: 0...0) { arguments, budget throws(CELEvaluationError) in
            try mapped(arguments, "lowerAscii", &budget) { (0x41...0x5A).contains($0) ? $0 + 0x20 : $0 }
        },
        CELFunction("upperAscii", member: 0...0) { arguments, budget throws(CELEvaluationError) in
            try mapped(arguments, "upperAscii", &budget) { (0x61...0x7A).contains($0) ? $0 - 0x20 : $0 }
        },
        CELFunction("trim", member: 0...0) { arguments, budget throws(CELEvaluationError) in
            let scalars = try scalars(arguments, "trim", &budget)
            let front = scalars.drop { $0.properties.isWhitespace }
            let end = front.lastIndex { !$0.properties.isWhitespace }.map { $0 + 1 } ?? front.startIndex
            return .string(string(front[..<end]))
        },
        CELFunction("substring", member: 1...2) { arguments, budget throws(CELEvaluationError) in
            let scalars = try scalars(arguments, "substring", &budget)
            var bounds: [Int] = []
            for argument in arguments.dropFirst() {
                guard case .int(let place) = argument else { throw .noOverload("substring", arguments) }
                bounds.append(try index(place, upTo: scalars.count))
            }
            let end = bounds.count > 1 ? bounds[1] : scalars.count
            guard bounds[0] <= end else {
                throw CELEvaluationError(.indexOutOfRange, "a substring ends before it begins")
            }
            return .string(string(scalars[bounds[0]..<end]))
        },
        CELFunction("split", member: 1...2) { arguments, budget throws(CELEvaluationError) in
            let limit = try limit(arguments, at: 2, "split")
            guard case .string(let separator) = arguments[1] else { throw .noOverload("split", arguments) }
            let text = try scalars(arguments, "split", &budget)
            if limit == 0 { return .list([]) }
            let pieces = pieces(of: text, between: Array(separator.unicodeScalars), limit: limit)
            try budget.charge(pieces.count)
            return .list(pieces.map { .string(string($0)) })
        },
        CELFunction("join", member: 0...1) { arguments, budget throws(CELEvaluationError) in
            guard case .list(let list) = arguments[0] else { throw .noOverload("join", arguments) }
            guard case .string(let separator) = arguments.count > 1 ? arguments[1] : .string("") else {
                throw .noOverload("join", arguments)
            }
            return .string(try join(list, separator, &budget))
        },
        CELFunction("replace", member: 2...3) { arguments, budget throws(CELEvaluationError) in
            guard case .string(let old) = arguments[1], case .string(let new) = arguments[2] else {
                throw .noOverload("replace", arguments)
            }
            let limit = try limit(arguments, at: 3, "replace")
            let text = try scalars(arguments, "replace", &budget)
            return .string(try replace(Array(old.unicodeScalars), by: new, in: text, limit: limit, &budget))
        },
    ]

    // MARK: - Arguments

    private static func scalars(
        _ arguments: [CELValue], _ name: String, _ budget: inout CELBudget
    ) throws(CELEvaluationError) -> [Unicode.Scalar] {
        guard case .string(let text) = arguments[0] else { throw .noOverload(name, arguments) }
        try budget.charge(result: text.utf8.count)
        return Array(text.unicodeScalars)
    }

    /// A count that may be left out; nil if there is no limit, which a negative one means too.
    private static func limit(
        _ arguments: [CELValue], at index: Int, _ name: String
    ) throws(CELEvaluationError) -> Int? {
        guard arguments.count > index else { return nil }
        guard case .int(let limit) = arguments[index] else { throw .noOverload(name, arguments) }
        return limit < 0 ? nil : Int(limit)
    }

    private static func mapped(
        _ arguments: [CELValue], _ name: String, _ budget: inout CELBudget, _ change: (UInt8) -> UInt8
    ) throws(CELEvaluationError) -> CELValue {
        guard case .string(let text) = arguments[0] else { throw .noOverload(name, arguments) }
        try budget.charge(result: text.utf8.count)
        return .string(String(decoding: text.utf8.map(change), as: UTF8.self))
    }

    private static func string(_ scalars: some Sequence<Unicode.Scalar>) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }

    // MARK: - Work

    /// What is between separators, in at most `limit` pieces; an empty separator is between all code points.
    private static func pieces(
        of text: [Unicode.Scalar], between separator: [Unicode.Scalar], limit: Int?
    ) -> [ArraySlice<Unicode.Scalar>] {
        var pieces: [ArraySlice<Unicode.Scalar>] = []
        var rest = text[...]
        let places = separator.isEmpty ? Array(text.indices.dropFirst()) : TextSearch.all(of: separator, in: text)
        if separator.isEmpty && text.isEmpty { return [] }
        for place in places where pieces.count + 1 < limit ?? .max {
            pieces.append(rest[..<place])
            rest = rest[(place + separator.count)...]
        }
        return pieces + [rest]
    }

    private static func join(
        _ list: [CELValue], _ separator: String, _ budget: inout CELBudget
    ) throws(CELEvaluationError) -> String {
        var joined = ""
        for (index, element) in list.enumerated() {
            guard case .string(let text) = element else { throw .noOverload("join", [element]) }
            try budget.charge(text: text.utf8.count + separator.utf8.count)
            joined += index > 0 ? separator + text : text
            try CELBudget.check(result: joined.utf8.count)
        }
        return joined
    }

    private static func replace(
        _ old: [Unicode.Scalar], by new: String, in text: [Unicode.Scalar], limit: Int?, _ budget: inout CELBudget
    ) throws(CELEvaluationError) -> String {
        var result = String.UnicodeScalarView()
        var rest = text[...]
        var bytes = text.reduce(0) { $0 + UTF8.width($1) }
        let oldBytes = old.reduce(0) { $0 + UTF8.width($1) }
        // An empty text is before each code point and at the end.
        let places = old.isEmpty ? Array(0...text.count) : TextSearch.all(of: old, in: text)
        for place in places.prefix(limit ?? .max) {
            bytes += new.utf8.count - oldBytes
            try CELBudget.check(result: bytes)
            try budget.charge(text: new.utf8.count)
            result.append(contentsOf: rest[..<place])
            result.append(contentsOf: new.unicodeScalars)
            rest = rest[(place + old.count)...]
        }
        result.append(contentsOf: rest)
        return String(result)
    }
}

extension TextSearch {
    /// The places of all occurrences that don't overlap, from the front.
    static func all<Element: Equatable>(of part: [Element], in text: [Element]) -> [Int] {
        var places: [Int] = []
        var start = 0
        while let place = first(of: part, in: text, from: start) {
            places.append(place)
            start = place + part.count
        }
        return places
    }
}
