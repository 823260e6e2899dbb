// SPDX-License-Identifier: Apache-2.0

import NIOCore
import WireHTTP

/// The field in which servers are told whose certificate a client has shown (`client-certificate-header`).
///
/// Nobody but this proxy may say it: what clients send under its name goes. Many servers read `_` as `-` in names, so
/// that is the same name here.
final class ClientCertificateField: Sendable {
    let name: String
    /// In lower case, with `-` for `_`.
    private let folded: [UInt8]

    init(_ name: String) {
        self.name = name
        folded = name.utf8.map(Self.folded)
    }

    /// Whether a field of a request has this name.
    func isNamed(_ name: borrowing Span<UInt8>) -> Bool {
        guard name.count == folded.count else { return false }
        for index in name.indices where Self.folded(name[index]) != folded[index] { return false }
        return true
    }

    /// Writes the field's line.
    func append(_ subject: String, to buffer: inout ByteBuffer) { buffer.writeLine(name, subject) }

    private static func folded(_ byte: UInt8) -> UInt8 {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte | 0x20
        case UInt8(ascii: "_"): UInt8(ascii: "-")
        default: byte
        }
    }
}
