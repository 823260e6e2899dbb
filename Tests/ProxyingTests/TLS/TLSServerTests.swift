// SPDX-License-Identifier: Apache-2.0

import Core
import NIOSSL
import TestKit
import Testing

@testable import Proxying

/// What a listener's TLS shows to whom, and whom it asks for a certificate.
@Suite(.timeLimit(.minutes(1))) struct TLSServerTests {
    private static let made = Result { try TestCertificates() }

    private static func problems(_ change: (inout TLSServerConfiguration) throws -> Void) throws -> [String] {
        var configuration = TLSServerConfiguration()
        try change(&configuration)
        do {
            _ = try TLSServer(configuration, TLSEchoServer.source)
            return []
        } catch { return error.all.map(\.description) }
    }

    // MARK: - Names

    @Test func `a client gets the certificate that has the name it asks for`() async throws {
        let made = try Self.made.get()
        let server = try await TLSEchoServer(made.issue("own", for: "DNS:own.test")) {
            let two = try made.issue("a", for: "DNS:A.example.test,DNS:a2.example.test")
            $0.certificates["a"] = TLSCertificateConfiguration(two)
            let wildcard = try made.issue("b", for: "DNS:*.example.test", kind: "rsa")
            $0.certificates["b"] = TLSCertificateConfiguration(wildcard)
        }
        for name in ["own.test", "a.example.test", "A2.EXAMPLE.test", "other.example.test"] {
            let answer = try await server.echo("hello", as: "localhost") {
                ($0.ca, $0.serverName) = (made.authority, name)
            }
            #expect(answer == "hello", "\(name)")
        }
        // A wildcard stands for one label.
        for name in ["x.y.example.test", "example.test", "nowhere.test"] {
            await #expect(throws: TLSFailure.otherName(expected: name)) {
                try await server.echo("hello", as: "localhost") { ($0.ca, $0.serverName) = (made.authority, name) }
            }
        }
    }

    @Test func `the whole name counts more than a wildcard, and the first of two more than the second`() throws {
        let made = try Self.made.get()
        let issued = try ["DNS:*.test", "DNS:a.test", "DNS:a.test"].map { try made.issue("order", for: $0) }
        let identities = try issued.map {
            try #require(
                try TLSIdentity(certificate: $0.certificate, key: $0.key, TLSEchoServer.source, at: .now()))
        }
        let names = TLSNames(identities)
        func shown(_ name: String?) -> NIOSSLCertificate? {
            guard case .certificate(let certificate) = names.override(for: name).certificateChain?.first else {
                return nil
            }
            return certificate
        }
        #expect(shown("a.test") == identities[1].chain[0])
        #expect(shown("b.test") == identities[0].chain[0])
        #expect(shown("test") == nil && shown(nil) == nil && shown("") == nil && shown(".") == nil)
    }

    @Test func `without a certificate of its own a listener shows the first of several`() async throws {
        let made = try Self.made.get()
        var configuration = TLSServerConfiguration()
        configuration.certificates["z"] = TLSCertificateConfiguration(try made.issue("z"))
        configuration.certificates["a"] = TLSCertificateConfiguration(try made.issue("a", for: "DNS:a.test"))
        let server = try await TLSEchoServer(configuration)
        #expect(try await server.echo("hello", as: "127.0.0.1") { $0.ca = made.authority } == "hello")
    }

    @Test func `what is wrong with one of several certificates is said with its key`() throws {
        let made = try Self.made.get()
        let (good, other) = (try made.issue("good"), try made.issue("other"))
        try made.run(
            ["req", "-x509", "-nodes", "-days", "3", "-subj", "/CN=plain", "-newkey", "ec"]
                + ["-pkeyopt", "ec_paramgen_curve:P-256", "-keyout", made.path("n.key"), "-out", made.path("n.pem")])
        let found = try Self.problems {
            let whole = TLSCertificateConfiguration(good)
            var (mixed, nameless, half) = (whole, whole, TLSCertificateConfiguration())
            mixed.key = "/nowhere/key"
            (nameless.certificate, nameless.key) = (made.path("n.pem"), made.path("n.key"))
            half.certificate = good.certificate
            $0.certificates = ["mixed": mixed, "nameless": nameless, "half": half, "empty": .init()]
        }
        #expect(found.count == 4)
        #expect(found.contains { $0.contains("tls.certificates.mixed.key: found \"/nowhere/key\"") })
        #expect(found.contains { $0.contains("tls.certificates.nameless.certificate: found a certificate without") })
        #expect(found.contains { $0.contains("tls.certificates.half.key: found nothing, expected the key") })
        #expect(found.contains { $0.contains("tls.certificates.empty.certificate: found nothing, expected a PEM") })
        let mismatch = try Self.problems {
            ($0.certificate, $0.key) = (good.certificate, good.key)
            var mixed = TLSCertificateConfiguration(good)
            mixed.key = other.key
            $0.certificates["mixed"] = mixed
        }
        #expect(mismatch.count == 1 && mismatch[0].contains("tls.certificates.mixed.key: found another key"))
    }

    @Test func `whatever is said for a plain listener is refused`() throws {
        let made = try Self.made.get()
        #expect(
            try Self.problems { $0.minimumVersion = .v13 }.first?.contains("because minimum-version is given") == true)
        #expect(try Self.problems { $0.client = .request }.first?.contains("tls.ca: found nothing") == true)
        #expect(try Self.problems { $0.ca = made.authority }.first?.contains("because ca is given") == true)
    }

    // MARK: - Clients and versions

    @Test func `a client that is only asked may come without a certificate, but not with a stranger's`() async throws {
        let made = try Self.made.get()
        let client = try made.issue("client", for: "DNS:client")
        let strangers = try TestCertificates()
        let stranger = try strangers.issue("client", for: "DNS:client")
        let server = try await TLSEchoServer(made.issue("asking")) {
            ($0.ca, $0.client) = (made.authority, .request)
        }
        #expect(try await server.echo("whoami", as: "localhost") { $0.ca = made.authority } == "nobody")
        let known = try await server.echo("whoami", as: "localhost") {
            ($0.ca, $0.certificate, $0.key) = (made.authority, client.certificate, client.key)
        }
        #expect(known == "CN=Test")
        await #expect(throws: TLSFailure.refused("it doesn't know our certificate's authority")) {
            try await server.echo("hello", as: "localhost") {
                ($0.ca, $0.certificate, $0.key) = (made.authority, stranger.certificate, stranger.key)
            }
        }
    }

    @Test func `a subject is written as RFC 4514 has it`() {
        let rows = [
            ("plain", "plain"), ("a,b+c", "a\\,b\\+c"), (" edge ", "\\ edge\\ "), ("#x", "\\#x"),
            ("a\r\n", "a\\0d\\0a"),
            ("\"<>;\\", "\\\"\\<\\>\\;\\\\"), ("ü", "ü"), ("", ""),
        ]
        for (value, text) in rows { #expect(SSLCertificateName.escaped(value) == text) }
    }

    @Test func `a listener from 1.3 on refuses 1.2`() async throws {
        let issued = try Self.made.get().issue("newest")
        let newest = try await TLSEchoServer(issued) { $0.minimumVersion = .v13 }
        #expect(try OpenSSLClient.talk(port: newest.port, ["-tls1_3"]).contains("New, TLSv1.3"))
        #expect(try OpenSSLClient.talk(port: newest.port, ["-tls1_2"]).contains("alert protocol version"))
        let usual = try await TLSEchoServer(issued)
        #expect(try OpenSSLClient.talk(port: usual.port, ["-tls1_2"]).contains("New, TLSv1.2"))
        let weak = try OpenSSLClient.talk(port: usual.port, ["-tls1_2", "-cipher", "AES128-SHA"])
        #expect(weak.contains("handshake failure"))
    }

    @Test func `the protocol is agreed on`() async throws {
        let server = try await TLSEchoServer(Self.made.get().issue("alpn"))
        let text = try OpenSSLClient.talk(port: server.port, ["-alpn", "h2,http/1.1"])
        #expect(text.contains("ALPN protocol: http/1.1"))
    }

    // MARK: - Sessions

    @Test(arguments: ["-tls1_2", "-tls1_3"])
    func `a client resumes its session, until the certificate changes`(version: String) async throws {
        let made = try Self.made.get()
        let (issued, next) = (try made.issue("session"), try made.issue("session"))
        let server = try await TLSEchoServer(issued)
        let session = made.path("session\(version)")
        let isResumed = try OpenSSLClient.resumes(port: server.port, session: session, [version]) {
            let isOther = try server.tls.reload(at: .now())
            #expect(!isOther)
        }
        #expect(isResumed)
        let isResumedAfterwards = try OpenSSLClient.resumes(port: server.port, session: session, [version]) {
            try made.copy(next, over: issued)
            let isOther = try server.tls.reload(at: .now())
            #expect(isOther)
        }
        #expect(!isResumedAfterwards)
    }
}
