// SPDX-License-Identifier: Apache-2.0

import Core
import NIOCore
import NIOSSL
import TestKit
import Testing

@testable import Proxying

/// Who is let in, and what the other one is told.
@Suite(.timeLimit(.minutes(1))) struct TLSHandshakeTests {
    private static let made = Result { try TestCertificates() }

    @Test(arguments: ["127.0.0.1", "localhost", "localhost."])
    func `a certificate for the host or the address is taken, and bytes go both ways`(host: String) async throws {
        let made = try Self.made.get()
        let server = try await TLSEchoServer(made.issue("good"))
        #expect(try await server.echo("hello", as: host) { $0.ca = made.authority } == "hello")
    }

    @Test func `an RSA certificate works as well`() async throws {
        let made = try Self.made.get()
        let server = try await TLSEchoServer(made.issue("rsa", kind: "rsa"))
        #expect(try await server.echo("hello", as: "localhost") { $0.ca = made.authority } == "hello")
    }

    @Test func `a certificate of another name is refused, unless only its authority counts`() async throws {
        let made = try Self.made.get()
        let server = try await TLSEchoServer(made.issue("elsewhere", for: "DNS:elsewhere.test"))
        await #expect(throws: TLSFailure.otherName(expected: "localhost")) {
            try await server.echo("hello", as: "localhost") { $0.ca = made.authority }
        }
        await #expect(throws: TLSFailure.otherName(expected: "127.0.0.1")) {
            try await server.echo("hello", as: "127.0.0.1") { $0.ca = made.authority }
        }
        let byAuthority = try await server.echo("hello", as: "localhost") {
            ($0.ca, $0.verify) = (made.authority, .ca)
        }
        #expect(byAuthority == "hello")
        let byName = try await server.echo("hello", as: "127.0.0.1") {
            ($0.ca, $0.serverName) = (made.authority, "elsewhere.test")
        }
        #expect(byName == "hello")
    }

    @Test func `a certificate of an unknown authority, or an old one, is refused, unless nothing is checked`()
        async throws
    {
        let made = try Self.made.get()
        let server = try await TLSEchoServer(made.issue("unknown"))
        await #expect(throws: TLSFailure.untrusted) { try await server.echo("hello", as: "localhost") { _ in } }
        await #expect(throws: TLSFailure.untrusted) {
            try await server.echo("hello", as: "localhost") { $0.verify = .ca }
        }
        #expect(try await server.echo("hello", as: "localhost") { $0.verify = .none } == "hello")
        // It is valid within the second in which it was made.
        let old = try made.issue("old", days: 0)
        let end = try NIOSSLCertificate.fromPEMFile(old.certificate)[0].notValidAfter
        let expired = try await TLSEchoServer(old, at: UTCTime(seconds: Int64(end)))
        try await Task.sleep(for: .milliseconds(1100))
        await #expect(throws: TLSFailure.untrusted) {
            try await expired.echo("hello", as: "localhost") { $0.ca = made.authority }
        }
    }

    @Test func `a listener with an authority takes its clients alone`() async throws {
        let made = try Self.made.get()
        let client = try made.issue("client", for: "DNS:client")
        let strangers = try TestCertificates()
        let stranger = try strangers.issue("client", for: "DNS:client")
        let server = try await TLSEchoServer(made.issue("mutual")) { $0.ca = made.authority }
        let answer = try await server.echo("hello", as: "localhost") {
            ($0.ca, $0.certificate, $0.key) = (made.authority, client.certificate, client.key)
        }
        #expect(answer == "hello")
        // In TLS 1.3 the client is ready before the server has looked at its certificate.
        await #expect(throws: TLSFailure.refused("it wants a certificate (tls.certificate)")) {
            try await server.echo("hello", as: "localhost") { $0.ca = made.authority }
        }
        await #expect(throws: TLSFailure.refused("it doesn't know our certificate's authority")) {
            try await server.echo("hello", as: "localhost") {
                ($0.ca, $0.certificate, $0.key) = (made.authority, stranger.certificate, stranger.key)
            }
        }
    }

    @Test func `TLS older than 1.2 is refused`() async throws {
        let server = try await TLSEchoServer(Self.made.get().issue("versions"))
        var old = TLSConfiguration.makeClientConfiguration()
        (old.minimumTLSVersion, old.maximumTLSVersion) = (.tlsv1, .tlsv11)
        old.certificateVerification = .none
        let context = try NIOSSLContext(configuration: old)
        let ended = try await server.connect { channel in
            let promise = channel.eventLoop.makePromise(of: Void.self)
            try channel.pipeline.syncOperations.addHandlers([
                NIOSSLClientHandler(context: context, serverHostname: nil),
                TLSHandshake(name: nil, timeout: .seconds(10), promise),
            ])
            return promise.futureResult
        }
        await #expect(throws: TLSFailure.nothingInCommon) { try await ended.ready.get() }
    }

    @Test func `a server without TLS is called one`() async throws {
        let plain = try ScriptedServer { connection in
            try connection.write("-ERR unknown command\r\n")
            _ = connection.readToEnd()
        }
        await #expect(throws: TLSFailure.notTLS) {
            try await TLSEchoServer.echo("hello", port: plain.port, as: "localhost") { _ in }
        }
        let silent = try ScriptedServer { connection in _ = connection.readToEnd() }
        await #expect(throws: TLSFailure.timedOut) {
            try await TLSEchoServer.echo("hello", port: silent.port, as: "localhost", within: .milliseconds(100)) { _ in
            }
        }
        let leaving = try ScriptedServer { connection in _ = try connection.read(count: 5) }
        await #expect(throws: TLSFailure.closed) {
            try await TLSEchoServer.echo("hello", port: leaving.port, as: "localhost") { _ in }
        }
    }

    @Test func `a client that says nothing, or nonsense, is let go`() async throws {
        let server = try await TLSEchoServer(Self.made.get().issue("patience"), within: .milliseconds(100))
        let client = HTTPClient(port: server.port)
        await #expect(throws: (any Error).self) { try await client.exchange("") }
        await #expect(throws: (any Error).self) { try await client.exchange("GET / HTTP/1.1\r\n\r\n") }
    }
}
