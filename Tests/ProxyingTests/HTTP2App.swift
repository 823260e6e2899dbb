// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHPACK
import NIOHTTP2
import NIOPosix

/// A server of HTTP/2 whose test says frame by frame what it answers, also what no good server would.
struct HTTP2App {
    typealias Script = @Sendable (HTTP2AppStream) -> Void

    let port: Int
    /// Its first connection has ended.
    let ended = Moment()
    private let channel: any Channel

    /// `script` is called with the head of each request, on the connection's event loop.
    init(streamsMax: Int = 100, _ script: @escaping Script) async throws {
        let ended = ended
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.closeFuture.whenComplete { _ in ended.come() }
                var connection = NIOHTTP2Handler.ConnectionConfiguration()
                connection.initialSettings = [HTTP2Setting(parameter: .maxConcurrentStreams, value: streamsMax)]
                connection.headerBlockValidation = .disabled
                return channel.configureHTTP2Pipeline(
                    mode: .server, connectionConfiguration: connection, streamConfiguration: .init()
                ) { stream in stream.pipeline.addHandler(ScriptedStream(script)) }.map { _ in }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = channel.localAddress?.port ?? 0
    }

    func stop() async throws { try await channel.close() }
}

/// A request that such a server has got.
struct HTTP2AppStream: Sendable {
    let path: String
    fileprivate let channel: any Channel

    var eventLoop: any EventLoop { channel.eventLoop }

    func send(_ fields: HPACKHeaders, isLast: Bool = false) {
        let headers = HTTP2Frame.FramePayload.Headers(headers: fields, endStream: isLast)
        channel.writeAndFlush(HTTP2Frame.FramePayload.headers(headers), promise: nil)
    }

    func reset() { channel.writeAndFlush(HTTP2Frame.FramePayload.rstStream(.noError), promise: nil) }

    /// Says that this connection's streams above `last` aren't seen to.
    func goAway(last: Int) {
        let payload = HTTP2Frame.FramePayload.goAway(
            lastStreamID: HTTP2StreamID(last), errorCode: .noError, opaqueData: nil)
        channel.parent?.writeAndFlush(HTTP2Frame(streamID: .rootStream, payload: payload), promise: nil)
    }
}

private final class ScriptedStream: ChannelInboundHandler, Sendable {
    typealias InboundIn = HTTP2Frame.FramePayload

    private let script: HTTP2App.Script

    init(_ script: @escaping HTTP2App.Script) { self.script = script }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .headers(let headers) = unwrapInboundIn(data) else { return }
        script(HTTP2AppStream(path: headers.headers.first(name: ":path") ?? "", channel: context.channel))
    }
}
