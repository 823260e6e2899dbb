// SPDX-License-Identifier: Apache-2.0

/// A function that expressions may call: `size(x)`, `x.size()`, or both.
struct CELFunction: Sendable {
    typealias Body = @Sendable ([CELValue], inout CELBudget) throws(CELEvaluationError) -> CELValue

    let name: String
    /// How many arguments `f(…)` takes; nil if it isn't called so.
    var global: ClosedRange<Int>?
    /// How many arguments `x.f(…)` takes beside `x`; nil if it isn't called so.
    var member: ClosedRange<Int>?
    /// Gets `x` as the first argument of `x.f(…)`.
    let apply: Body

    init(_ name: String, global: ClosedRange<Int>? = nil, member: ClosedRange<Int>? = nil, _ apply: @escaping Body) {
        self.name = name
        self.global = global
        self.member = member
        self.apply = apply
    }

    func forms(isMember: Bool) -> ClosedRange<Int>? { isMember ? member : global }

    /// The one list of functions.
    static let named: [String: CELFunction] = {
        let all = general + conversions + strings + stringParts + times
        return Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })
    }()

    private static let general = [
        CELFunction("size", global: 1...1, member: 0...0) { arguments, budget throws(CELEvaluationError) in
            switch arguments[0] {
            case .string(let text):
                try budget.charge(text: text.utf8.count)
                return .int(Int64(text.unicodeScalars.count))
            case .bytes(let bytes): return .int(Int64(bytes.count))
            case .list(let list): return .int(Int64(list.count))
            case .map(let map): return .int(Int64(map.entries.count))
            default: throw .noOverload("size", arguments)
            }
        },
        CELFunction("type", global: 1...1) { arguments, _ throws(CELEvaluationError) in .type(arguments[0].type) },
        CELFunction("dyn", global: 1...1) { arguments, _ throws(CELEvaluationError) in arguments[0] },
    ]

    /// What is wrong with arguments that are literals, where that can be known before there is an event.
    func objection(to arguments: [CELNode]) -> CELMistake? {
        guard Self.zoned.contains(name), arguments.count == 2, case .constant(.string(let zone)) = arguments[1].form,
            Self.zoneSeconds(zone) == nil
        else { return nil }
        let message = "found the time zone \(zone), expected UTC or an offset, such as +01:00"
        return CELMistake(offset: arguments[1].offset, message: message)
    }
}
