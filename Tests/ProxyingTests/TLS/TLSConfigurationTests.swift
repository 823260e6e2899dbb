// SPDX-License-Identifier: Apache-2.0

import Core
import FoundationEssentials
import Logging
import NIOSSL
import TestKit
import Testing

@testable import Proxying

/// What is said of files that TLS can't be made of.
@Suite(.timeLimit(.minutes(1))) struct TLSConfigurationTests {
    private static let made = Result { try TestCertificates() }

    private static let source = TLSSource(key: "pool.tls") { key in
        key == "pool.tls.server-name" ? nil : .file("outrigger.yaml", line: 7, column: 1)
    }

    private static func problems(
        at time: UTCTime = .now(), _ change: (inout TLSClientConfiguration) -> Void
    ) -> [String] {
        var configuration = TLSClientConfiguration(enabled: true)
        change(&configuration)
        do {
            _ = try TLSClient(configuration, source, at: time)
            return []
        } catch { return error.all.map(\.description) }
    }

    private static func serverProblems(_ change: (inout TLSServerConfiguration) -> Void) -> [String] {
        var configuration = TLSServerConfiguration()
        change(&configuration)
        do {
            _ = try TLSServer(configuration, source)
            return []
        } catch { return error.all.map(\.description) }
    }

    @Test func `TLS that is off is nothing, unless something is given for it`() throws {
        #expect(try TLSClient(TLSClientConfiguration(), Self.source) == nil)
        #expect(try TLSServer(TLSServerConfiguration(), Self.source) == nil)
        let changes: [(String, @Sendable (inout TLSClientConfiguration) -> Void)] = [
            ("certificate", { $0.certificate = "a" }), ("key", { $0.key = "a" }), ("ca", { $0.ca = "a" }),
            ("server-name", { $0.serverName = "a" }), ("verify", { $0.verify = .ca }),
        ]
        for (name, change) in changes {
            let found = Self.problems {
                $0.enabled = false
                change(&$0)
            }
            #expect(
                found == [
                    "outrigger.yaml:7: pool.tls.enabled: found false, expected true because \(name) is given"
                ])
        }
    }

    @Test func `whatever isn't a certificate is called what it is`() throws {
        let made = try Self.made.get()
        let server = try made.issue("kinds")
        try made.run(["x509", "-in", server.certificate, "-outform", "der", "-out", made.path("kinds.der")])
        let rows = [
            (server.key, "a private key"), (server.request, "a request for a certificate"),
            (made.path("kinds.der"), "DER (openssl x509 -inform der turns it into PEM)"),
            (try made.write("", to: "empty"), "nothing"), (try made.write("hello", to: "hello"), "something else"),
            (try made.write("-----BEGIN X-----\n", to: "x"), "PEM of another kind"),
        ]
        for (path, kind) in rows {
            #expect(
                Self.problems { $0.ca = path } == [
                    "outrigger.yaml:7: pool.tls.ca: found \(kind) in \"\(path)\", expected certificates in PEM "
                        + "(-----BEGIN CERTIFICATE-----)"
                ])
        }
        let damaged = try made.write("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", to: "damaged")
        #expect(Self.problems { $0.ca = damaged }.first?.contains("found a damaged certificate in") == true)
    }

    @Test func `a file that can't be read is said with the system's reason`() throws {
        let made = try Self.made.get()
        #expect(
            Self.problems { $0.ca = "/nowhere/ca.pem" } == [
                "outrigger.yaml:7: pool.tls.ca: found \"/nowhere/ca.pem\", expected a file that can be read: "
                    + "No such file or directory"
            ])
        #expect(Self.problems { $0.ca = made.folder }.first?.hasSuffix("can be read: Is a directory") == true)
        let large = try made.write(String(repeating: "x", count: PEMFile.bytesMax + 1), to: "large")
        #expect(Self.problems { $0.ca = large }.first?.hasSuffix("expected at most 4MiB of PEM") == true)
    }

    @Test func `a key that can't be used is said to be so`() throws {
        let made = try Self.made.get()
        let server = try made.issue("keys")
        let locked = made.path("locked.pem")
        try made.run(["pkey", "-in", server.key, "-aes128", "-passout", "pass:x", "-out", locked])
        let damaged = try made.write("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", to: "bad-key")
        let rows = [
            (server.certificate, "found a certificate in"), (locked, "found a key with a passphrase in"),
            (damaged, "found a damaged private key"),
        ]
        for (path, text) in rows {
            let found = Self.problems { ($0.certificate, $0.key) = (server.certificate, path) }
            #expect(found.count == 1 && found[0].hasPrefix("outrigger.yaml:7: pool.tls.key: \(text)"), "\(found)")
        }
    }

    @Test(arguments: ["ec", "rsa"])
    func `a key of another certificate is no key for this one`(kind: String) throws {
        let made = try Self.made.get()
        let (one, other) = (try made.issue("one-\(kind)"), try made.issue("other-\(kind)", kind: kind))
        let expected = [
            "outrigger.yaml:7: pool.tls.key: found another key in \"\(other.key)\", expected that of the first "
                + "certificate in \"\(one.certificate)\""
        ]
        #expect(Self.problems { ($0.certificate, $0.key) = (one.certificate, other.key) } == expected)
        #expect(Self.serverProblems { ($0.certificate, $0.key) = (one.certificate, other.key) } == expected)
    }

    @Test func `a text in PEM stands for its file, and isn't shown`() throws {
        let made = try Self.made.get()
        let server = try made.issue("text")
        let read = { (path: String) in try String(contentsOfFile: path, encoding: .utf8) }
        let (certificate, key) = (try read(server.certificate), try read(server.key))
        #expect(Self.problems { ($0.certificate, $0.key) = (certificate, key) } == [])
        #expect(
            Self.problems { $0.ca = key } == [
                "outrigger.yaml:7: pool.tls.ca: found a private key in what is given, expected certificates in PEM "
                    + "(-----BEGIN CERTIFICATE-----)"
            ])
    }

    @Test func `a certificate and its key are given together`() throws {
        let server = try Self.made.get().issue("together")
        #expect(
            Self.problems { $0.certificate = server.certificate } == [
                "outrigger.yaml:7: pool.tls.key: found nothing, expected the key of certificate"
            ])
        #expect(
            Self.serverProblems { $0.key = server.key } == [
                "outrigger.yaml:7: pool.tls.certificate: found nothing, expected the certificate of key"
            ])
        #expect(Self.serverProblems { $0.ca = server.certificate }.first?.contains("because ca is given") == true)
        let both = Self.problems { ($0.certificate, $0.key) = ("/nowhere/a", "/nowhere/b") }
        #expect(both.count == 2)
    }

    @Test func `a certificate whose time is over, or hasn't come, is refused with that time`() throws {
        let made = try Self.made.get()
        let old = try made.issue("old", days: -1)
        let found = Self.problems { ($0.certificate, $0.key) = (old.certificate, old.key) }
        #expect(found.first?.contains("found a certificate that expired at 20") == true, "\(found)")
        let new = try made.issue("new")
        let early = Self.problems(at: UTCTime(seconds: 0)) { ($0.certificate, $0.key) = (new.certificate, new.key) }
        #expect(early.first?.contains("found a certificate that is valid from 20") == true, "\(early)")
        let late = UTCTime(seconds: UTCTime.now().seconds + 40 * 86_400)
        let authority = Self.problems(at: late) { $0.ca = made.authority }
        #expect(authority.first?.contains("found no authority that is valid after 20") == true, "\(authority)")
    }

    @Test func `what is dangerous or near its end is said`() throws {
        let made = try Self.made.get()
        let short = try made.issue("short", days: 3)
        var configuration = TLSClientConfiguration(enabled: true)
        let log = EventLog()
        try TLSClient(configuration, Self.source)?.report(to: log.logger)
        #expect(log.events == [])
        (configuration.certificate, configuration.key) = (short.certificate, short.key)
        configuration.verify = .none
        try TLSClient(configuration, Self.source)?.report(to: log.logger)
        #expect(log.events == ["tls.unverified", "tls.certificate.expiring"])
        #expect(log.levels == ["warning", "warning"])
        var server = TLSServerConfiguration()
        (server.certificate, server.key) = (short.certificate, short.key)
        try TLSServer(server, Self.source)?.report(to: log.logger)
        #expect(log.events.last == "tls.certificate.expiring" && log.events.count == 3)
    }
}
