// SPDX-License-Identifier: Apache-2.0

/// An expression of the Common Expression Language (https://cel.dev), ready to be evaluated any number of times.
///
/// It is the whole language without messages of protocol buffers: operators, macros, the standard functions, and the
/// string functions that CEL's users know as `ext.Strings`. It does no I/O, has no side effects, and ends within
/// `CELLimits`. Zones of time are UTC and offsets (`+01:00`), as there is no database of them here.
package struct CELProgram: Sendable {
    package let source: String
    private let root: CELNode

    /// - Parameter variables: the variables that there will be, so that a mistyped name is found at once, and
    ///   types that evidently don't go together; nil if any may be bound.
    package init(_ source: String, variables: Set<String>? = nil) throws(CELSyntaxError) {
        self.source = source
        let bytes = Array(source.utf8)
        do { root = try CELParser.parse(bytes, variables: variables) } catch {
            throw CELSyntaxError(position: CELPosition(of: error.offset, in: bytes), message: error.message)
        }
    }

    /// A rule over one `event`: an expression whose value may be true.
    package init(rule source: String) throws(CELSyntaxError) {
        try self.init(source, variables: [Self.eventVariable])
        guard let type = root.form.evidentType, type != .bool else { return }
        throw CELSyntaxError(
            position: CELPosition(line: 1, column: 1), message: "found a rule of type \(type.rawValue), expected bool")
    }

    package func evaluate(_ bindings: [String: CELValue]) throws(CELEvaluationError) -> CELValue {
        var evaluator = CELEvaluator(bindings: bindings)
        do { return try evaluator.value(of: root) } catch {
            var error = error
            error.position = error.offset.map { CELPosition(of: $0, in: Array(source.utf8)) }
            throw error
        }
    }

    /// The name under which a rule sees its event.
    package static let eventVariable = "event"

    /// Whether a rule takes an event: true only if it is the value `true`.
    package func matches(_ event: CELValue) throws(CELEvaluationError) -> Bool {
        guard case .bool(true) = try evaluate([Self.eventVariable: event]) else { return false }
        return true
    }
}
