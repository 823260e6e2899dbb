// SPDX-License-Identifier: Apache-2.0

/// A part of an expression, with names resolved and macros understood.
struct CELNode: Sendable {
    indirect enum Form: Sendable {
        case constant(CELValue)
        case variable(String)
        /// The variable of a macro; an index into the evaluator's `locals`.
        case local(Int)
        case select(CELNode, field: String)
        case has(CELNode, field: String)
        case index(CELNode, CELNode)
        case call(CELFunction, [CELNode])
        /// `matches` with a pattern that was compiled with the expression.
        case matches(CELNode, Pattern)
        case all([CELNode])
        case any([CELNode])
        case not(CELNode)
        case negate(CELNode)
        case binary(CELOperator, CELNode, CELNode)
        case conditional(CELNode, then: CELNode, else: CELNode)
        case list([CELNode])
        case map([(key: CELNode, value: CELNode)])
        case comprehension(CELComprehension)
    }

    var form: Form
    var offset: Int
    var depth: Int
}

/// A macro over a list or the keys of a map.
struct CELComprehension: Sendable {
    enum Macro: String, Sendable {
        case all, exists, map, filter
        case existsOne = "exists_one"
    }

    var macro: Macro
    var range: CELNode
    var local: Int
    /// The predicate; nil for a `map` that takes every element.
    var condition: CELNode?
    /// What a `map` makes of an element.
    var transform: CELNode?
}

/// The operators between two values. The raw value is how they are written.
enum CELOperator: String, Sendable {
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    case divide = "/"
    case remainder = "%"
    case equal = "=="
    case notEqual = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
    case isIn = "in"

    /// How tightly it binds; above that of `&&`.
    var precedence: Int {
        switch self {
        case .multiply, .divide, .remainder: 3
        case .add, .subtract: 2
        default: 1
        }
    }
}
