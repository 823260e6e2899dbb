// SPDX-License-Identifier: Apache-2.0

import Core
import Glibc
import NIOSSL

/// A file of certificates and keys, or its text, of which what is wrong is said in a sentence that helps.
struct PEMFile: Sendable {
    /// More than the authorities of every system together.
    static let bytesMax = 4 << 20

    /// The file as logs show it.
    let path: String
    /// The file as problems show it. A text isn't shown: it may be a key.
    let shown: String
    /// The setting that names it.
    let name: String
    let source: TLSSource
    private let bytes: [UInt8]
    private let text: String

    /// - Parameter path: of a file, or what is in one.
    init(_ path: String, _ name: String, _ source: TLSSource) throws(Problem) {
        (self.name, self.source) = (name, source)
        guard !Self.isText(path) else {
            self.path = "PEM"
            (shown, bytes, text) = ("what is given", Array(path.utf8), path)
            return
        }
        self.path = path
        shown = Problem.quote(path)
        bytes = try Self.read(path) { code, expected in
            let reason = code == 0 ? "" : ": " + String(cString: strerror(code))
            return source.problem(name, "found \(Problem.quote(path)), expected \(expected)\(reason)")
        }
        text = String(decoding: bytes, as: UTF8.self)
    }

    /// Whether what is given in the place of a path is a file's text.
    static func isText(_ path: String) -> Bool { path.hasPrefix("-----BEGIN ") }

    /// The certificates in the order of the file; at least one.
    func certificates() throws(Problem) -> [NIOSSLCertificate] {
        guard text.contains("-----BEGIN CERTIFICATE-----") || text.contains("-----BEGIN TRUSTED CERTIFICATE-----")
        else {
            throw problem(found: found, expected: "certificates in PEM (-----BEGIN CERTIFICATE-----)")
        }
        guard let certificates = try? NIOSSLCertificate.fromPEMBytes(bytes), !certificates.isEmpty else {
            throw problem(found: "a damaged certificate", expected: "certificates in PEM")
        }
        return certificates
    }

    func privateKey() throws(Problem) -> NIOSSLPrivateKey {
        guard text.contains("PRIVATE KEY-----") else {
            throw problem(found: found, expected: "a private key in PEM (-----BEGIN PRIVATE KEY-----)")
        }
        guard !text.contains("-----BEGIN ENCRYPTED"), !text.contains("Proc-Type: 4,ENCRYPTED") else {
            throw problem(
                found: "a key with a passphrase", expected: "one without (openssl pkey -in FILE -out FILE.plain)")
        }
        guard let key = try? NIOSSLPrivateKey(bytes: bytes, format: .pem) else {
            throw problem(found: "a damaged private key, or one of a kind that isn't known", expected: "RSA or EC")
        }
        return key
    }

    func problem(found: String, expected: String) -> Problem {
        source.problem(name, "found \(found) in \(shown), expected \(expected)")
    }

    /// What the file is instead.
    private var found: String {
        if bytes.isEmpty { return "nothing" }
        if text.contains("PRIVATE KEY-----") { return "a private key" }
        if text.contains("-----BEGIN CERTIFICATE-----") { return "a certificate" }
        if text.contains("-----BEGIN CERTIFICATE REQUEST-----") { return "a request for a certificate" }
        if text.contains("-----BEGIN ") { return "PEM of another kind" }
        // An ASN.1 sequence with a length of two bytes begins so.
        if bytes.starts(with: [0x30, 0x82]) { return "DER (openssl x509 -inform der turns it into PEM)" }
        return "something else"
    }

    private static func read(
        _ path: String, _ problem: (_ code: Int32, _ expected: String) -> Problem
    ) throws(Problem) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw problem(errno, "a file that can be read") }
        defer { close(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let count = Glibc.read(file, &chunk, chunk.count)
            guard count >= 0 else {
                if errno == EINTR { continue }
                throw problem(errno, "a file that can be read")
            }
            guard count > 0 else { return bytes }
            bytes += chunk[..<count]
            guard bytes.count <= bytesMax else { throw problem(0, "at most \(ByteCount(bytes: bytesMax)) of PEM") }
        }
    }
}
