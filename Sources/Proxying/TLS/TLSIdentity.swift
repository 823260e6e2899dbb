// SPDX-License-Identifier: Apache-2.0

import Core
import Logging
import NIOSSL
import Telemetry

/// A certificate with its key and those that lead to its authority: what one side of a connection shows of itself.
struct TLSIdentity: Equatable, Sendable {
    var chain: [NIOSSLCertificate]
    var key: NIOSSLPrivateKey
    /// The end of our own certificate's time.
    var expires: UTCTime
    private var certificateFile: PEMFile
    private var keyFile: PEMFile

    /// Nil if neither file is named; one alone is a problem.
    init?(certificate: String?, key: String?, _ source: TLSSource, at time: UTCTime) throws(Problems) {
        guard certificate != nil || key != nil else { return nil }
        let names = (certificate: source.name("certificate"), key: source.name("key"))
        guard let certificate else {
            let message = "found nothing, expected the certificate of \(names.key)"
            throw Problems([source.problem("certificate", message)])
        }
        guard let key else {
            throw Problems([source.problem("key", "found nothing, expected the key of \(names.certificate)")])
        }
        var problems: [Problem] = []
        func read<Value>(_ body: () throws(Problem) -> Value) -> Value? {
            do throws(Problem) { return try body() } catch {
                problems.append(error)
                return nil
            }
        }
        let chain = read { () throws(Problem) in
            let file = try PEMFile(certificate, "certificate", source)
            let chain = try file.certificates()
            try Self.check(chain[0], of: file, at: time)
            return (file, chain)
        }
        let privateKey = read { () throws(Problem) in
            let file = try PEMFile(key, "key", source)
            return (file, try file.privateKey())
        }
        guard let chain, let privateKey else { throw Problems(problems) }
        (certificateFile, self.chain) = chain
        (keyFile, self.key) = privateKey
        expires = UTCTime(seconds: Int64(self.chain[0].notValidAfter))
    }

    private static func check(
        _ certificate: NIOSSLCertificate, of file: PEMFile, at time: UTCTime
    ) throws(Problem) {
        let end = UTCTime(seconds: Int64(certificate.notValidAfter))
        if end < time {
            throw file.problem(found: "a certificate that expired at \(end.rfc3339)", expected: "one that is valid now")
        }
        let start = UTCTime(seconds: Int64(certificate.notValidBefore))
        if time < start {
            throw file.problem(
                found: "a certificate that is valid from \(start.rfc3339)", expected: "one that is valid now")
        }
    }

    static func == (a: Self, b: Self) -> Bool { a.chain == b.chain && a.key == b.key }

    /// The names of hosts that the certificate is for.
    var names: [String] { chain.first?.hostNames ?? [] }

    /// A certificate with less than this left is said to be near its end.
    private static let secondsLeft: Int64 = 14 * 86_400

    func report(to logger: Logger) {
        guard expires.seconds - UTCTime.now().seconds < Self.secondsLeft else { return }
        logger.emit(.certificateExpiring(path: certificateFile.path, at: expires.rfc3339))
    }

    /// No client could ask for it.
    var nameless: Problem {
        certificateFile.problem(found: "a certificate without names of hosts", expected: "one with DNS names")
    }

    /// The two are no pair.
    var mismatch: Problem {
        keyFile.problem(found: "another key", expected: "that of the first certificate in \(certificateFile.shown)")
    }
}

/// The authorities of a file.
enum TLSAuthorities {
    static func read(_ path: String?, _ source: TLSSource, at time: UTCTime) throws(Problems) -> [NIOSSLCertificate]? {
        guard let path else { return nil }
        do throws(Problem) {
            let file = try PEMFile(path, "ca", source)
            let authorities = try file.certificates()
            // One that has expired among others is of no use and does no harm.
            if let last = authorities.map(\.notValidAfter).max(), Int64(last) < time.seconds {
                let end = UTCTime(seconds: Int64(last)).rfc3339
                throw file.problem(found: "no authority that is valid after \(end)", expected: "one that is valid now")
            }
            return authorities
        } catch {
            throw Problems([error])
        }
    }
}

extension TLSConfiguration {
    /// What both sides have in common: TLS 1.2 with ephemeral keys and authenticated ciphers, or 1.3.
    mutating func applyPolicy(protocols: [String]) {
        minimumTLSVersion = .tlsv12
        cipherSuites = "ECDH+AESGCM:ECDH+CHACHA20:!aNULL"
        applicationProtocols = protocols
    }

    /// What a listener speaks. In TLS 1.2 that is the one cipher which every client of such ciphers has (HTTP/2 demands
    /// it): BoringSSL would let clients choose among several, which scanners call a fault, and can't be told otherwise
    /// through NIOSSL. In 1.3 the three ciphers are what they are.
    mutating func applyListenerPolicy(protocols: [String]) {
        applyPolicy(protocols: protocols)
        cipherSuites = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256"
    }

    /// The context, which is made once and shared by all connections.
    func context(of identity: TLSIdentity?, _ source: TLSSource) throws(Problems) -> NIOSSLContext {
        do {
            return try NIOSSLContext(configuration: self)
        } catch {
            if let identity, case NIOSSLError.failedToLoadPrivateKey = error { throw Problems([identity.mismatch]) }
            let name = identity == nil ? "ca" : "certificate"
            throw Problems([source.problem(name, "found what TLS can't be made of: \(error)")])
        }
    }
}
