// SPDX-License-Identifier: Apache-2.0

import Core
import Foundation
import NIOCore
import NIOSSL
import ServiceLifecycle
import Synchronization
import TestKit
import Testing

@testable import Proxying

/// What happens when the files of TLS change.
@Suite(.timeLimit(.minutes(1))) struct TLSReloadTests {
    private static let made = Result { try TestCertificates() }

    /// The certificate that a client of `server` is shown now.
    private static func shown(by server: TLSEchoServer) async throws -> NIOSSLCertificate? {
        var configuration = TLSClientConfiguration(enabled: true)
        configuration.verify = .none
        let tls = try #require(try TLSClient(configuration, TLSEchoServer.source))
        let connection = try await server.connect { try tls.secure($0, host: "localhost", within: .seconds(10)) }
        try await connection.ready.get()
        defer { connection.channel.close(promise: nil) }
        return try await connection.channel.eventLoop.submit {
            try connection.channel.pipeline.syncOperations.nioSSL_peerCertificate()
        }.get()
    }

    private static func certificate(of issued: TestCertificates.Issued) throws -> NIOSSLCertificate? {
        try NIOSSLCertificate.fromPEMFile(issued.certificate).first
    }

    private static func eventually(_ condition: () -> Bool) async throws {
        while !condition() { try await Task.sleep(for: .milliseconds(20)) }
    }

    @Test func `a new certificate is for new connections, and the old ones stay`() async throws {
        let made = try Self.made.get()
        let (issued, next) = (try made.issue("first"), try made.issue("second"))
        let server = try await TLSEchoServer(issued)
        var configuration = TLSClientConfiguration(enabled: true)
        configuration.ca = made.authority
        let tls = try #require(try TLSClient(configuration, TLSEchoServer.source))
        let old = try await server.connect { try tls.secure($0, host: "localhost", within: .seconds(10)) }
        try await old.ready.get()
        try made.copy(next, over: issued)
        #expect(try server.tls.reload(at: .now()))
        #expect(try await Self.shown(by: server) == Self.certificate(of: next))
        try await old.channel.writeAndFlush(ByteBuffer(string: "still here")).get()
        #expect(try await old.answer.get() == "still here")
        old.channel.close(promise: nil)
    }

    @Test func `a pair that doesn't fit changes nothing, nor does a file that is gone`() async throws {
        let made = try Self.made.get()
        let (issued, next) = (try made.issue("old"), try made.issue("new"))
        let server = try await TLSEchoServer(issued)
        let before = try Self.certificate(of: issued)
        try made.copy(next.certificate, over: issued.certificate)
        #expect(throws: Problems.self) { try server.tls.reload(at: .now()) }
        #expect(try await Self.shown(by: server) == before)
        try FileManager.default.removeItem(atPath: issued.key)
        #expect(throws: Problems.self) { try server.tls.reload(at: .now()) }
        #expect(try await Self.shown(by: server) == before)
        try made.copy(next.key, over: issued.key)
        #expect(try server.tls.reload(at: .now()))
        #expect(try await Self.shown(by: server) == Self.certificate(of: next))
    }

    @Test func `further certificates, authorities and a client's own are read again too`() async throws {
        let made = try Self.made.get()
        let others = try TestCertificates()
        let (named, next) = (try made.issue("a", for: "DNS:a.test"), try made.issue("b", for: "DNS:b.test"))
        let authorities = try made.write(String(contentsOfFile: made.authority, encoding: .utf8), to: "ca-copy.pem")
        let server = try await TLSEchoServer(made.issue("own")) {
            $0.certificates["named"] = TLSCertificateConfiguration(named)
            $0.ca = authorities
        }
        let client = try made.issue("client")
        var configuration = TLSClientConfiguration(enabled: true)
        (configuration.certificate, configuration.key) = (client.certificate, client.key)
        (configuration.ca, configuration.serverName) = (made.authority, "b.test")
        let tls = try #require(try TLSClient(configuration, TLSEchoServer.source))
        #expect(tls.files == [client.certificate, client.key, made.authority])
        #expect(server.tls.files.suffix(2) == [named.certificate, named.key] && server.tls.files.count == 5)
        try made.copy(next, over: named)
        #expect(try server.tls.reload(at: .now()))
        func echo() async throws -> String {
            let connection = try await server.connect { try tls.secure($0, host: "localhost", within: .seconds(10)) }
            try await connection.ready.get()
            defer { connection.channel.close(promise: nil) }
            try? await connection.channel.writeAndFlush(ByteBuffer(string: "hello")).get()
            return try await connection.answer.get()
        }
        #expect(try await echo() == "hello")
        try made.copy(others.authority, over: authorities)
        #expect(try server.tls.reload(at: .now()))
        await #expect(throws: TLSFailure.refused("it doesn't know our certificate's authority")) { try await echo() }
        try made.copy(others.issue("client"), over: client)
        #expect(try tls.reload(at: .now()))
        #expect(try tls.reload(at: .now()) == false)
        #expect(try await echo() == "hello")
    }

    @Test func `changed files are noticed, also behind a link, and what is wrong is said`() async throws {
        let made = try Self.made.get()
        let (first, second) = (try made.issue("one"), try made.issue("two"))
        // As the files of a Secret are: the folder that the paths go through is a link, which is swapped.
        let (folders, link) = (["v1", "v2"].map(made.path), made.path("secret"))
        for (folder, issued) in zip(folders, [first, second]) {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try made.copy(issued.certificate, over: folder + "/tls.crt")
            try made.copy(issued.key, over: folder + "/tls.key")
        }
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: folders[0])
        var configuration = TLSServerConfiguration()
        (configuration.certificate, configuration.key) = (link + "/tls.crt", link + "/tls.key")
        let server = try await TLSEchoServer(configuration)
        let log = EventLog()
        let reload = TLSReload(of: { [tls = server.tls] in [tls] }, logger: log.logger)
        let running = Task { try await reload.run() }
        defer { running.cancel() }

        try FileManager.default.removeItem(atPath: link)
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: folders[1])
        try await Self.eventually { log.events == ["tls.reloaded"] }
        #expect(try await Self.shown(by: server) == Self.certificate(of: second))

        try made.copy(first.key, over: folders[1] + "/tls.key")
        try await Self.eventually { log.events == ["tls.reloaded", "tls.refused", "tls.kept"] }
        #expect(try await Self.shown(by: server) == Self.certificate(of: second))
        try made.copy(first.certificate, over: folders[1] + "/tls.crt")
        try await Self.eventually { log.events.count == 4 && log.events.last == "tls.reloaded" }
        #expect(try await Self.shown(by: server) == Self.certificate(of: first))
    }

    @Test func `somebody who asks needn't wait`() async throws {
        let made = try Self.made.get()
        let (issued, next) = (try made.issue("asked"), try made.issue("asked", days: 3))
        let server = try await TLSEchoServer(issued)
        let log = EventLog()
        let reload = TLSReload(of: { [tls = server.tls] in [tls] }, logger: log.logger)
        let running = Task { try await reload.run() }
        defer { running.cancel() }
        try made.copy(next, over: issued)
        reload.request()
        try await Self.eventually { log.events == ["tls.reloaded", "tls.certificate.expiring"] }
    }

    @Test func `files that come while it runs are watched from when somebody asks`() async throws {
        let made = try Self.made.get()
        let (issued, late, next) = (try made.issue("early"), try made.issue("late"), try made.issue("later"))
        let server = try await TLSEchoServer(issued)
        var configuration = TLSClientConfiguration(enabled: true)
        (configuration.certificate, configuration.key) = (late.certificate, late.key)
        let client = try #require(try TLSClient(configuration, TLSSource(key: "late") { _ in nil }))
        let all = Mutex<[any TLSFromFiles]>([])
        let log = EventLog()
        let reload = TLSReload(of: { all.withLock { $0 } }, logger: log.logger)
        let running = Task { try await reload.run() }
        defer { running.cancel() }
        all.withLock { $0 = [server.tls, client] }
        reload.request()
        // What hasn't changed isn't said; there is nothing to see of the watch but what follows.
        try await Task.sleep(for: .milliseconds(200))
        try made.copy(next, over: late)
        try await Self.eventually { log.events == ["tls.reloaded"] }
        all.withLock { $0 = [server.tls] }
        reload.request()
        try await Task.sleep(for: .milliseconds(200))
        try made.copy(made.issue("latest"), over: late)
        try made.copy(next, over: issued)
        try await Self.eventually { log.events == ["tls.reloaded", "tls.reloaded"] }
    }
}
