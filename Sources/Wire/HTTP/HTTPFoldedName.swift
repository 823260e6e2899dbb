// SPDX-License-Identifier: Apache-2.0

/// A field's name as those read it who don't tell `_` from `-`: whoever hands fields on as variables, as CGI and WSGI
/// do (`HTTP_X_USER`).
package final class HTTPFoldedName: Sendable {
    /// In lower case, with `-` for `_`.
    private let bytes: [UInt8]

    package init(_ name: String) { bytes = name.utf8.map(Self.folded) }

    var count: Int { bytes.count }
    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Whether a field with this name is read as one of ours.
    package func matches(_ name: borrowing Span<UInt8>) -> Bool {
        guard name.count == bytes.count else { return false }
        for index in name.indices where Self.folded(name[index]) != bytes[index] { return false }
        return true
    }

    /// Whether a name that has this byte there may be read as ours.
    func has(_ byte: UInt8, at index: Int) -> Bool { index < bytes.count && bytes[index] == Self.folded(byte) }

    static func folded(_ byte: UInt8) -> UInt8 {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte | 0x20
        case UInt8(ascii: "_"): UInt8(ascii: "-")
        default: byte
        }
    }
}
