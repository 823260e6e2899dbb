// SPDX-License-Identifier: Apache-2.0

package import Telemetry
package import WireHTTP

/// The place in a trace that a message's fields tell.
extension HTTPFields {
    private static let parent = "traceparent"
    private static let state = "tracestate"

    /// Nil if `traceparent` isn't there exactly once, or isn't one; whatever `tracestate` says counts for nothing then.
    package var traceContext: TraceContext? {
        guard let parent = self[Self.parent], count(of: Self.parent) == 1 else { return nil }
        let states = contains(Self.state) ? indices(of: Self.state).map { value(at: $0) } : []
        return TraceContext(traceparent: parent, state: states.joined(separator: ","))
    }

    /// Puts `context` in the place of what was told before.
    package mutating func setTraceContext(_ context: TraceContext) {
        self[Self.parent] = context.traceparent
        self[Self.state] = context.state.isEmpty ? nil : context.state
    }

    /// Adds `traceparent` to a response that has none, as Dapr does.
    package mutating func addTraceParent(_ context: TraceContext) {
        if !contains(Self.parent) { append(Self.parent, context.traceparent) }
    }

    private func indices(of name: String) -> [Int] { (0..<count).filter { isNamed(name, at: $0) } }
}
