// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Telemetry
import WireHTTP

extension HTTPHeadScan {
    /// The place in a trace that a request says it has; nil if `traceparent` isn't there exactly once, or isn't one:
    /// whatever `tracestate` says counts for nothing then.
    func traceContext(_ bytes: borrowing Span<UInt8>) -> TraceContext? {
        guard present.contains(.traceParent) else { return nil }
        var context: TraceContext?
        var count = 0
        for field in fields where field.name == .traceParent {
            context = TraceContext(traceparent: bytes.extracting(field.valueRange))
            count += 1
        }
        guard count == 1, var context else { return nil }
        // Nobody looks at that of a trace that isn't recorded.
        if context.isSampled, present.contains(.traceState) { context.state = traceState(bytes) }
        return context
    }

    private func traceState(_ bytes: borrowing Span<UInt8>) -> String {
        var states: [String] = []
        for field in fields where field.name == .traceState { states.append(bytes.text(field.valueRange)) }
        return TraceState.bounded(states.joined(separator: ","))
    }
}

extension Span<UInt8> {
    /// A part of a head as text.
    func text(_ range: Range<Int>) -> String { String(decoding: range.map { self[$0] }, as: UTF8.self) }
}

extension ByteBuffer {
    /// Writes the field `traceparent` with its line's end.
    mutating func writeTraceParent(_ context: TraceContext) {
        writeStaticString("traceparent: ")
        let text = context.text
        writeBytes(text.span.bytes)
        writeStaticString("\r\n")
    }
}
