// SPDX-License-Identifier: Apache-2.0

internal import Core

extension CELEvaluator {
    mutating func apply(
        _ infix: CELOperator, _ a: CELValue, _ b: CELValue
    ) throws(CELEvaluationError) -> CELValue {
        switch infix {
        case .equal: return .bool(try Self.areEqual(a, b, &budget))
        case .notEqual: return .bool(try !Self.areEqual(a, b, &budget))
        case .isIn: return .bool(try isMember(a, of: b))
        case .less, .lessOrEqual, .greater, .greaterOrEqual: return .bool(try compare(infix, a, b))
        case .add, .subtract: return try sum(infix, a, b)
        case .multiply, .divide, .remainder: return try product(infix, a, b)
        }
    }

    // MARK: - Equality

    /// Values of different types are unequal, but numbers are compared by what they are worth.
    static func areEqual(
        _ a: CELValue, _ b: CELValue, _ budget: inout CELBudget
    ) throws(CELEvaluationError) -> Bool {
        try budget.charge(1)
        switch (a, b) {
        case (.null, .null): return true
        case (.bool(let a), .bool(let b)): return a == b
        case (.string(let a), .string(let b)):
            try budget.charge(text: min(a.utf8.count, b.utf8.count))
            return ExactText(a) == ExactText(b)
        case (.bytes(let a), .bytes(let b)):
            try budget.charge(text: min(a.count, b.count))
            return a == b
        case (.timestamp(let a), .timestamp(let b)): return a == b
        case (.duration(let a), .duration(let b)): return a == b
        case (.type(let a), .type(let b)): return a == b
        case (.list(let a), .list(let b)):
            guard a.count == b.count else { return false }
            for (a, b) in zip(a, b) where try !areEqual(a, b, &budget) { return false }
            return true
        case (.map(let a), .map(let b)):
            guard a.entries.count == b.entries.count else { return false }
            for (key, value) in a.entries {
                guard let other = b[key], try areEqual(value, other, &budget) else { return false }
            }
            return true
        default: return order(a, b) == .equal
        }
    }

    private mutating func isMember(_ value: CELValue, of container: CELValue) throws(CELEvaluationError) -> Bool {
        switch container {
        case .list(let list):
            for element in list where try Self.areEqual(value, element, &budget) { return true }
            return false
        case .map(let map): return map[value] != nil
        default: throw .noOverload("in", [value, container])
        }
    }

    // MARK: - Order

    enum Order { case less, equal, greater, none }

    private mutating func compare(
        _ infix: CELOperator, _ a: CELValue, _ b: CELValue
    ) throws(CELEvaluationError) -> Bool {
        let order: Order
        switch (a, b) {
        case (.bool(let a), .bool(let b)): order = Self.order(a ? 1 : 0, b ? 1 : 0)
        case (.string(let a), .string(let b)):
            try budget.charge(text: min(a.utf8.count, b.utf8.count))
            // The order of UTF-8's bytes is that of the code points.
            order = a.utf8.lexicographicallyPrecedes(b.utf8) ? .less : a.utf8.elementsEqual(b.utf8) ? .equal : .greater
        case (.bytes(let a), .bytes(let b)):
            try budget.charge(text: min(a.count, b.count))
            order = a.lexicographicallyPrecedes(b) ? .less : a == b ? .equal : .greater
        case (.timestamp(let a), .timestamp(let b)): order = Self.order(a, b)
        case (.duration(let a), .duration(let b)): order = Self.order(a, b)
        case (.int, _), (.uint, _), (.double, _):
            guard b.isNumber else { throw .noOverload(infix.rawValue, [a, b]) }
            order = Self.order(a, b)
        default: throw .noOverload(infix.rawValue, [a, b])
        }
        switch infix {
        case .less: return order == .less
        case .lessOrEqual: return order == .less || order == .equal
        case .greater: return order == .greater
        default: return order == .greater || order == .equal
        }
    }

    private static func order<Value: Comparable>(_ a: Value, _ b: Value) -> Order {
        a < b ? .less : a == b ? .equal : .greater
    }

    /// The order of two numbers of any types; none if one isn't a number, or is NaN. An integer is rounded to be
    /// compared with a double, as the language's conformance tests want it.
    static func order(_ a: CELValue, _ b: CELValue) -> Order {
        switch (a, b) {
        case (.int(let a), .int(let b)): order(a, b)
        case (.uint(let a), .uint(let b)): order(a, b)
        case (.double(let a), .double(let b)): a.isNaN || b.isNaN ? .none : order(a, b)
        // Swift compares integers of different types by what they are worth.
        case (.int(let a), .uint(let b)): a < b ? .less : a == b ? .equal : .greater
        case (.uint(let a), .int(let b)): a < b ? .less : a == b ? .equal : .greater
        case (.int(let a), .double(let b)): order(.double(Double(a)), .double(b))
        case (.uint(let a), .double(let b)): order(.double(Double(a)), .double(b))
        case (.double(let a), .int(let b)): order(.double(a), .double(Double(b)))
        case (.double(let a), .uint(let b)): order(.double(a), .double(Double(b)))
        default: .none
        }
    }

    // MARK: - Arithmetic

    static func negated(_ value: CELValue) throws(CELEvaluationError) -> CELValue {
        switch value {
        case .int(let value):
            guard value != .min else { throw overflow }
            return .int(-value)
        case .double(let value): return .double(-value)
        default: throw .noOverload("-", [value])
        }
    }

    static var overflow: CELEvaluationError { CELEvaluationError(.overflow, "a number is out of its type's range") }

    private mutating func sum(
        _ infix: CELOperator, _ a: CELValue, _ b: CELValue
    ) throws(CELEvaluationError) -> CELValue {
        let isSum = infix == .add
        switch (a, b) {
        case (.int(let a), .int(let b)):
            return .int(try Self.checked(isSum ? a.addingReportingOverflow(b) : a.subtractingReportingOverflow(b)))
        case (.uint(let a), .uint(let b)):
            return .uint(try Self.checked(isSum ? a.addingReportingOverflow(b) : a.subtractingReportingOverflow(b)))
        case (.double(let a), .double(let b)): return .double(isSum ? a + b : a - b)
        case (.duration(let a), .duration(let b)):
            return .duration(try Self.checked(isSum ? a.addingReportingOverflow(b) : a.subtractingReportingOverflow(b)))
        case (.timestamp(let time), .duration(let span)):
            return try Self.shifted(
                time, by: isSum ? span : try Self.checked(Int64(0).subtractingReportingOverflow(span)))
        case (.duration(let span), .timestamp(let time)) where isSum: return try Self.shifted(time, by: span)
        case (.timestamp(let a), .timestamp(let b)) where !isSum: return try Self.span(from: b, to: a)
        case (.string(let a), .string(let b)) where isSum:
            try budget.charge(result: a.utf8.count + b.utf8.count)
            return .string(a + b)
        case (.bytes(let a), .bytes(let b)) where isSum:
            try budget.charge(result: a.count + b.count)
            return .bytes(a + b)
        case (.list(let a), .list(let b)) where isSum:
            try budget.charge(a.count + b.count)
            return .list(a + b)
        default: throw .noOverload(infix.rawValue, [a, b])
        }
    }

    private func product(
        _ infix: CELOperator, _ a: CELValue, _ b: CELValue
    ) throws(CELEvaluationError) -> CELValue {
        switch (a, b) {
        case (.int(let a), .int(let b)): return .int(try Self.product(infix, a, b))
        case (.uint(let a), .uint(let b)): return .uint(try Self.product(infix, a, b))
        case (.double(let a), .double(let b)) where infix != .remainder:
            return .double(infix == .multiply ? a * b : a / b)
        default: throw .noOverload(infix.rawValue, [a, b])
        }
    }

    private static func product<Value: FixedWidthInteger>(
        _ infix: CELOperator, _ a: Value, _ b: Value
    ) throws(CELEvaluationError) -> Value {
        if infix == .multiply { return try checked(a.multipliedReportingOverflow(by: b)) }
        guard b != 0 else { throw CELEvaluationError(.divisionByZero, "a number is divided by zero") }
        return try checked(
            infix == .divide ? a.dividedReportingOverflow(by: b) : a.remainderReportingOverflow(dividingBy: b))
    }

    static func checked<Value>(
        _ result: (partialValue: Value, overflow: Bool)
    ) throws(CELEvaluationError) -> Value {
        guard !result.overflow else { throw overflow }
        return result.partialValue
    }

    // MARK: - Times

    static func shifted(_ time: UTCTime, by span: Int64) throws(CELEvaluationError) -> CELValue {
        // The remainder has the sign of the span, so the sum may be below zero or a second too large.
        let nanoseconds = time.nanoseconds + span % 1_000_000_000
        let carry: Int64 = nanoseconds < 0 ? -1 : nanoseconds >= 1_000_000_000 ? 1 : 0
        let seconds = time.seconds + span / 1_000_000_000 + carry
        return try timestamp(UTCTime(seconds: seconds, nanoseconds: nanoseconds - carry * 1_000_000_000))
    }

    /// Refuses what is outside of the years 1 to 9999.
    static func timestamp(_ time: UTCTime) throws(CELEvaluationError) -> CELValue {
        guard (-62_135_596_800...253_402_300_799).contains(time.seconds) else { throw overflow }
        return .timestamp(time)
    }

    private static func span(from start: UTCTime, to end: UTCTime) throws(CELEvaluationError) -> CELValue {
        let seconds = Int128(end.seconds - start.seconds)
        let span = seconds * 1_000_000_000 + Int128(end.nanoseconds - start.nanoseconds)
        guard let span = Int64(exactly: span) else { throw overflow }
        return .duration(span)
    }
}

extension CELValue {
    fileprivate var isNumber: Bool {
        switch self {
        case .int, .uint, .double: true
        default: false
        }
    }
}
