// SPDX-License-Identifier: Apache-2.0

package import NIOCore
import NIOSSL

/// Who is at the other end of a connection with TLS, by a certificate that has been verified.
package struct TLSPeer: Sendable, Hashable {
    /// The subject's name as RFC 4514 writes it, the last part first: `CN=client,O=Example`. Empty if the certificate
    /// has none.
    package var subject: String

    /// Nil if the other side has shown no certificate. Is called on the channel's event loop, after the handshake, once
    /// for a connection.
    package init?(of channel: any Channel) {
        guard let certificate = try? channel.pipeline.syncOperations.nioSSL_peerCertificate() else { return nil }
        subject = certificate.subjectName.reversed().map(\.text).joined(separator: ",")
    }
}

extension SSLCertificateName {
    /// What RFC 4514 calls the types of names, or OpenSSL where that has none.
    private static let types: [(SSLCertificateNameType, String)] = [
        (.commonName, "CN"), (.organization, "O"), (.organizationalUnit, "OU"), (.state, "ST"), (.country, "C"),
        (.city, "L"), (.emailAddress, "emailAddress"), (.userId, "UID"),
    ]

    /// `CN=client`. A type that isn't known is shown as a question mark, so that no two subjects look alike because a
    /// part of one is missing.
    fileprivate var text: String {
        let type = Self.types.first { $0.0 == self.type }?.1 ?? "?"
        return "\(type)=\(Self.escaped(value))"
    }

    static func escaped(_ value: String) -> String {
        var text = ""
        for (index, scalar) in value.unicodeScalars.enumerated() {
            let isEdge = index == 0 || index == value.unicodeScalars.count - 1
            switch scalar {
            case "\"", "+", ",", ";", "<", ">", "\\": text += "\\"
            case "#" where index == 0, " " where isEdge: text += "\\"
            default: break
            }
            if scalar.value < 0x20 || scalar.value == 0x7f {
                // A header can't hold it.
                text += "\\" + (scalar.value < 0x10 ? "0" : "") + String(scalar.value, radix: 16)
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}
