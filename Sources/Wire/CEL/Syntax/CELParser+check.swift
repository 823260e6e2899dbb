// SPDX-License-Identifier: Apache-2.0

/// Types, as far as they are evident before there is an event: enough to find a slip such as `size(event.data) > '3'`.
///
/// Fields of an event have any type, so this refuses only what can't have a value whatever the event is. It is done
/// where the variables are known; the language as such leaves types to the evaluation.
extension CELParser {
    /// Refuses an operand of logic that is evidently no truth value.
    func checkTruth(_ nodes: [CELNode]) throws(CELMistake) {
        guard variables != nil else { return }
        for node in nodes {
            guard let type = node.form.evidentType, type != .bool else { continue }
            throw CELMistake(offset: node.offset, message: "found a value of type \(type.rawValue), expected bool")
        }
    }

    /// Refuses an operator between two values whose types are evident and don't go with it.
    func check(_ infix: CELOperator, _ left: CELNode, _ right: CELNode, at offset: Int) throws(CELMistake) {
        guard variables != nil else { return }
        if infix == .isIn {
            guard let container = right.form.evidentType, container != .list, container != .map else { return }
            throw CELMistake(
                offset: right.offset, message: "found a value of type \(container.rawValue), expected list or map")
        }
        guard let a = left.form.evidentType, let b = right.form.evidentType, !infix.takes(a, b) else { return }
        throw CELMistake(offset: offset, message: "there is no '\(a.rawValue) \(infix.rawValue) \(b.rawValue)'")
    }
}

extension CELNode.Form {
    /// The type of the value, if it can be no other.
    var evidentType: CELType? {
        switch self {
        case .constant(let value): value.type
        case .variable, .local, .select, .index: nil
        case .has, .matches, .all, .any, .not: .bool
        case .negate(let operand): operand.form.evidentType
        case .list: .list
        case .map: .map
        case .call(let function, _): CELFunction.results[function.name]
        case .conditional(_, let then, let otherwise):
            then.form.evidentType == otherwise.form.evidentType ? then.form.evidentType : nil
        case .comprehension(let comprehension):
            switch comprehension.macro {
            case .all, .exists, .existsOne: .bool
            case .map, .filter: .list
            }
        case .binary(let infix, let left, let right): infix.evidentType(left.form.evidentType, right.form.evidentType)
        }
    }
}

extension CELOperator {
    fileprivate func evidentType(_ left: CELType?, _ right: CELType?) -> CELType? {
        switch self {
        case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual, .isIn: .bool
        // Without times and spans both operands have the type of the result.
        case .add, .subtract, .multiply, .divide, .remainder: left == right && left != .timestamp ? left : nil
        }
    }

    /// Whether there is an overload for two types.
    fileprivate func takes(_ a: CELType, _ b: CELType) -> Bool {
        let numbers: Set<CELType> = [.int, .uint, .double]
        switch self {
        case .equal, .notEqual, .isIn: return true
        case .less, .lessOrEqual, .greater, .greaterOrEqual:
            let ordered: Set<CELType> = [.bool, .string, .bytes, .timestamp, .duration]
            return numbers.isSuperset(of: [a, b]) || a == b && ordered.contains(a)
        case .add:
            if Set([a, b]) == [.timestamp, .duration] { return true }
            return a == b && numbers.union([.string, .bytes, .list, .duration]).contains(a)
        case .subtract:
            if a == .timestamp { return b == .timestamp || b == .duration }
            return a == b && numbers.union([.duration]).contains(a)
        case .multiply, .divide: return a == b && numbers.contains(a)
        case .remainder: return a == b && (a == .int || a == .uint)
        }
    }
}

extension CELFunction {
    /// The types of what functions give; those that aren't here give any.
    fileprivate static let results: [String: CELType] = {
        var results: [String: CELType] = [
            "size": .int, "type": .type, "int": .int, "uint": .uint, "double": .double, "bool": .bool,
            "bytes": .bytes, "string": .string, "timestamp": .timestamp, "duration": .duration, "contains": .bool,
            "startsWith": .bool, "endsWith": .bool, "matches": .bool, "indexOf": .int, "lastIndexOf": .int,
            "charAt": .string, "lowerAscii": .string, "upperAscii": .string, "trim": .string, "substring": .string,
            "split": .list, "join": .string, "replace": .string,
        ]
        for name in zoned { results[name] = .int }
        return results
    }()
}
