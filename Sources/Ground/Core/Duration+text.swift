// SPDX-License-Identifier: Apache-2.0

/// The units of a duration's text, the largest first. `us` and `µs` are the same.
private let units: [(name: String, nanoseconds: Int)] = [
    ("h", 3_600_000_000_000), ("m", 60_000_000_000), ("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1_000),
    ("µs", 1_000), ("ns", 1),
]

extension Duration {
    /// Reads `5s`, `200ms`, `1m30s`, `1.5h`: what Go's `time.ParseDuration` reads, without a sign. Nil for anything
    /// else.
    package init?(text: String) {
        if text == "0" {
            self = .zero
            return
        }
        var rest = Substring(text)
        var total = 0
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            guard let nanoseconds = Self.component(&rest) else { return nil }
            let (sum, overflow) = total.addingReportingOverflow(nanoseconds)
            guard !overflow else { return nil }
            total = sum
        }
        self = .nanoseconds(total)
    }

    /// The shortest text that `init(text:)` reads as this duration: `1m30s`. Parts below a nanosecond are left out.
    package var text: String {
        let (seconds, attoseconds) = components
        var rest = Int128(seconds) * 1_000_000_000 + Int128(attoseconds / 1_000_000_000)
        guard rest > 0 else { return "0s" }
        var text = ""
        for unit in units where rest >= unit.nanoseconds {
            text += "\(rest / Int128(unit.nanoseconds))\(unit.name)"
            rest %= Int128(unit.nanoseconds)
        }
        return text
    }

    /// Takes one number with its unit from the front of `rest`, as nanoseconds.
    private static func component(_ rest: inout Substring) -> Int? {
        let number = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        rest = rest.dropFirst(number.count)
        let name = rest.prefix { !($0.isASCII && ($0.isNumber || $0 == ".")) }
        rest = rest.dropFirst(name.count)
        guard let unit = units.first(where: { $0.name == name })?.nanoseconds else { return nil }
        let parts = number.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = Int(parts[0]) else { return nil }
        let (nanoseconds, overflow) = whole.multipliedReportingOverflow(by: unit)
        guard !overflow else { return nil }
        guard parts.count == 2 else { return nanoseconds }
        guard let fraction = Self.fraction(parts[1], of: unit) else { return nil }
        let (sum, sumOverflow) = nanoseconds.addingReportingOverflow(fraction)
        return sumOverflow ? nil : sum
    }

    /// The digits after a decimal point as nanoseconds; digits that are worth less than one are left out.
    private static func fraction(_ digits: Substring, of unit: Int) -> Int? {
        guard !digits.isEmpty else { return nil }
        // Thirteen digits are more than the nanoseconds of an hour need, and their product with an hour fits 128 bits.
        let significant = digits.prefix(13)
        guard let value = Int128(significant), digits.allSatisfy({ $0.isASCII && $0.isNumber }) else { return nil }
        let scale = significant.reduce(Int128(1)) { scale, _ in scale * 10 }
        return Int(value * Int128(unit) / scale)
    }
}
