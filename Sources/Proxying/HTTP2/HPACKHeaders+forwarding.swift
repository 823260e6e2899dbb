// SPDX-License-Identifier: Apache-2.0

package import NIOHPACK
package import Telemetry

extension HPACKHeaders {
    /// The fields that go on, without those of `dropped`; HTTP/2 has none that belong to a connection.
    package func forwarded(dropping dropped: [String]) -> HPACKHeaders {
        var fields = HPACKHeaders()
        fields.reserveCapacity(count + dropped.count)
        for (name, value, indexing) in self where !dropped.contains(name) {
            fields.add(name: name, value: value, indexing: indexing)
        }
        return fields
    }

    private static let parent = "traceparent"
    private static let state = "tracestate"

    /// The place in a trace; nil if `traceparent` isn't there exactly once, or isn't one.
    package var traceContext: TraceContext? {
        let parents = self[Self.parent]
        guard parents.count == 1 else { return nil }
        return TraceContext(traceparent: parents[0], state: self[Self.state].joined(separator: ","))
    }

    /// Puts `context` in the place of what was told before.
    package mutating func setTraceContext(_ context: TraceContext) {
        replaceOrAdd(name: Self.parent, value: context.traceparent)
        remove(name: Self.state)
        if !context.state.isEmpty { add(name: Self.state, value: context.state) }
    }
}
