// SPDX-License-Identifier: Apache-2.0

import NIOCore
import WireHTTP

/// The field in which servers are told whose certificate a client has shown (`client-certificate-header`).
///
/// Nobody but this proxy may say it: what clients send under its name goes, and a trailer that has it is refused. Many
/// servers read `_` as `-` in names, so that is the same name here.
final class ClientCertificateField: Sendable {
    let name: String
    /// What no field of a request may be named.
    let folded: HTTPFoldedName

    init(_ name: String) {
        self.name = name
        folded = HTTPFoldedName(name)
    }

    /// Writes the field's line.
    func append(_ subject: String, to buffer: inout ByteBuffer) { buffer.writeLine(name, subject) }
}
