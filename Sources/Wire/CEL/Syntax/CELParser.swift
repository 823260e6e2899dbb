// SPDX-License-Identifier: Apache-2.0

internal import Core

/// Makes the tree of an expression, by recursive descent along the grammar of the language definition.
///
/// Names, functions with the number of their arguments, and macros are resolved here, so that a wrong rule is found
/// before an event comes.
struct CELParser {
    private let tokens: [CELToken]
    private var place = 0
    private var depth = 0
    /// The variables of the macros around the place; a name's index is that of its local.
    var scope: [String] = []
    /// The variables that there will be; nil if any may be.
    let variables: Set<String>?

    static func parse(_ source: [UInt8], variables: Set<String>?) throws(CELMistake) -> CELNode {
        guard source.count <= CELLimits.sourceBytesMax else {
            throw CELMistake(
                offset: 0, message: "found \(source.count) bytes, expected at most \(CELLimits.sourceBytesMax)")
        }
        var parser = CELParser(tokens: try CELLexer.tokens(source), variables: variables)
        let node = try parser.expression()
        guard parser.token.form == .end else { throw parser.unexpected("an operator or the end") }
        return node
    }

    private init(tokens: [CELToken], variables: Set<String>?) {
        self.tokens = tokens
        self.variables = variables
    }

    // MARK: - Tokens

    var token: CELToken { tokens[place] }

    func lookahead(_ count: Int) -> CELToken { tokens[min(place + count, tokens.count - 1)] }

    mutating func advance() { if place < tokens.count - 1 { place += 1 } }

    mutating func take(_ symbol: String) -> Bool {
        guard token.form == .symbol(symbol) else { return false }
        advance()
        return true
    }

    mutating func expect(_ symbol: String, _ what: String? = nil) throws(CELMistake) {
        guard take(symbol) else { throw unexpected(what ?? "'\(symbol)'") }
    }

    func unexpected(_ expectation: String) -> CELMistake {
        CELMistake(offset: token.offset, message: "found \(token.summary), expected \(expectation)")
    }

    /// A node one level above its parts.
    func node(_ form: CELNode.Form, at offset: Int, over parts: [CELNode] = []) throws(CELMistake) -> CELNode {
        let depth = 1 + (parts.map(\.depth).max() ?? 0)
        guard depth <= CELLimits.depthMax else { throw tooDeep(at: offset) }
        return CELNode(form: form, offset: offset, depth: depth)
    }

    private func tooDeep(at offset: Int) -> CELMistake {
        CELMistake(offset: offset, message: "found an expression nested deeper than \(CELLimits.depthMax)")
    }

    // MARK: - Operators

    mutating func expression() throws(CELMistake) -> CELNode {
        depth += 1
        defer { depth -= 1 }
        guard depth <= CELLimits.depthMax else { throw tooDeep(at: token.offset) }
        let offset = token.offset
        let condition = try disjunction()
        guard take("?") else { return condition }
        try checkTruth([condition])
        let then = try disjunction()
        try expect(":", "':' of the conditional '?'")
        let otherwise = try expression()
        return try node(
            .conditional(condition, then: then, else: otherwise), at: offset, over: [condition, then, otherwise])
    }

    /// Terms in a row are one node, so that long rows aren't deep.
    private mutating func disjunction() throws(CELMistake) -> CELNode {
        let offset = token.offset
        var terms = [try conjunction()]
        while take("||") { terms.append(try conjunction()) }
        if terms.count == 1 { return terms[0] }
        try checkTruth(terms)
        return try node(.any(terms), at: offset, over: terms)
    }

    private mutating func conjunction() throws(CELMistake) -> CELNode {
        let offset = token.offset
        var terms = [try binary(above: 0)]
        while take("&&") { terms.append(try binary(above: 0)) }
        if terms.count == 1 { return terms[0] }
        try checkTruth(terms)
        return try node(.all(terms), at: offset, over: terms)
    }

    private mutating func binary(above precedence: Int) throws(CELMistake) -> CELNode {
        var left = try unary()
        while let infix, infix.precedence > precedence {
            let offset = token.offset
            advance()
            let right = try binary(above: infix.precedence)
            try check(infix, left, right, at: offset)
            left = try node(.binary(infix, left, right), at: offset, over: [left, right])
        }
        return left
    }

    private var infix: CELOperator? {
        switch token.form {
        case .symbol(let text), .keyword(let text): CELOperator(rawValue: text)
        default: nil
        }
    }

    private mutating func unary() throws(CELMistake) -> CELNode {
        let offset = token.offset
        for symbol in ["!", "-"] where token.form == .symbol(symbol) {
            var count = 0
            while take(symbol) { count += 1 }
            var operand: CELNode
            if symbol == "-", let literal = try negativeLiteral() {
                operand = try suffixes(of: literal)
                count -= 1
            } else {
                operand = try member()
            }
            if symbol == "!" { try checkTruth([operand]) }
            for _ in 0..<count {
                operand = try node(symbol == "!" ? .not(operand) : .negate(operand), at: offset, over: [operand])
            }
            return operand
        }
        return try member()
    }

    /// A number right after a minus is one literal with it: the least `int` has no positive counterpart.
    private mutating func negativeLiteral() throws(CELMistake) -> CELNode? {
        let value: CELValue
        switch token.form {
        case .int(let magnitude):
            guard magnitude <= Int64.min.magnitude else { throw numberTooLarge() }
            value = .int(magnitude == Int64.min.magnitude ? .min : -Int64(magnitude))
        case .double(let number): value = .double(-number)
        default: return nil
        }
        let offset = token.offset
        advance()
        return try node(.constant(value), at: offset)
    }

    func numberTooLarge() -> CELMistake {
        CELMistake(offset: token.offset, message: "found a number that is too large for int")
    }
}
