// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Looks at the first bytes of a connection: a client of HTTP/2 begins with a preface that is no request of HTTP/1.1.
///
/// It stands before the handler for HTTP/1.1, whose clock and limits hold until it is known; either of both leaves.
final class HTTP2PrefaceDetector: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    /// No method of HTTP/1.1 begins like this, and none ever will (RFC 9113, section 3.4).
    private static let preface = Array("PRI * HTTP/2.0".utf8)

    private let shared: HTTP2Service.Shared
    private let executor: EventLoopTaskExecutor
    private let http1: HTTPConnection
    private var bytes = ByteBuffer()

    init(_ shared: HTTP2Service.Shared, before http1: HTTPConnection, executor: EventLoopTaskExecutor) {
        self.shared = shared
        self.http1 = http1
        self.executor = executor
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var part = unwrapInboundIn(data)
        bytes.writeBuffer(&part)
        let seen = bytes.readableBytesView.prefix(Self.preface.count)
        guard seen.elementsEqual(Self.preface.prefix(seen.count)) else { return leave(context) }
        if seen.count == Self.preface.count { becomeHTTP2(context) }
    }

    /// What HTTP/1.1 sees is what came, and nothing of this.
    private func leave(_ context: ChannelHandlerContext) {
        let bytes = bytes
        context.fireChannelRead(wrapInboundOut(bytes))
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
    }

    private func becomeHTTP2(_ context: ChannelHandlerContext) {
        let pipeline = context.pipeline.syncOperations
        let bytes = bytes
        pipeline.removeHandler(http1).assumeIsolated().whenSuccess { self.start(context: context, with: bytes) }
    }

    private func start(context: ChannelHandlerContext, with bytes: ByteBuffer) {
        do {
            try shared.addHandlers(to: context.pipeline.syncOperations, executor: executor)
        } catch {
            return context.close(promise: nil)
        }
        context.fireChannelRead(wrapInboundOut(bytes))
        context.fireChannelReadComplete()
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
    }
}
