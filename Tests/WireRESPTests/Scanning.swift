// SPDX-License-Identifier: Apache-2.0

import WireRESP

/// What a scanner said in the end, and when it said so.
struct Scanned<Value: Sendable> {
    /// Nil if the bytes ended first.
    var end: RESPScan<Value>?
    /// How many bytes had been fed by then.
    var fed: Int
    /// The bytes that were said to be missing when all but the last had been fed; they must never be too many.
    var missing = 0
}

/// A scanner of either side.
protocol Scanner {
    associatedtype Value: Sendable
    mutating func scan(_ bytes: borrowing Span<UInt8>) -> RESPScan<Value>
}

extension RESPCommandScanner: Scanner {}
extension RESPReplyScanner: Scanner {}

extension Scanner {
    /// Feeds the bytes up to each of the cuts and then all of them, until the scanner comes to an end.
    mutating func scan(_ bytes: [UInt8], cuts: some Sequence<Int>) -> Scanned<Value> {
        var missing = 0
        for cut in cuts {
            let result = scan(bytes.span.extracting(0..<cut))
            guard case .incomplete(let more) = result else { return Scanned(end: result, fed: cut, missing: missing) }
            missing = cut + more
        }
        let result = scan(bytes.span)
        guard case .incomplete(let more) = result else {
            return Scanned(end: result, fed: bytes.count, missing: missing)
        }
        return Scanned(end: nil, fed: bytes.count, missing: bytes.count + more)
    }
}

extension RESPScan {
    var complete: Value? {
        if case .complete(let value) = self { value } else { nil }
    }

    var error: RESPSyntaxError? {
        if case .malformed(let error) = self { error } else { nil }
    }

    var missing: Int? {
        if case .incomplete(let missing) = self { missing } else { nil }
    }

    var inlineLength: Int? {
        if case .inline(let length) = self { length } else { nil }
    }
}

/// Scans the front of a text with a new scanner.
func scanCommand(_ text: String, limits: RESPLimits = RESPLimits()) -> RESPScan<RESPCommand> {
    var scanner = RESPCommandScanner(limits: limits)
    return scanner.scan(Array(text.utf8).span)
}

func scanReply(_ text: String, limits: RESPLimits = RESPLimits()) -> RESPScan<RESPReply> {
    var scanner = RESPReplyScanner(limits: limits)
    return scanner.scan(Array(text.utf8).span)
}

/// The arguments of a complete command, by their headers.
func arguments(_ command: RESPCommand, _ bytes: [UInt8]) -> [[UInt8]] {
    var arguments = RESPArguments(command)
    var found: [[UInt8]] = []
    while let place = arguments.next(bytes.span) { found.append(Array(bytes[place.range])) }
    return found
}

/// SplitMix64: the same numbers for the same seed, on every machine.
struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        // Safe: the generator is defined on numbers that wrap.
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
