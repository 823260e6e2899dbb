// SPDX-License-Identifier: Apache-2.0

package import Settings

/// A part of all, in hundredths: `12.5` is an eighth.
package struct Percentage: Sendable, Equatable {
    package static let none = Percentage(checked: 0)
    package static let all = Percentage(checked: 100)

    package let value: Double
    /// The same of 2^32, so that a choice costs one comparison.
    private let threshold: UInt64

    /// Nil for what isn't from 0 to 100.
    package init?(_ value: Double) {
        guard (0...100).contains(value) else { return nil }
        self.init(checked: value)
    }

    /// Reads digits with or without a decimal point.
    package init?(text: String) {
        // `Double` would also read exponents, hexadecimal digits, infinity and what is no number.
        guard text.utf8.allSatisfy({ "0123456789.".utf8.contains($0) }), let value = Double(text) else { return nil }
        self.init(value)
    }

    private init(checked value: Double) {
        self.value = value
        threshold = UInt64(value / 100 * 4_294_967_296)
    }

    /// Whether a random number chooses what comes with it.
    @inline(__always)
    package func includes(_ random: UInt64) -> Bool { random >> 32 < threshold }

    package var text: String { value == value.rounded() ? "\(Int(value))" : "\(value)" }
}

extension SettingType where Value == Percentage {
    package static var percentage: Self {
        SettingType(
            expectation: "a number from 0 to 100", placeholder: "PERCENT", schema: .number(0...100),
            parse: Percentage.init(text:), text: \.text)
    }
}
