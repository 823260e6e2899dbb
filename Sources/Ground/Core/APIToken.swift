// SPDX-License-Identifier: Apache-2.0

/// The secret that a caller of the API has to know; its description doesn't show it.
package struct APIToken: Sendable, CustomStringConvertible {
    private let bytes: [UInt8]

    /// Nil for an empty text, which would let everybody in who sends nothing.
    package init?(_ text: String) {
        guard !text.isEmpty else { return nil }
        bytes = Array(text.utf8)
    }

    /// Compares in a time that depends on the caller's text only, so that the token can't be found byte by byte.
    package func matches(_ given: String) -> Bool {
        var difference = UInt8(bytes.count == given.utf8.count ? 0 : 1)
        for (index, byte) in given.utf8.enumerated() { difference |= byte ^ bytes[index % bytes.count] }
        return difference == 0
    }

    package var description: String { "a token" }
}
