// SPDX-License-Identifier: Apache-2.0

import Core
import Crypto
import FoundationEssentials

/// A certificate that has signed itself (RFC 5280), with a new key on the curve P-256.
struct SelfSignedCertificate {
    /// In PEM, as the key.
    let certificate: String
    let key: String

    /// - Parameters:
    ///   - names: of hosts; the first is the subject's, too.
    ///   - addresses: each of four bytes or sixteen.
    init(names: [String], addresses: [[UInt8]], from start: UTCTime, to end: UTCTime) throws {
        let privateKey = P256.Signing.PrivateKey()
        let body = DER.sequence(
            DER.element(.version, DER.integer([2])), DER.integer(Self.serialNumber()), Self.signatureAlgorithm,
            Self.name(names.first ?? ""), DER.sequence(DER.time(start), DER.time(end)), Self.name(names.first ?? ""),
            [UInt8](privateKey.publicKey.derRepresentation),
            DER.element(.extensions, DER.sequence(Self.extensions(names, addresses))))
        let signature = try privateKey.signature(for: body).derRepresentation
        let whole = DER.sequence(body, Self.signatureAlgorithm, DER.bits([UInt8](signature)))
        certificate = Self.pem(whole)
        key = privateKey.pemRepresentation + "\n"
    }

    /// Positive, and never met again.
    private static func serialNumber() -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return [UInt8.random(in: 1...0x7f, using: &generator)]
            + (0..<15).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }

    private static var signatureAlgorithm: [UInt8] { DER.sequence(DER.ecdsaWithSHA256) }

    private static func name(_ commonName: String) -> [UInt8] {
        DER.sequence(DER.element(.set, DER.sequence(DER.commonName, DER.text(commonName))))
    }

    /// What it is for: the end of a chain, a server's signature, these names.
    private static func extensions(_ names: [String], _ addresses: [[UInt8]]) -> [UInt8] {
        let alternatives =
            names.flatMap { DER.element(.dnsName, [UInt8]($0.utf8)) } + addresses.flatMap { DER.element(.address, $0) }
        // One bit of eight is used: digitalSignature.
        let usage = DER.element(.bitString, [7, 0x80])
        return DER.sequence(DER.basicConstraints, DER.true, DER.bytes(DER.sequence()))
            + DER.sequence(DER.keyUsage, DER.true, DER.bytes(usage))
            + DER.sequence(DER.extendedKeyUsage, DER.bytes(DER.sequence(DER.serverAuthentication)))
            + DER.sequence(DER.subjectAlternativeName, DER.bytes(DER.sequence(alternatives)))
    }

    private static func pem(_ bytes: [UInt8]) -> String {
        let text = Data(bytes).base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed])
        return "-----BEGIN CERTIFICATE-----\n\(text)\n-----END CERTIFICATE-----\n"
    }
}
