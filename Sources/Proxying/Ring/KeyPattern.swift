// SPDX-License-Identifier: Apache-2.0

/// Keys such as applications make, to measure how a ring spreads them.
package enum KeyPattern: String, Sendable, CaseIterable {
    case numbers = "0"
    case prefixedNumbers = "key:0"
    case paddedNumbers = "session:00000000000000000000000000000000"

    /// The key of a number.
    package func key(_ number: Int) -> String {
        switch self {
        case .numbers: return "\(number)"
        case .prefixedNumbers: return "key:\(number)"
        case .paddedNumbers:
            let digits = String(number, radix: 16)
            return "session:" + String(repeating: "0", count: 32 - digits.utf8.count) + digits
        }
    }
}
