// SPDX-License-Identifier: Apache-2.0

import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1

/// HTTP/1.1 on one connection, as Hummingbird speaks it, with a bound on the time that a request's head takes.
struct HTTPConnectionChannel: ServerChildChannel {
    typealias Value = HTTP1Channel.Value

    var http1: HTTP1Channel
    var limits: HTTPListenerLimits

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        http1.setup(channel: channel, logger: logger).flatMapThrowing { [limits] value in
            let pipeline = channel.pipeline.syncOperations
            let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
            try pipeline.addHandler(RequestHeadHandler(limits), position: .after(decoder))
            return value
        }
    }

    func handle(value: Value, logger: Logger) async {
        await http1.handle(value: value, logger: logger)
    }
}

/// Closes a connection whose next request head doesn't end in time, however its bytes trickle in, and asks for the end
/// of one that speaks HTTP/1.0.
///
/// The timer isn't set anew for each request: when it fires, it looks at the deadline that holds then. Without a
/// connection there is no timer.
private final class RequestHeadHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private let limits: HTTPListenerLimits
    /// When the next head must be there; nil while requests are being answered.
    private var deadline: NIODeadline?
    private var timer: Scheduled<Void>?
    /// Requests whose head has come and whose answer hasn't ended.
    private var unanswered = 0

    init(_ limits: HTTPListenerLimits) { self.limits = limits }

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { expectHead(within: limits.headTimeout, context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        expectHead(within: limits.headTimeout, context)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { end() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(var head) = unwrapInboundIn(data) else { return context.fireChannelRead(data) }
        deadline = nil
        unanswered += 1
        guard head.version == .http1_0 else { return context.fireChannelRead(data) }
        // Whoever speaks HTTP/1.0 reads an answer up to the end of the connection.
        head.headers.replaceOrAdd(name: "connection", value: "close")
        context.fireChannelRead(wrapInboundOut(.head(head)))
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) {
            unanswered = max(0, unanswered - 1)
            if unanswered == 0 { expectHead(within: limits.idleTimeout, context) }
        }
        context.write(data, promise: promise)
    }

    private func expectHead(within time: TimeAmount, _ context: ChannelHandlerContext) {
        deadline = .now() + time
        if timer == nil { schedule(context) }
    }

    private func schedule(_ context: ChannelHandlerContext) {
        guard let deadline else { return }
        timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { self.fired(context) }
    }

    private func fired(_ context: ChannelHandlerContext) {
        timer = nil
        guard let deadline else { return }
        if deadline > .now() { return schedule(context) }
        context.close(promise: nil)
    }

    private func end() {
        timer?.cancel()
        timer = nil
        deadline = nil
    }
}
