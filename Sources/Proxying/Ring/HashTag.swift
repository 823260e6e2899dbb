// SPDX-License-Identifier: Apache-2.0

/// Two bytes that mark the part of a key which alone decides where it lives: with `{}`, `{user}:name` and `{user}:mail`
/// share a server.
package struct HashTag: Sendable, Hashable {
    package let open: UInt8
    package let close: UInt8

    package init(open: UInt8, close: UInt8) {
        self.open = open
        self.close = close
    }

    /// The tag that a setting writes; nil unless it is two bytes.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 2 else { return nil }
        self.init(open: bytes[0], close: bytes[1])
    }

    /// The part of the key that is hashed: what is between the first `open` and the first `close` after it, or the
    /// whole key where there is no such pair or nothing in it.
    @inlinable
    package func hashedPart(of key: Span<UInt8>) -> Range<Int> {
        let whole = 0..<key.count
        guard let start = Self.first(open, in: key, from: 0), let end = Self.first(close, in: key, from: start + 1),
            end > start + 1
        else { return whole }
        return start + 1..<end
    }

    @inlinable
    static func first(_ byte: UInt8, in key: Span<UInt8>, from start: Int) -> Int? {
        var index = start
        while index < key.count {
            if key[index] == byte { return index }
            index += 1
        }
        return nil
    }
}
