// SPDX-License-Identifier: Apache-2.0

import Core

/// Begins spans, and decides which traces are sampled: by rate where they begin, as their maker has decided anywhere
/// else.
package struct Tracer: Sendable {
    private let queue: SpanQueue?
    /// Traces whose id's lower 63 bits are below it are sampled.
    private let threshold: UInt64
    /// Whether the sidecar takes part in traces at all. One that doesn't leaves the fields of requests as they are: if
    /// it began traces that nobody samples, instrumented apps behind it would follow and record nothing either.
    package let isOn: Bool

    package static let off = Tracer()

    private init() { (queue, threshold, isOn) = (nil, 0, false) }

    /// `queue`: where spans go; nil if none are recorded here. `rate`: the part of new traces that is sampled, from 0
    /// to 1.
    package init(_ queue: SpanQueue?, rate: Double) {
        self.queue = queue
        isOn = true
        // Safe: clamped to 0...1, it is at most 2^63, which 64 bits hold; a rate that is no number counts as 0.
        threshold = rate > 0 ? UInt64(min(rate, 1) * 0x1p63) : 0
    }

    /// Whether any span can be recorded.
    package var isRecording: Bool { queue != nil }

    /// Begins a span under `parent`, or a new trace.
    ///
    /// A span that isn't recorded leaves its parent's context as it is: whatever comes below it belongs to the nearest
    /// span that somebody has recorded.
    package func begin(_ kind: TraceSpan.Kind, under parent: TraceContext?) -> ActiveSpan {
        let context: TraceContext
        if let parent {
            guard queue != nil, parent.isSampled else { return ActiveSpan(context: parent, recording: nil) }
            context = parent.child()
        } else {
            context = .root { $0.low >> 1 < threshold }
        }
        guard let queue, context.isSampled else { return ActiveSpan(context: context, recording: nil) }
        return ActiveSpan(
            context: context,
            recording: ActiveSpan.Recording(
                kind: kind, parentID: parent?.spanID, start: nanosecondsSince1970(), started: .now, queue: queue))
    }
}

/// A span that has begun: what is handed on under it, and what is known of it so far.
package struct ActiveSpan: Sendable {
    struct Recording: Sendable {
        var kind: TraceSpan.Kind
        var parentID: UInt64?
        var start: UInt64
        /// Wall clocks jump; the duration comes from this one.
        var started: ContinuousClock.Instant
        var queue: SpanQueue
    }

    /// What belongs to the span carries this on.
    package let context: TraceContext
    let recording: Recording?

    package var isRecorded: Bool { recording != nil }

    /// Ends the span. Nothing happens to one that isn't recorded; ask `isRecorded` before making what is costly.
    package func end(
        _ name: String, status: TraceSpan.Status = .unset, _ attributes: [TraceSpan.Attribute] = []
    ) {
        guard let recording else { return }
        let nanoseconds = UInt64(max((ContinuousClock.now - recording.started) / .nanoseconds(1), 0))
        recording.queue.offer(
            TraceSpan(
                name, recording.kind, context, parentID: recording.parentID, start: recording.start,
                end: recording.start + nanoseconds, status: status, attributes: attributes))
    }
}

private func nanosecondsSince1970() -> UInt64 {
    let now = UTCTime.now()
    return UInt64(max(now.seconds, 0)) * 1_000_000_000 + UInt64(now.nanoseconds)
}
