// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Proxying

extension ChannelHandlerContext {
    /// Closes when the last bytes, which may still be on their way to the socket, have gone there.
    ///
    /// A socket that is closed with bytes unread is reset, and the client may lose the replies that it hasn't read. So
    /// what it still says has to be read for a while, and dropped.
    ///
    /// - Parameters:
    ///   - time: how long that is; nil for a client that says no more.
    ///   - patience: how long a client may take nothing of what is written.
    ///   - written: is called when everything has gone to the socket, or never will.
    func closeAfterWrites(
        lingering time: TimeAmount?, patience: TimeAmount = LastWrites.patience, written: @escaping () -> Void
    ) {
        let writes = LastWrites(lingering: time, patience: patience, written: written)
        // A pipeline that takes no more handlers is one that is closed.
        do { try pipeline.syncOperations.addHandler(writes) } catch { written() }
    }
}

/// What is left to do for a connection that nothing more is written to. It is the last handler.
final class LastWrites: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// A client that takes nothing for so long is let go.
    static let patience = TimeAmount.seconds(60)

    /// Nil: the client says no more.
    private var lingering: TimeAmount?
    private let patience: TimeAmount
    private let written: () -> Void
    private var isWritten = false
    private var timer: Scheduled<Void>?

    init(lingering: TimeAmount?, patience: TimeAmount, written: @escaping () -> Void) {
        (self.lingering, self.patience, self.written) = (lingering, patience, written)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        expectWrites(context)
        context.writeAndFlush(wrapOutboundOut(ByteBuffer())).assumeIsolated().whenComplete { [self] result in
            written()
            // After an error the channel closes by itself.
            if case .success = result { end(context) }
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) { timer?.cancel() }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed {
            lingering = nil
            if isWritten { context.close(promise: nil) }
        }
        context.fireUserInboundEventTriggered(event)
    }

    /// Lets the client take what is written, as long as it takes some.
    private func expectWrites(_ context: ChannelHandlerContext) {
        let before = context.unwrittenBytes
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: patience) { [self] in
            context.unwrittenBytes < before ? expectWrites(context) : context.close(promise: nil)
        }
    }

    private func end(_ context: ChannelHandlerContext) {
        isWritten = true
        timer?.cancel()
        guard let lingering else { return context.close(promise: nil) }
        context.close(mode: .output, promise: nil)
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: lingering) { context.close(promise: nil) }
    }
}
