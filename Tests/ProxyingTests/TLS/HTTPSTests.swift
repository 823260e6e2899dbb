// SPDX-License-Identifier: Apache-2.0

import Core
import Logging
import NIOCore
import TestKit
import Testing
import WireHTTP

@testable import Proxying

/// HTTP within TLS, from the upstream to the listener.
@Suite(.timeLimit(.minutes(1))) struct HTTPSTests {
    private static let made = Result { try TestCertificates() }
    private static let group = EpollEventLoopGroup(count: 1, name: "test")

    /// Runs `body` beside a listener with TLS that answers each request with what it asks for.
    private static func run(
        _ change: (inout TLSServerConfiguration) -> Void = { _ in }, _ body: (Int) async throws -> Void
    ) async throws {
        let issued = try made.get().issue("https")
        var configuration = TLSServerConfiguration()
        (configuration.certificate, configuration.key) = (issued.certificate, issued.key)
        change(&configuration)
        let listener = HTTPListener(
            address: ListenAddress(host: "127.0.0.1", port: 0),
            tls: try TLSServer(configuration, TLSEchoServer.source), eventLoopGroup: group,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        ) { request in
            guard let sent = try await request.body.collect(upTo: 32 << 20) else { return HTTPResponse(.noContent) }
            return HTTPResponse(
                .ok, fields: ["x-target": request.head.target, "x-host": request.head.fields["host"] ?? ""], body: sent)
        }
        let port = try await listener.bind()
        do { try await body(port) } catch {
            await listener.stop()
            throw error
        }
        await listener.stop()
    }

    private static func upstream(
        port: Int, host: String = "localhost", _ change: (inout TLSClientConfiguration) -> Void
    ) throws -> HTTPUpstream {
        var configuration = TLSClientConfiguration(enabled: true)
        change(&configuration)
        let tls = try TLSClient(configuration, TLSEchoServer.source, protocols: ["http/1.1"])
        return HTTPUpstream(
            address: ListenAddress(host: host, port: port), tls: tls, eventLoopGroup: group)
    }

    private static func error(of body: () async throws -> Void) async -> HTTPUpstreamError? {
        await #expect(throws: HTTPUpstreamError.self) { try await body() }
    }

    @Test(arguments: ["localhost", "127.0.0.1"])
    func `requests and answers of all sizes go through`(host: String) async throws {
        let made = try Self.made.get()
        try await Self.run { port in
            let upstream = try Self.upstream(port: port, host: host) { $0.ca = made.authority }
            for size in [0, 10, 70_000, 8 << 20] {
                let sent = ByteBuffer(repeating: 7, count: size)
                let request = HTTPRequest(HTTPRequestHead(.post, "/a?b=\(size)"), body: .bytes(sent))
                let response = try await upstream.send(request)
                #expect(response.head.fields["x-target"] == "/a?b=\(size)")
                #expect(response.head.fields["x-host"] == "\(host):\(port)")
                #expect(try await response.body.collect(upTo: .max) == sent)
            }
        }
    }

    @Test func `a server that isn't trusted never sees the request`() async throws {
        try await Self.run { port in
            let upstream = try Self.upstream(port: port) { _ in }
            let error = await Self.error { _ = try await upstream.send(HTTPRequest(HTTPRequestHead(.get, "/"))) }
            #expect(error?.isUnsent == true)
            #expect(error?.description.hasPrefix("no secure connection to localhost:\(port): the certificate") == true)
        }
    }

    @Test func `a server that doesn't trust us says so, when it may have seen the request`() async throws {
        let made = try Self.made.get()
        let client = try made.issue("client")
        try await Self.run {
            $0.ca = made.authority
        } _: { port in
            let upstream = try Self.upstream(port: port) { $0.ca = made.authority }
            let error = await Self.error { _ = try await upstream.send(HTTPRequest(HTTPRequestHead(.get, "/"))) }
            guard case .insecure(.refused) = error else { throw UnexpectedEnd("\(String(describing: error))") }
            #expect(error?.isUnsent == false)
            let known = try Self.upstream(port: port) {
                ($0.ca, $0.certificate, $0.key) = (made.authority, client.certificate, client.key)
            }
            #expect(try await known.send(HTTPRequest(HTTPRequestHead(.get, "/"))).head.status == .ok)
        }
    }

    @Test func `a server that never ends the handshake can't have seen the request`() async throws {
        let server = try ScriptedServer { _ = $0.readToEnd() }
        let upstream = try Self.upstream(port: server.port) { _ in }
        let request = HTTPRequest(HTTPRequestHead(.get, "/"))
        let error = await Self.error { _ = try await upstream.send(request, within: .milliseconds(100)) }
        #expect(error?.isUnsent == true)
        #expect(error?.description == "can't connect to localhost:\(server.port): no answer in time")
    }

    @Test(arguments: [true, false])
    func `a body that only the connection's end ends must be ended within TLS`(isClean: Bool) async throws {
        let made = try Self.made.get()
        let issued = try made.issue("cut")
        var configuration = TLSServerConfiguration()
        (configuration.certificate, configuration.key) = (issued.certificate, issued.key)
        let tls = try TLSServer(configuration, TLSEchoServer.source)
        let address = ListenAddress(host: "127.0.0.1", port: 0)
        let rules = StreamListener.Rules()
        let listener = try await StreamListener.bind(to: address, rules, group: Self.group) { channel in
            try channel.pipeline.syncOperations.addHandler(Wire())
            try tls?.secure(channel, within: .seconds(10))
            try channel.pipeline.syncOperations.addHandler(EndingServer(isClean: isClean))
        }
        defer { listener.beginClose() }
        let upstream = try Self.upstream(port: listener.port) { $0.ca = made.authority }
        let response = try await upstream.send(HTTPRequest(HTTPRequestHead(.get, "/")))
        if isClean {
            #expect(try await response.body.collect(upTo: 100) == ByteBuffer(string: "part"))
        } else {
            await #expect(throws: HTTPBodyError.cutOff) { try await response.body.collect(upTo: 100) }
        }
    }
}

/// Stands between TLS and the wire, so that a connection can be ended without TLS's own end.
private final class Wire: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
}

/// Sends a body without a length, and ends the connection.
private final class EndingServer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let isClean: Bool

    init(isClean: Bool) { self.isClean = isClean }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let answer = ByteBuffer(string: "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\npart")
        let bound = NIOLoopBound((context, isClean), eventLoop: context.eventLoop)
        context.writeAndFlush(NIOAny(answer)).whenComplete { _ in
            let (context, isClean) = bound.value
            if isClean { return context.close(promise: nil) }
            (try? context.pipeline.syncOperations.context(handlerType: Wire.self))?.close(promise: nil)
        }
    }
}
