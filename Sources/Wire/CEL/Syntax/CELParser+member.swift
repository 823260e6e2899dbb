// SPDX-License-Identifier: Apache-2.0

internal import Core

extension CELParser {
    /// A primary with its selections, indices and calls.
    mutating func member() throws(CELMistake) -> CELNode { try suffixes(of: try primary()) }

    mutating func suffixes(of primary: CELNode) throws(CELMistake) -> CELNode {
        var result = primary
        while true {
            let offset = token.offset
            if take(".") {
                result = try selection(of: result, at: offset)
            } else if take("[") {
                let index = try expression()
                try expect("]")
                result = try node(.index(result, index), at: offset, over: [result, index])
            } else {
                return result
            }
        }
    }

    private mutating func selection(of operand: CELNode, at offset: Int) throws(CELMistake) -> CELNode {
        let nameOffset = token.offset
        if case .quotedName(let name) = token.form {
            advance()
            return try node(.select(operand, field: name), at: offset, over: [operand])
        }
        guard case .identifier(let name) = token.form else { throw unexpected("a field's or a function's name") }
        advance()
        guard take("(") else { return try node(.select(operand, field: name), at: offset, over: [operand]) }
        if let macro = CELComprehension.Macro(rawValue: name) {
            return try comprehension(macro, over: operand, at: nameOffset)
        }
        let arguments = try list(closedBy: ")")
        return try call(name, receiver: operand, arguments, at: nameOffset)
    }

    // MARK: - Primaries

    private mutating func primary() throws(CELMistake) -> CELNode {
        let offset = token.offset
        switch token.form {
        case .symbol("("):
            advance()
            let inner = try expression()
            try expect(")")
            return inner
        case .symbol("["):
            advance()
            let elements = try list(closedBy: "]")
            return try node(.list(elements), at: offset, over: elements)
        case .symbol("{"):
            advance()
            return try mapLiteral(at: offset)
        case .symbol("."):
            advance()
            guard case .identifier(let name) = token.form else { throw unexpected("a name after '.'") }
            return try named(name, isGlobal: true)
        case .identifier(let name): return try named(name, isGlobal: false)
        default:
            let value = try literal()
            advance()
            return try node(.constant(value), at: offset)
        }
    }

    private func literal() throws(CELMistake) -> CELValue {
        switch token.form {
        case .keyword("true"): return .bool(true)
        case .keyword("false"): return .bool(false)
        case .keyword("null"): return .null
        case .int(let magnitude):
            guard let value = Int64(exactly: magnitude) else { throw numberTooLarge() }
            return .int(value)
        case .uint(let value): return .uint(value)
        case .double(let value): return .double(value)
        case .string(let value): return .string(value)
        case .bytes(let value): return .bytes(value)
        default: throw unexpected("a value, a name or '('")
        }
    }

    /// Expressions between commas up to a bracket; a comma before the bracket is allowed for lists.
    private mutating func list(closedBy bracket: String) throws(CELMistake) -> [CELNode] {
        var elements: [CELNode] = []
        while !take(bracket) {
            elements.append(try expression())
            if take(bracket) { break }
            try expect(",", "',' or '\(bracket)'")
            if bracket == ")", token.form == .symbol(bracket) { throw unexpected("an argument") }
        }
        return elements
    }

    private mutating func mapLiteral(at offset: Int) throws(CELMistake) -> CELNode {
        var entries: [(key: CELNode, value: CELNode)] = []
        while !take("}") {
            let key = try expression()
            try expect(":", "':' after a map's key")
            entries.append((key, try expression()))
            if take("}") { break }
            try expect(",", "',' or '}'")
        }
        return try node(.map(entries), at: offset, over: entries.flatMap { [$0.key, $0.value] })
    }

    // MARK: - Names

    private mutating func named(_ name: String, isGlobal: Bool) throws(CELMistake) -> CELNode {
        let offset = token.offset
        if CELToken.reserved.contains(name) {
            throw CELMistake(offset: offset, message: "found the reserved word '\(name)', expected a name")
        }
        advance()
        if token.form == .symbol("{") { throw unexpected("an operator; message values don't exist here") }
        if take("(") {
            if name == "has" { return try presence(at: offset) }
            let arguments = try list(closedBy: ")")
            return try call(name, receiver: nil, arguments, at: offset)
        }
        if !isGlobal, let local = scope.lastIndex(of: name) { return try node(.local(local), at: offset) }
        return try variable(name, at: offset)
    }

    private mutating func variable(_ name: String, at offset: Int) throws(CELMistake) -> CELNode {
        if let variables, variables.contains(name) { return try node(.variable(name), at: offset) }
        if let type = typeName(name) { return try node(.constant(.type(type)), at: offset) }
        guard let variables else { return try node(.variable(name), at: offset) }
        let known = variables.sorted()
        let nearest = EditDistance.nearest(to: name, among: known + scope)
        let expectation = nearest.map { "\($0), perhaps" } ?? "one of \((known + scope).joined(separator: ", "))"
        throw CELMistake(offset: offset, message: "found the unknown name '\(name)', expected \(expectation)")
    }

    /// The type that a name means, with the rest of a qualified one taken.
    private mutating func typeName(_ name: String) -> CELType? {
        guard name == "google" else { return CELType(rawValue: name) }
        guard token.form == .symbol("."), lookahead(1).form == .identifier("protobuf"),
            lookahead(2).form == .symbol("."), case .identifier(let last) = lookahead(3).form,
            let type = CELType(rawValue: "google.protobuf.\(last)")
        else { return nil }
        for _ in 0..<4 { advance() }
        return type
    }

    // MARK: - Calls

    private func call(
        _ name: String, receiver: CELNode?, _ arguments: [CELNode], at offset: Int
    ) throws(CELMistake) -> CELNode {
        guard let function = CELFunction.named[name], let form = function.forms(isMember: receiver != nil) else {
            throw unknownFunction(name, isMember: receiver != nil, at: offset)
        }
        guard form.contains(arguments.count) else {
            let expected =
                form.lowerBound == form.upperBound ? "\(form.lowerBound)" : "\(form.lowerBound) to \(form.upperBound)"
            let message = "found \(arguments.count) arguments of \(name), expected \(expected)"
            throw CELMistake(offset: offset, message: message)
        }
        let all = (receiver.map { [$0] } ?? []) + arguments
        if let mistake = function.objection(to: all) { throw mistake }
        if function.name == "matches", let pattern = try literalPattern(all[1]) {
            return try node(.matches(all[0], pattern), at: offset, over: all)
        }
        return try node(.call(function, all), at: offset, over: all)
    }

    private func unknownFunction(_ name: String, isMember: Bool, at offset: Int) -> CELMistake {
        let usable = CELFunction.named.values.filter { $0.forms(isMember: isMember) != nil }
        let nearest = EditDistance.nearest(to: name, among: usable.map(\.name).sorted())
        let suggestion = nearest.map { ", expected \($0), perhaps" } ?? ""
        let what = isMember ? "no value has the function" : "there is no function"
        return CELMistake(offset: offset, message: "\(what) '\(name)'\(suggestion)")
    }

    /// The pattern of `matches`, if it is a literal.
    private func literalPattern(_ argument: CELNode) throws(CELMistake) -> Pattern? {
        guard case .constant(.string(let text)) = argument.form else { return nil }
        do { return try Pattern(text) } catch {
            throw CELMistake(offset: argument.offset, message: "found a pattern that isn't one: \(error.message)")
        }
    }

    // MARK: - Macros

    private mutating func presence(at offset: Int) throws(CELMistake) -> CELNode {
        let argument = try expression()
        guard case .select(let operand, let field) = argument.form else {
            throw CELMistake(offset: argument.offset, message: "has takes a field, as in has(event.data)")
        }
        try expect(")")
        return try node(.has(operand, field: field), at: offset, over: [operand])
    }

    private mutating func comprehension(
        _ macro: CELComprehension.Macro, over range: CELNode, at offset: Int
    ) throws(CELMistake) -> CELNode {
        guard case .identifier(let name) = token.form, lookahead(1).form == .symbol(",") else {
            throw unexpected("a variable's name and ',', as in \(macro.rawValue)(x, …)")
        }
        if CELToken.reserved.contains(name) { throw unexpected("a name that isn't reserved") }
        advance()
        advance()
        scope.append(name)
        defer { scope.removeLast() }
        let first = try expression()
        var result = CELComprehension(macro: macro, range: range, local: scope.count - 1, condition: first)
        if macro == .map {
            if take(",") {
                result.transform = try expression()
            } else {
                (result.condition, result.transform) = (nil, first)
            }
        }
        try checkTruth([result.condition].compactMap { $0 })
        try expect(")")
        let parts = [range, result.condition, result.transform].compactMap { $0 }
        return try node(.comprehension(result), at: offset, over: parts)
    }
}
