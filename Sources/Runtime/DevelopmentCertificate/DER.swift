// SPDX-License-Identifier: Apache-2.0

import Core

/// The distinguished encoding of ASN.1 (X.690), as far as a certificate needs it.
enum DER {
    enum Tag: UInt8 {
        case integer = 0x02
        case bitString = 0x03
        case octetString = 0x04
        case utf8String = 0x0c
        case utcTime = 0x17
        case generalizedTime = 0x18
        case sequence = 0x30
        case set = 0x31
        /// Of a certificate: its version and its extensions.
        case version = 0xa0
        case extensions = 0xa3
        /// Of a general name.
        case dnsName = 0x82
        case address = 0x87
    }

    static let commonName: [UInt8] = [0x06, 3, 0x55, 0x04, 0x03]
    static let keyUsage: [UInt8] = [0x06, 3, 0x55, 0x1d, 0x0f]
    static let subjectAlternativeName: [UInt8] = [0x06, 3, 0x55, 0x1d, 0x11]
    static let basicConstraints: [UInt8] = [0x06, 3, 0x55, 0x1d, 0x13]
    static let extendedKeyUsage: [UInt8] = [0x06, 3, 0x55, 0x1d, 0x25]
    static let serverAuthentication: [UInt8] = [0x06, 8, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01]
    static let ecdsaWithSHA256: [UInt8] = [0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]
    static let `true`: [UInt8] = [0x01, 1, 0xff]

    static func element(_ tag: Tag, _ content: [UInt8]) -> [UInt8] { [tag.rawValue] + length(content.count) + content }

    static func sequence(_ parts: [UInt8]...) -> [UInt8] { element(.sequence, Array(parts.joined())) }

    /// - Parameter bytes: the most significant first; not negative, and no more of them than it takes.
    static func integer(_ bytes: [UInt8]) -> [UInt8] { element(.integer, bytes) }

    static func bytes(_ bytes: [UInt8]) -> [UInt8] { element(.octetString, bytes) }

    /// Whole bytes of bits.
    static func bits(_ bytes: [UInt8]) -> [UInt8] { element(.bitString, [0] + bytes) }

    static func text(_ text: String) -> [UInt8] { element(.utf8String, [UInt8](text.utf8)) }

    /// To the second; years have two digits until 2049 (RFC 5280).
    static func time(_ time: UTCTime) -> [UInt8] {
        let text = UTCTime(seconds: time.seconds).rfc3339.filter { $0.isNumber || $0 == "Z" }
        guard text < "2050" else { return element(.generalizedTime, [UInt8](text.utf8)) }
        return element(.utcTime, [UInt8](text.utf8.dropFirst(2)))
    }

    private static func length(_ count: Int) -> [UInt8] {
        if count < 0x80 { return [UInt8(count)] }
        var (rest, bytes) = (count, [UInt8]())
        while rest > 0 {
            bytes.insert(UInt8(truncatingIfNeeded: rest), at: 0)
            rest >>= 8
        }
        return [0x80 | UInt8(bytes.count)] + bytes
    }
}
