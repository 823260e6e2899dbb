// SPDX-License-Identifier: Apache-2.0

import Core
import NIOCore
import NIOPosix
import TestKit

@testable import Proxying

/// A listener with TLS that sends back what it gets, and the clients that call it.
final class TLSEchoServer: Sendable {
    let port: Int
    /// What can be reloaded.
    let tls: TLSServer
    private let channel: any Channel

    static let group = MultiThreadedEventLoopGroup.singleton
    static let source = TLSSource(key: "tls") { _ in nil }

    convenience init(
        _ issued: TestCertificates.Issued, within timeout: TimeAmount = .seconds(10), at time: UTCTime? = nil,
        _ change: (inout TLSServerConfiguration) throws -> Void = { _ in }
    ) async throws {
        var configuration = TLSServerConfiguration()
        (configuration.certificate, configuration.key) = (issued.certificate, issued.key)
        try change(&configuration)
        // The time counts after whatever the change has made.
        try await self.init(configuration, within: timeout, at: time ?? .now())
    }

    init(
        _ configuration: TLSServerConfiguration, within timeout: TimeAmount = .seconds(10), at time: UTCTime = .now()
    ) async throws {
        guard let tls = try TLSServer(configuration, Self.source, protocols: ["http/1.1"], at: time) else {
            throw UnexpectedEnd("TLS is off")
        }
        self.tls = tls
        channel = try await ServerBootstrap(group: Self.group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try tls.secure(channel, within: timeout)
                    try channel.pipeline.syncOperations.addHandler(Echo())
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = channel.localAddress?.port ?? 0
    }

    deinit { channel.close(promise: nil) }

    /// What comes back for `text`, within TLS.
    func echo(
        _ text: String, as host: String, _ change: (inout TLSClientConfiguration) -> Void
    ) async throws -> String { try await Self.echo(text, port: port, as: host, change) }

    static func echo(
        _ text: String, port: Int, as host: String, within timeout: TimeAmount = .seconds(10),
        _ change: (inout TLSClientConfiguration) -> Void
    ) async throws -> String {
        var configuration = TLSClientConfiguration(enabled: true)
        change(&configuration)
        guard let tls = try TLSClient(configuration, source) else { return "TLS is off" }
        let connection = try await connect(port: port) { channel in
            try tls.secure(channel, host: host, within: timeout)
        }
        defer { connection.channel.close(promise: nil) }
        try await connection.ready.get()
        try? await connection.channel.writeAndFlush(ByteBuffer(string: text)).get()
        return try await connection.answer.get()
    }

    func connect(
        _ secure: @escaping @Sendable (any Channel) throws -> EventLoopFuture<Void>
    ) async throws -> Connection { try await Self.connect(port: port, secure) }

    struct Connection {
        var channel: any Channel
        var ready: EventLoopFuture<Void>
        /// The first bytes that come, or what comes instead.
        var answer: EventLoopFuture<String>
    }

    private static func connect(
        port: Int, _ secure: @escaping @Sendable (any Channel) throws -> EventLoopFuture<Void>
    ) async throws -> Connection {
        let eventLoop = group.next()
        let (ready, answer) = (eventLoop.makePromise(of: Void.self), eventLoop.makePromise(of: String.self))
        do {
            let channel = try await ClientBootstrap(group: eventLoop)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try secure(channel).cascade(to: ready)
                        try channel.pipeline.syncOperations.addHandler(FirstAnswer(answer))
                    }
                }
                .connect(host: "127.0.0.1", port: port).get()
            return Connection(channel: channel, ready: ready.futureResult, answer: answer.futureResult)
        } catch {
            ready.fail(error)
            answer.fail(error)
            throw error
        }
    }
}

private final class Echo: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    /// Tells a client its own name if it asks for that.
    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard String(buffer: unwrapInboundIn(data)) == "whoami" else {
            return context.writeAndFlush(data, promise: nil)
        }
        let subject = TLSPeer(of: context.channel)?.subject ?? "nobody"
        context.writeAndFlush(NIOAny(ByteBuffer(string: subject)), promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

private final class FirstAnswer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let promise: EventLoopPromise<String>

    init(_ promise: EventLoopPromise<String>) { self.promise = promise }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        promise.succeed(String(buffer: unwrapInboundIn(data)))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        promise.fail(TLSFailure(error, name: nil))
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) { promise.fail(TLSFailure.closed) }
}

extension TLSCertificateConfiguration {
    init(_ issued: TestCertificates.Issued) {
        self.init()
        (certificate, key) = (issued.certificate, issued.key)
    }
}
