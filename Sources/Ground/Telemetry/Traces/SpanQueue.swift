// SPDX-License-Identifier: Apache-2.0

import CoreMetrics
import Synchronization

/// Spans that wait to be exported. When it is full the newest are dropped and counted: a request never waits for a
/// collector.
package final class SpanQueue: Sendable {
    /// What whoever empties the queue wants to know.
    package enum Signal: Sendable {
        /// The first span came.
        case filling
        /// There are enough for a batch.
        case full
        /// The first span has waited long enough; said by whoever measures that.
        case due
    }

    private struct State {
        var spans: [TraceSpan] = []
        /// Since the last `takeDropped`.
        var dropped = 0
    }

    package let spansMax: Int
    package let batchMax: Int
    /// The last signal that nobody has heard yet. One task may listen.
    package let signals: AsyncStream<Signal>
    private let signal: AsyncStream<Signal>.Continuation
    private let state = Mutex(State())
    private let drops = Counter(label: "outrigger_spans_dropped_total", dimensions: [("reason", "queue_full")])

    /// `spansMax`: about 1 KiB each.
    package init(spansMax: Int = 4096, batchMax: Int = 512) {
        self.spansMax = spansMax
        self.batchMax = batchMax
        (signals, signal) = AsyncStream.makeStream(of: Signal.self, bufferingPolicy: .bufferingNewest(1))
    }

    package func offer(_ span: TraceSpan) {
        let isTaken = state.withLock { state in
            guard state.spans.count < spansMax else {
                state.dropped += 1
                return false
            }
            state.spans.append(span)
            // Within the lock, so that a later signal never stands before an earlier one.
            if state.spans.count == batchMax {
                signal.yield(.full)
            } else if state.spans.count == 1 {
                signal.yield(.filling)
            }
            return true
        }
        if !isTaken { drops.increment() }
    }

    package func say(_ signal: Signal) { self.signal.yield(signal) }

    package var count: Int { state.withLock { $0.spans.count } }

    /// The oldest spans, at most a batch.
    package func take() -> [TraceSpan] {
        state.withLock { state in
            let batch = Array(state.spans.prefix(batchMax))
            state.spans.removeFirst(batch.count)
            return batch
        }
    }

    /// How many were dropped since this was last asked.
    package func takeDropped() -> Int {
        state.withLock { state in
            defer { state.dropped = 0 }
            return state.dropped
        }
    }
}
