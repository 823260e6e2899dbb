// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Makes ids of traces and spans.
///
/// They must be unique and look random; nobody relies on their being secret. So a counter that begins at a random
/// number is mixed (SplitMix64), which never repeats in a process and asks the kernel for nothing.
enum TraceIDs {
    private static let spans = Atomic<UInt64>(.random(in: 0 ... .max))
    private static let traces = Atomic<UInt64>(.random(in: 0 ... .max))

    static func nextSpanID() -> UInt64 { next(spans) }

    static func nextTraceID() -> TraceContext.TraceID {
        TraceContext.TraceID(high: next(traces), low: next(spans))
    }

    /// Never zero, which stands for no id.
    private static func next(_ counter: borrowing Atomic<UInt64>) -> UInt64 {
        while true {
            let id = mixed(counter.wrappingAdd(0x9E37_79B9_7F4A_7C15, ordering: .relaxed).newValue)
            if id != 0 { return id }
        }
    }

    private static func mixed(_ value: UInt64) -> UInt64 {
        // Safe: the mixing is defined modulo 2^64.
        let first = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        let second = (first ^ (first >> 27)) &* 0x94D0_49BB_1331_11EB
        return second ^ (second >> 31)
    }
}
