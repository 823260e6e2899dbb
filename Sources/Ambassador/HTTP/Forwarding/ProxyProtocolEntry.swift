// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Proxying
import WireProxyProtocol

/// What a connection of a client begins with where the PROXY protocol is spoken: it is read before anything else, TLS
/// too, and then this handler is gone.
///
/// A connection that may say nothing and doesn't is one of whoever has connected.
final class ProxyProtocolEntry: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let isRequired: Bool
    private let timeout: TimeAmount
    private let counters: HTTPProxyCounters
    /// Adds the handlers that follow, for a client with this address.
    private let admit: (any Channel, SocketAddress?) throws -> Void
    private var reader = ProxyProtocolReader()
    private var pending = ByteBuffer()
    private var deadline: Scheduled<Void>?
    private var isOver = false

    init(
        isRequired: Bool, timeout: TimeAmount, counters: HTTPProxyCounters,
        admit: @escaping (any Channel, SocketAddress?) throws -> Void
    ) {
        self.isRequired = isRequired
        self.timeout = timeout
        self.counters = counters
        self.admit = admit
    }

    func handlerAdded(context: ChannelHandlerContext) {
        deadline = context.eventLoop.assumeIsolated().scheduleTask(in: timeout) { context.close(promise: nil) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        deadline?.cancel()
        deadline = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isOver else { return context.fireChannelRead(data) }
        var bytes = unwrapInboundIn(data)
        pending.writeBuffer(&bytes)
        do throws(ProxyProtocolError) {
            guard let header = try reader.read(from: &pending) else { return }
            finish(context, Self.source(header) ?? context.remoteAddress)
        } catch {
            if error == .missing, !isRequired { return finish(context, context.remoteAddress) }
            counters.clients.malformed += 1
            isOver = true
            context.close(promise: nil)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // Who says no more has nothing to be answered yet.
        if !isOver, let event = event as? ChannelEvent, event == .inputClosed { return context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    private func finish(_ context: ChannelHandlerContext, _ client: SocketAddress?) {
        isOver = true
        do {
            try admit(context.channel, client)
        } catch {
            return context.close(promise: nil)
        }
        if pending.readableBytes > 0 {
            context.fireChannelRead(wrapInboundOut(pending))
            context.fireChannelReadComplete()
        }
        pending = ByteBuffer()
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }

    /// Nil where the header says nothing of a client, or nothing that is an address of a network.
    private static func source(_ header: ProxyProtocolHeader) -> SocketAddress? {
        guard case .network(let source, _) = header.addresses else { return nil }
        return try? SocketAddress(ipAddress: "\(source.address)", port: Int(source.port))
    }
}
