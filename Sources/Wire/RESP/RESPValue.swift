// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// What two sides have agreed on: RESP2, or RESP3 since a client's `HELLO 3`.
package enum RESPVersion: Sendable {
    case two, three
}

/// A reply taken apart. The forwarding path never makes one; merging, tests and the slow commands do.
package indirect enum RESPValue: Sendable, Equatable {
    case simple(String)
    /// An error, `CODE text`; in RESP3 it may be written as a string, which is read as the same.
    case error(String)
    case integer(Int64)
    case bulk(ByteBuffer)
    case null
    /// An array that isn't there, which is another thing than a null in RESP2 and the same in RESP3.
    case nullArray
    case array([RESPValue])
    case bool(Bool)
    case double(Double)
    /// An integer of any size, in decimal.
    case bigNumber(String)
    /// A text with its format (`txt`, `mkd`).
    case verbatim(format: String, ByteBuffer)
    case map([RESPPair])
    case set([RESPValue])
    case push([RESPValue])
    case attributed([RESPPair], RESPValue)
}

/// A key of a map with its value, in the order of the wire.
package struct RESPPair: Sendable, Equatable {
    package var key: RESPValue
    package var value: RESPValue

    package init(_ key: RESPValue, _ value: RESPValue) {
        self.key = key
        self.value = value
    }
}

extension RESPValue {
    /// A string of bytes.
    package static func bulk(_ text: String) -> RESPValue { .bulk(ByteBuffer(string: text)) }

    /// The bytes of any kind of text; nil for what isn't text.
    package var text: String? {
        switch self {
        case .simple(let text), .error(let text), .bigNumber(let text): text
        case .bulk(let bytes), .verbatim(_, let bytes): String(buffer: bytes)
        case .attributed(_, let value): value.text
        default: nil
        }
    }
}
