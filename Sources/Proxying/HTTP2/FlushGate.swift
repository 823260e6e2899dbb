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

    /// What was written before the end is to be seen before it, also what nobody has flushed yet: NIO's handler ends a
    /// connection that has been told to end while the last answer is being written.
    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        context.flush()
        context.close(mode: mode, promise: promise)
    }
}
