// SPDX-License-Identifier: Apache-2.0

/// Finds where a server's next reply ends, in RESP2 and RESP3.
///
/// It reads headers and lines, jumps over strings, and remembers where it stopped, as `RESPCommandScanner` does.
/// Streamed strings and aggregates (`$?`, `*?`) are refused: no server sends them.
package struct RESPReplyScanner: Sendable {
    /// What comes next.
    @usableFromInline
    enum Stage: Sendable {
        case type, line, stringLength, payload, aggregateLength
    }

    /// Deeper than any reply of Redis; `RESPLimits.nestingMax` can only be lower.
    @usableFromInline static let depthMax = 32

    package let limits: RESPLimits
    @usableFromInline var stage = Stage.type
    @usableFromInline var offset = 0
    @usableFromInline var header = RESPLength()
    @usableFromInline var line = RESPLine()
    /// The type of the value that is being read.
    @usableFromInline var type: UInt8 = 0
    /// The type of the whole reply, once its attributes are over.
    @usableFromInline var kind: UInt8 = 0
    @usableFromInline var depth = 0
    /// The values that are still to come in each open aggregate.
    @usableFromInline var remaining = [32 of Int](repeating: 0)
    /// One bit for each open aggregate that holds attributes.
    @usableFromInline var attributes: UInt32 = 0

    package init(limits: RESPLimits = RESPLimits()) { self.limits = limits }

    /// Scans on. `bytes` begins at the reply's first byte each time; the caller drops a reply once it is complete.
    @inlinable
    package mutating func scan(_ bytes: borrowing Span<UInt8>) -> RESPScan<RESPReply> {
        while true {
            let end: RESPScan<RESPReply>? =
                switch stage {
                case .type: scanType(bytes)
                case .line: scanLine(bytes)
                case .stringLength: scanStringLength(bytes)
                case .payload: scanPayload(bytes)
                case .aggregateLength: scanAggregateLength(bytes)
                }
            if let end { return end }
        }
    }

    /// Notes the type of the value that begins.
    @inlinable
    mutating func scanType(_ bytes: borrowing Span<UInt8>) -> RESPScan<RESPReply>? {
        guard offset < bytes.count else { return .incomplete(missing: 3) }
        type = bytes[offset]
        switch type {
        case UInt8(ascii: "$"), UInt8(ascii: "="), UInt8(ascii: "!"):
            header = RESPLength()
            stage = .stringLength
        case UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: ":"), UInt8(ascii: "_"), UInt8(ascii: ","),
            UInt8(ascii: "#"), UInt8(ascii: "("):
            line = RESPLine()
            stage = .line
        case UInt8(ascii: "*"), UInt8(ascii: "%"), UInt8(ascii: "~"), UInt8(ascii: ">"), UInt8(ascii: "|"):
            header = RESPLength()
            stage = .aggregateLength
        default: return .malformed(.typeUnknown(type))
        }
        if depth == 0 { kind = type }
        offset += 1
        return nil
    }

    @inlinable
    mutating func scanLine(_ bytes: borrowing Span<UInt8>) -> RESPScan<RESPReply>? {
        switch line.read(bytes, &offset, type: type, bytesMax: limits.lineBytesMax) {
        case .incomplete: return .incomplete(missing: 1)
        case .malformed: return .malformed(line.length == limits.lineBytesMax ? .lineTooLong : .line)
        case .complete: return endValue()
        }
    }

    @inlinable
    mutating func scanStringLength(_ bytes: borrowing Span<UInt8>) -> RESPScan<RESPReply>? {
        switch header.read(bytes, &offset) {
        case .incomplete: return .incomplete(missing: header.hasReturn ? 1 : 2)
        case .malformed: return .malformed(bytes[offset] == UInt8(ascii: "?") ? .streamedUnsupported : .bulkLength)
        case .complete: break
        }
        if header.isNegative {
            // A null is written as a string or as an array, and as nothing else.
            return type == UInt8(ascii: "$") ? endValue() : .malformed(.bulkLength)
        }
        guard header.value <= limits.bulkBytesMax else { return .malformed(.bulkLength) }
        stage = .payload
        return nil
    }

    @inlinable
    mutating func scanPayload(_ bytes: borrowing Span<UInt8>) -> RESPScan<RESPReply>? {
        let end = offset + header.value
        guard end + 2 <= bytes.count else { return .incomplete(missing: end + 2 - bytes.count) }
        guard bytes[end] == 0x0D, bytes[end + 1] == 0x0A else { return .malformed(.bulkEnd) }
        offset = end + 2
        return endValue()
    }

    @inlinable
    mutating func scanAggregateLength(_ bytes: borrowing Span<UInt8>) -> RESPScan<RESPReply>? {
        switch header.read(bytes, &offset) {
        case .incomplete: return .incomplete(missing: header.hasReturn ? 1 : 2)
        case .malformed:
            return .malformed(bytes[offset] == UInt8(ascii: "?") ? .streamedUnsupported : .aggregateLength)
        case .complete: break
        }
        if header.isNegative {
            return type == UInt8(ascii: "*") ? endValue() : .malformed(.aggregateLength)
        }
        guard header.value <= limits.elementCountMax else { return .malformed(.aggregateLength) }
        guard header.value > 0 else { return endEmpty() }
        guard depth < min(limits.nestingMax, Self.depthMax) else { return .malformed(.nestingTooDeep) }
        let isAttributes = type == UInt8(ascii: "|")
        remaining[depth] = isAttributes || type == UInt8(ascii: "%") ? header.value * 2 : header.value
        if isAttributes { attributes |= 1 << UInt32(depth) }
        depth += 1
        stage = .type
        return nil
    }

    /// An aggregate of nothing is a value; attributes of nothing aren't.
    @inlinable
    mutating func endEmpty() -> RESPScan<RESPReply>? {
        if type != UInt8(ascii: "|") { return endValue() }
        stage = .type
        return nil
    }

    /// After a value: closes the aggregates that it completes. Attributes count for nothing where they stand, for the
    /// value that they belong to follows them.
    @inlinable
    mutating func endValue() -> RESPScan<RESPReply>? {
        stage = .type
        while depth > 0 {
            remaining[depth - 1] -= 1
            if remaining[depth - 1] > 0 { return nil }
            depth -= 1
            let bit: UInt32 = 1 << UInt32(depth)
            if attributes & bit != 0 {
                attributes ^= bit
                return nil
            }
        }
        let reply = RESPReply(length: offset, kind: kind)
        offset = 0
        return .complete(reply)
    }

    /// Lets go of the beginning of an incomplete value, for whoever passes it on part by part: how many of the
    /// `count` bytes that the last scan saw aren't needed any more. The next scan begins behind them, and the length
    /// that it gives is that of what was left.
    package mutating func forget(_ count: Int) -> Int {
        let isPayload = if case .payload = stage { true } else { false }
        let forgotten = min(count, isPayload ? offset + header.value : offset)
        offset -= forgotten
        return forgotten
    }
}
