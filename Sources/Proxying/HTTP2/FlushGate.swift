// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Flushes a connection once per tick of its loop, whichever of its streams asked for it and how often.
final class FlushGate: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer

    private var isFlushDue = false

    func flush(context: ChannelHandlerContext) {
        if isFlushDue { return }
        isFlushDue = true
        context.eventLoop.assumeIsolated().execute {
            self.isFlushDue = false
            context.flush()
        }
    }

    /// What was written before the end is to be seen before it.
    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        if isFlushDue { context.flush() }
        context.close(mode: mode, promise: promise)
    }
}
