// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Stops accepting while as many connections are open as the listener may have; the kernel's backlog holds the rest.
///
/// What one look at the backlog brings is accepted whole, so there can be a few more than the limit.
final class ConnectionCap: ChannelDuplexHandler {
    typealias InboundIn = any Channel
    typealias InboundOut = any Channel
    typealias OutboundIn = any Channel

    private let max: Int
    private var count = 0
    private var holdsRead = false
    private var context: ChannelHandlerContext?

    init(max: Int) { self.max = max }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let connection = unwrapInboundIn(data)
        count += 1
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        connection.closeFuture.hop(to: context.eventLoop).whenComplete { _ in bound.value.closed() }
        context.fireChannelRead(data)
    }

    func read(context: ChannelHandlerContext) {
        if count < max { context.read() } else { holdsRead = true }
    }

    private func closed() {
        count -= 1
        guard holdsRead, count < max else { return }
        holdsRead = false
        context?.read()
    }
}
