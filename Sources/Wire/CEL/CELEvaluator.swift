// SPDX-License-Identifier: Apache-2.0

/// Walks the tree of an expression. One evaluator is for one evaluation.
struct CELEvaluator {
    let bindings: [String: CELValue]
    private var locals: [CELValue] = []
    var budget = CELBudget()

    init(bindings: [String: CELValue]) { self.bindings = bindings }

    mutating func value(of node: CELNode) throws(CELEvaluationError) -> CELValue {
        do {
            try budget.charge(1)
            return try form(node.form)
        } catch {
            var error = error
            if error.offset == nil { error.offset = node.offset }
            throw error
        }
    }

    private mutating func form(_ form: CELNode.Form) throws(CELEvaluationError) -> CELValue {
        switch form {
        case .constant(let value): return value
        case .variable(let name):
            guard let value = bindings[name] else {
                throw CELEvaluationError(.unknownVariable, "there is no variable \(name)")
            }
            return value
        case .local(let index): return locals[index]
        case .select(let operand, let field): return try select(field, of: try value(of: operand))
        case .has(let operand, let field): return .bool(try has(field, in: try value(of: operand)))
        case .index(let operand, let index): return try element(try value(of: index), of: try value(of: operand))
        case .call(let function, let arguments):
            return try function.apply(try values(of: arguments), &budget)
        case .matches(let subject, let pattern): return try matches(try value(of: subject), pattern)
        case .all(let terms): return .bool(try decide(terms, by: false))
        case .any(let terms): return .bool(try decide(terms, by: true))
        case .not(let operand): return .bool(try !truth(of: operand, "!"))
        case .negate(let operand): return try Self.negated(try value(of: operand))
        case .binary(let infix, let left, let right):
            return try apply(infix, try value(of: left), try value(of: right))
        case .conditional(let condition, let then, let otherwise):
            return try truth(of: condition, "?") ? try value(of: then) : try value(of: otherwise)
        case .list(let elements): return .list(try values(of: elements))
        case .map(let entries): return try map(entries)
        case .comprehension(let comprehension): return try self.comprehension(comprehension)
        }
    }

    private mutating func values(of nodes: [CELNode]) throws(CELEvaluationError) -> [CELValue] {
        var values: [CELValue] = []
        values.reserveCapacity(nodes.count)
        for node in nodes { values.append(try value(of: node)) }
        return values
    }

    private mutating func truth(of node: CELNode, _ name: String) throws(CELEvaluationError) -> Bool {
        let value = try value(of: node)
        guard case .bool(let truth) = value else { throw .noOverload(name, [value]) }
        return truth
    }

    // MARK: - Logic

    /// `&&` and `||` don't depend on the order of their terms: one term that decides absorbs the errors of all others.
    private mutating func decide(_ terms: [CELNode], by deciding: Bool) throws(CELEvaluationError) -> Bool {
        var absorbed: CELEvaluationError?
        for term in terms {
            do {
                if try truth(of: term, deciding ? "||" : "&&") == deciding { return deciding }
            } catch {
                if error.reason == .limitReached { throw error }
                absorbed = absorbed ?? error
            }
        }
        if let absorbed { throw absorbed }
        return !deciding
    }

    // MARK: - Fields and elements

    private func select(_ field: String, of operand: CELValue) throws(CELEvaluationError) -> CELValue {
        guard case .map(let map) = operand else { throw .noOverload("the selection of '\(field)'", [operand]) }
        guard let value = map[.string(field)] else {
            throw CELEvaluationError(.noSuchKey, "there is no field '\(field)'")
        }
        return value
    }

    private func has(_ field: String, in operand: CELValue) throws(CELEvaluationError) -> Bool {
        guard case .map(let map) = operand else { throw .noOverload("has", [operand]) }
        return map[.string(field)] != nil
    }

    private func element(_ index: CELValue, of operand: CELValue) throws(CELEvaluationError) -> CELValue {
        switch operand {
        case .map(let map):
            guard let value = map[index] else { throw CELEvaluationError(.noSuchKey, "a map has no such key") }
            return value
        case .list(let list):
            guard case .int(let place)? = CELKey(index) else {
                throw CELEvaluationError(.invalidArgument, "the index of a list isn't a whole number")
            }
            guard let place = Int(exactly: place), list.indices.contains(place) else {
                throw CELEvaluationError(.indexOutOfRange, "a list has no such index")
            }
            return list[place]
        default: throw .noOverload("[]", [operand, index])
        }
    }

    private mutating func map(
        _ entries: [(key: CELNode, value: CELNode)]
    ) throws(CELEvaluationError) -> CELValue {
        var map = CELMap()
        for entry in entries {
            let key = try value(of: entry.key)
            let value = try value(of: entry.value)
            switch key {
            case .bool, .int, .uint, .string: break
            default: throw .noOverload("a map's key", [key])
            }
            guard map.insert(key, value) else {
                throw CELEvaluationError(.repeatedKey, "a map has a key twice")
            }
        }
        return .map(map)
    }

    private mutating func matches(
        _ subject: CELValue, _ pattern: Pattern
    ) throws(CELEvaluationError) -> CELValue {
        guard case .string(let text) = subject else { throw .noOverload("matches", [subject, .string("")]) }
        return .bool(try pattern.isFound(in: text, &budget))
    }

    // MARK: - Macros

    private mutating func comprehension(_ macro: CELComprehension) throws(CELEvaluationError) -> CELValue {
        let elements: [CELValue]
        switch try value(of: macro.range) {
        case .list(let list): elements = list
        case .map(let map): elements = map.entries.map(\.key)
        case let other: throw .noOverload(macro.macro.rawValue, [other])
        }
        locals.append(.null)
        defer { locals.removeLast() }
        switch macro.macro {
        case .all: return .bool(try decide(elements, macro, by: false))
        case .exists: return .bool(try decide(elements, macro, by: true))
        case .existsOne: return .bool(try select(elements, macro).count == 1)
        case .filter, .map: return .list(try select(elements, macro))
        }
    }

    /// `all` and `exists` are rows of `&&` and `||`, and absorb errors as these do.
    private mutating func decide(
        _ elements: [CELValue], _ macro: CELComprehension, by deciding: Bool
    ) throws(CELEvaluationError) -> Bool {
        var absorbed: CELEvaluationError?
        for element in elements {
            locals[macro.local] = element
            do {
                if try holds(macro) == deciding { return deciding }
            } catch {
                if error.reason == .limitReached { throw error }
                absorbed = absorbed ?? error
            }
        }
        if let absorbed { throw absorbed }
        return !deciding
    }

    private mutating func select(
        _ elements: [CELValue], _ macro: CELComprehension
    ) throws(CELEvaluationError) -> [CELValue] {
        var selected: [CELValue] = []
        for element in elements {
            locals[macro.local] = element
            guard try holds(macro) else { continue }
            selected.append(
                try macro.transform.map { node throws(CELEvaluationError) in try value(of: node) } ?? element)
        }
        return selected
    }

    private mutating func holds(_ macro: CELComprehension) throws(CELEvaluationError) -> Bool {
        try budget.charge(1)
        return try macro.condition.map { node throws(CELEvaluationError) in
            try truth(of: node, macro.macro.rawValue)
        } ?? true
    }
}
