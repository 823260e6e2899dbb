// SPDX-License-Identifier: Apache-2.0

/// A place in a trace, as programs tell it each other (W3C Trace Context, levels 1 and 2): the trace, a span of it, and
/// whether the trace is recorded.
package struct TraceContext: Sendable, Equatable {
    package struct TraceID: Sendable, Hashable {
        package var high: UInt64
        package var low: UInt64

        package init(high: UInt64, low: UInt64) {
            self.high = high
            self.low = low
        }
    }

    package struct Flags: OptionSet, Sendable {
        package var rawValue: UInt8
        package init(rawValue: UInt8) { self.rawValue = rawValue }

        /// Whoever made the trace records it.
        package static let sampled = Flags(rawValue: 1)
        /// The lower seven bytes of the trace's id are random (level 2).
        package static let random = Flags(rawValue: 2)
    }

    package var traceID: TraceID
    package var spanID: UInt64
    package var flags: Flags
    /// What vendors keep with the trace, as it came (`tracestate`); empty if there is nothing.
    package var state: String

    package init(traceID: TraceID, spanID: UInt64, flags: Flags, state: String = "") {
        self.traceID = traceID
        self.spanID = spanID
        self.flags = flags
        self.state = state
    }

    package var isSampled: Bool { flags.contains(.sampled) }

    /// A span of the same trace with an id of its own.
    package func child() -> TraceContext {
        TraceContext(traceID: traceID, spanID: TraceIDs.nextSpanID(), flags: flags, state: state)
    }

    /// A new trace. It doesn't say that its id is random, although it is: programs of level 1, Go's OpenTelemetry among
    /// them, refuse a flag that they don't know.
    package static func root(isSampled: (TraceID) -> Bool) -> TraceContext {
        let traceID = TraceIDs.nextTraceID()
        return TraceContext(
            traceID: traceID, spanID: TraceIDs.nextSpanID(), flags: isSampled(traceID) ? .sampled : [])
    }
}

// MARK: - The texts

extension TraceContext {
    /// How long a `traceparent` is.
    package static let textBytes = 55

    /// Reads `traceparent` strictly: `00-` and 32, 16 and 2 lower-case hexadecimal digits with dashes between, neither
    /// id all zero. A later version may have more behind a further dash. `state` is kept if it is within its limits.
    package init?(traceparent: String, state: String = "") {
        var text = traceparent
        text.makeContiguousUTF8()
        self.init(traceparent: text.utf8.span)
        self.state = TraceState.bounded(state)
    }

    /// Reads `traceparent` where it stands in a message.
    package init?(traceparent bytes: borrowing Span<UInt8>) {
        guard bytes.count >= Self.textBytes, let version = bytes.hexadecimal(from: 0, count: 2), version != 0xFF,
            bytes.count == Self.textBytes || (version != 0 && bytes[Self.textBytes] == UInt8(ascii: "-")),
            bytes.hasDash(at: 2), bytes.hasDash(at: 35), bytes.hasDash(at: 52),
            let high = bytes.hexadecimal(from: 3, count: 16), let low = bytes.hexadecimal(from: 19, count: 16),
            let span = bytes.hexadecimal(from: 36, count: 16), let flags = bytes.hexadecimal(from: 53, count: 2),
            high | low != 0, span != 0
        else { return nil }
        // What this version doesn't know of the flags isn't passed on as if it did.
        self.init(
            traceID: TraceID(high: high, low: low), spanID: span,
            flags: Flags(rawValue: UInt8(flags)).intersection([.sampled, .random]))
    }

    /// The context as `traceparent`.
    package var traceparent: String {
        let text = text
        return String(unsafeUninitializedCapacity: Self.textBytes) { bytes in
            for index in text.indices { bytes[index] = text[index] }
            return Self.textBytes
        }
    }

    /// The context as `traceparent`, without memory of its own.
    package var text: InlineArray<55, UInt8> {
        var text = InlineArray<55, UInt8>(repeating: UInt8(ascii: "-"))
        func put(_ value: UInt64, digits: Int, from start: Int) {
            for digit in 0..<digits {
                let nibble = UInt8(truncatingIfNeeded: value >> (UInt64(digits - 1 - digit) * 4)) & 0xF
                text[start + digit] = nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10
            }
        }
        put(0, digits: 2, from: 0)
        put(traceID.high, digits: 16, from: 3)
        put(traceID.low, digits: 16, from: 19)
        put(spanID, digits: 16, from: 36)
        put(UInt64(flags.rawValue), digits: 2, from: 53)
        return text
    }
}
