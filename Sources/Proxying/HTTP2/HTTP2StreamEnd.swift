// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP2

/// One end of a relay: the stream of the client, or that of an upstream.
final class HTTP2StreamEnd: ChannelDuplexHandler {
    typealias InboundIn = HTTP2Frame.FramePayload
    typealias OutboundIn = HTTP2Frame.FramePayload
    typealias OutboundOut = HTTP2Frame.FramePayload

    private var relay: HTTP2Relay?
    /// What an upstream's stream is one of; a client's has none.
    weak var connection: HTTP2UpstreamConnection?
    private var context: ChannelHandlerContext?
    private(set) var isWritable = true
    private(set) var isOpen = true
    /// Whether the last part that is written to it has gone out.
    private(set) var hasSentLast = false
    private var holdsRead = false
    /// Why the stream ended, if not in order.
    private var failure: HTTP2ErrorCode?
    /// What was written before the stream was there: one to an upstream begins at the loop's next tick.
    private var early: [HTTP2Part] = []

    init(_ relay: HTTP2Relay) { self.relay = relay }

    // MARK: - What happens to the stream

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        // It was reset before it began.
        guard isOpen else { return context.close(promise: nil) }
        guard !early.isEmpty else { return }
        for part in early { write(part) }
        early = []
        flush()
    }

    /// The stream couldn't begin, because its connection has ended.
    func refused() {
        failure = .refusedStream
        closed()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        closed()
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard let part = HTTP2Part(unwrapInboundIn(data)) else { return }
        relay?.received(part, from: self)
    }

    func channelReadComplete(context: ChannelHandlerContext) { relay?.readComplete(self) }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        isWritable = context.channel.isWritable
        relay?.writabilityChanged(self)
    }

    /// What nobody takes isn't read, and so its sender's window isn't opened again.
    func read(context: ChannelHandlerContext) {
        if relay?.mayRead(self) ?? true { context.read() } else { holdsRead = true }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case let closed as NIOHTTP2Errors.StreamClosed:
            failure = connection?.leavesOut(closed.streamID) == true ? .refusedStream : closed.errorCode
        // The connection was lost, and the stream with it.
        case is ChannelError, is IOError: failure = failure ?? .connectError
        default:
            failure = failure ?? .protocolError
            context.close(promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) { closed() }

    private func closed() {
        guard isOpen else { return }
        isOpen = false
        let relay = relay
        self.relay = nil
        relay?.closed(self, failure)
    }

    // MARK: - What is done to it

    func resumeReading() {
        guard holdsRead, let context else { return }
        holdsRead = false
        read(context: context)
    }

    func write(_ part: HTTP2Part) {
        guard isOpen else { return }
        guard let context else { return early.append(part) }
        context.write(wrapOutboundOut(part.frame), promise: part.isLast ? lastSent(context) : nil)
    }

    private func lastSent(_ context: ChannelHandlerContext) -> EventLoopPromise<Void> {
        let sent = context.eventLoop.makePromise(of: Void.self)
        sent.futureResult.assumeIsolated().whenSuccess { self.hasSentLast = true }
        return sent
    }

    func flush() { context?.flush() }

    /// Ends the stream at once; what waits to be sent is lost.
    func reset(_ code: HTTP2ErrorCode) {
        guard isOpen else { return }
        guard let context else { return closed() }
        let sent = context.eventLoop.makePromise(of: Void.self)
        context.writeAndFlush(wrapOutboundOut(.rstStream(code)), promise: sent)
        // NIO says nothing of the end of a stream whose head still waited to be sent.
        sent.futureResult.assumeIsolated().whenComplete { _ in context.close(promise: nil) }
    }

    /// Writes the last part. A request that still comes is reset once that has gone out, since nobody will read it.
    func writeLast(_ part: HTTP2Part, resetsRequest: Bool) {
        guard let context else { return }
        guard resetsRequest else { return write(part) }
        let written = context.eventLoop.makePromise(of: Void.self)
        context.write(wrapOutboundOut(part.frame), promise: written)
        written.futureResult.assumeIsolated().whenSuccess { self.reset(.noError) }
    }
}
