// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP2

/// One connection to an upstream, behind all that deals with its frames. It counts its streams, takes no more when the
/// upstream or anybody else wants it to end, and closes after the last one.
final class HTTP2UpstreamConnection: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame

    private let streams: NIOHTTP2Handler.StreamMultiplexer
    private let limits: HTTP2Limits
    private let clock = HTTPConnectionClock()
    private var context: ChannelHandlerContext?
    private var isRetired = false
    /// The last stream that the upstream works on, once it has said that it takes no more.
    private var lastStreamID: HTTP2StreamID?
    private var openCount = 0
    private var openedCount = 0

    init(_ streams: NIOHTTP2Handler.StreamMultiplexer, _ limits: HTTP2Limits) {
        self.streams = streams
        self.limits = limits
    }

    /// Whether it takes another stream.
    var isOpen: Bool { !isRetired && context?.channel.isActive == true && openedCount < limits.upstreamStreamsMax }
    var isFull: Bool { openCount >= limits.upstreamStreamsOpenMax }

    /// Opens a stream whose one handler is `end`, at the loop's next tick.
    func open(_ end: HTTP2StreamEnd) {
        guard let eventLoop = context?.eventLoop else { return end.refused() }
        openedCount += 1
        openCount += 1
        clock.clear()
        let (bound, own) = (NIOLoopBound(end, eventLoop: eventLoop), NIOLoopBound(self, eventLoop: eventLoop))
        streams.createStreamChannel(promise: nil) { stream in
            guard own.value.context?.channel.isActive == true else {
                bound.value.refused()
                return stream.eventLoop.makeFailedFuture(ChannelError.ioOnClosedChannel)
            }
            bound.value.connection = own.value
            stream.closeFuture.whenComplete { _ in own.value.streamClosed() }
            return stream.eventLoop.makeCompletedFuture {
                try stream.pipeline.syncOperations.addHandler(bound.value)
            }
        }
    }

    /// Takes no more streams, and closes after the last one.
    func retire() {
        isRetired = true
        if openCount == 0 { context?.close(promise: nil) }
    }

    /// Whether the upstream has said that it never saw to this stream, so that its request is safe to send again (RFC
    /// 9113, section 6.8).
    func leavesOut(_ stream: HTTP2StreamID) -> Bool { lastStreamID.map { stream > $0 } ?? false }

    private func streamClosed() {
        openCount -= 1
        guard openCount == 0 else { return }
        if isRetired { context?.close(promise: nil) } else { clock.expect(within: limits.upstreamIdleTimeout) }
    }

    // MARK: - What happens to the connection

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        clock.start(context.eventLoop) { bound.value.retire() }
        clock.expect(within: limits.upstreamIdleTimeout)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        clock.stop()
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .goAway(let last, _, _) = unwrapInboundIn(data).payload {
            lastStreamID = last
            retire()
        }
        context.fireChannelRead(data)
    }

    func channelInactive(context: ChannelHandlerContext) {
        isRetired = true
        clock.stop()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if !error.isOfOneStream { context.close(promise: nil) }
    }
}
