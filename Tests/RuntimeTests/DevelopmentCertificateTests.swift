// SPDX-License-Identifier: Apache-2.0

import Ambassador
import Core
import FoundationEssentials
import Proxying
import TestKit
import Testing

@testable import Runtime

/// The certificate of whom nobody has given one.
@Suite(.timeLimit(.minutes(1))) struct DevelopmentCertificateTests {
    private static let tools = Result { try TestCertificates() }

    private static func text(of certificate: String) throws -> String {
        try tools.get().output(["x509", "-in", certificate, "-noout", "-text"])
    }

    /// A data directory of its own.
    private static func folder(_ name: String) throws -> String {
        let path = try tools.get().path(name)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        return path
    }

    private static func permissions(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    private static func days(_ count: Int64) -> UTCTime { UTCTime(seconds: UTCTime.now().seconds + count * 86_400) }

    @Test func `it is one for this machine, and OpenSSL finds nothing wrong with it`() throws {
        let folder = try Self.folder("whole")
        let made = try DevelopmentCertificate { folder }
        #expect(made.unkept == nil && made.certificate == folder + "/tls/dev-certificate.pem")
        let text = try Self.text(of: made.certificate)
        for part in [
            "Version: 3", "ecdsa-with-SHA256", "Issuer: CN = localhost", "Subject: CN = localhost", "NIST CURVE: P-256",
            "DNS:localhost, DNS:*.localhost", "IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1", "CA:FALSE",
            "Digital Signature", "TLS Web Server Authentication",
        ] { #expect(text.contains(part), "\(part) in \(text)") }
        let verified = try Self.tools.get().output(
            ["verify", "-x509_strict", "-purpose", "sslserver", "-verify_hostname", "localhost"]
                + ["-CAfile", made.certificate, made.certificate])
        #expect(verified.contains(": OK"))
        #expect(try Self.permissions(made.key) == 0o600)
        #expect(try Self.permissions(folder + "/tls") == 0o700)
    }

    @Test func `it stays the same until it is near its end, and is good for a year at most`() throws {
        let folder = try Self.folder("life")
        let first = try DevelopmentCertificate { folder }
        func content() throws -> String { try String(contentsOfFile: first.certificate, encoding: .utf8) }
        let made = try content()
        _ = try DevelopmentCertificate(in: { folder }, at: Self.days(330))
        #expect(try content() == made)
        _ = try DevelopmentCertificate(in: { folder }, at: Self.days(340))
        #expect(try content() != made)
        let next = try content()
        _ = try DevelopmentCertificate(in: { folder }, at: Self.days(340 + 366))
        #expect(try content() != next)
    }

    @Test func `a certificate or a key that is damaged, missing or another's is replaced`() throws {
        let folder = try Self.folder("damaged")
        let made = try DevelopmentCertificate { folder }
        let other = try DevelopmentCertificate { try Self.folder("other") }
        let damages: [() throws -> Void] = [
            { try FileManager.default.removeItem(atPath: made.key) },
            { try "nonsense".write(toFile: made.certificate, atomically: false, encoding: .utf8) },
            { try Self.tools.get().copy(other.key, over: made.key) },
        ]
        for damage in damages {
            try damage()
            let again = try DevelopmentCertificate { folder }
            #expect(again == made)
            var configuration = TLSServerConfiguration()
            (configuration.certificate, configuration.key) = (again.certificate, again.key)
            #expect(try TLSServer(configuration, TLSSource(key: "tls") { _ in nil }) != nil)
        }
    }

    @Test func `where nothing can be kept it lives as long as the process`() throws {
        let made = try DevelopmentCertificate { "/proc/nowhere" }
        #expect(made.unkept?.contains("/proc/nowhere/tls can't be made: ") == true)
        var configuration = TLSServerConfiguration()
        (configuration.certificate, configuration.key) = (made.certificate, made.key)
        let tls = try #require(try TLSServer(configuration, TLSSource(key: "tls") { _ in nil }))
        #expect(tls.files == [])
    }

    @Test func `sidecars that begin at once share one`() async throws {
        let folder = try Self.folder("shared")
        try await withThrowingTaskGroup { group in
            for _ in 0..<8 { group.addTask { _ = try DevelopmentCertificate { folder } } }
            try await group.waitForAll()
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: folder + "/tls").sorted()
        #expect(names == ["dev-certificate.pem", "dev-key.pem", "lock"])
    }

    @Test func `listeners get it that ask for it and have none`() throws {
        let folder = try Self.folder("listeners")
        var configuration = AmbassadorConfiguration()
        var (asking, silent) = (RedisPoolConfiguration(), RedisPoolConfiguration())
        asking.pool.clientTLS.selfSigned = true
        silent.pool.clientTLS.certificate = "own.pem"
        configuration.redis = ["asking": asking, "silent": silent]
        let log = RecordedLog()
        try configuration.makeCertificates(in: { folder }, log.logger)
        #expect(configuration.redis["asking"]?.pool.clientTLS.certificate == folder + "/tls/dev-certificate.pem")
        #expect(configuration.redis["silent"]?.pool.clientTLS.certificate == "own.pem")
        #expect(log.lines.count == 1 && log.lines[0].message.contains("ambassador.redis.asking.client-tls shows"))
        var none = AmbassadorConfiguration()
        try none.makeCertificates(in: { throw CocoaError(.featureUnsupported) }, log.logger)
        #expect(log.lines.count == 1)
    }

    @Test(arguments: [(0, "17"), (2_524_608_000 - 1, "17"), (2_524_608_000, "18")])
    func `a time has two digits for its year until 2049`(row: (seconds: Int64, tag: String)) {
        let bytes = DER.time(UTCTime(seconds: row.seconds))
        #expect(String(bytes[0], radix: 16) == row.tag && Int(bytes[1]) == bytes.count - 2)
    }

    @Test func `a long element has its length in bytes of its own`() {
        #expect(DER.bytes([UInt8](repeating: 0, count: 127)).prefix(2) == [4, 127])
        #expect(DER.bytes([UInt8](repeating: 0, count: 128)).prefix(3) == [4, 0x81, 128])
        #expect(DER.bytes([UInt8](repeating: 0, count: 256)).prefix(4) == [4, 0x82, 1, 0])
    }
}
