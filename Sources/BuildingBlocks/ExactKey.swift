// SPDX-License-Identifier: Apache-2.0

/// A key that equals another only if their bytes do.
///
/// Swift's strings are equal when they read alike: `"ü"` as one scalar and as two are one key of a dictionary, which no
/// database would agree with.
package struct ExactKey: Sendable, Hashable {
    package let text: String

    package init(_ text: String) { self.text = text }

    package static func == (a: ExactKey, b: ExactKey) -> Bool { a.text.utf8.elementsEqual(b.text.utf8) }

    package func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}
