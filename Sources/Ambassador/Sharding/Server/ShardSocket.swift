// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Proxying

/// One socket of a `ShardConnection`. Each new connection has a new one, so that late events of an old one reach
/// nobody.
final class ShardSocket: ChannelInboundHandler, SocketReader {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var connection: ShardConnection?
    private var context: ChannelHandlerContext?
    private(set) var isWritable = true
    /// While it is false nothing is read, and in the end the server waits.
    var isReading = true {
        didSet { socket.setReading(isReading, context) }
    }
    @exclusivity(unchecked) private var socket = DirectSocket()

    init(_ connection: ShardConnection) { self.connection = connection }

    var isOpen: Bool { context != nil }

    /// The IP address of the server.
    var remoteAddress: String? { context?.remoteAddress?.ipAddress }

    func write(_ bytes: ByteBuffer) { socket.write(bytes, context) }

    /// Closes; the connection hears no more of this socket.
    func close() {
        connection = nil
        context?.close(promise: nil)
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelActive(context: ChannelHandlerContext) {
        socket.open(context.channel, reader: self)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { connection?.receive(unwrapInboundIn(data)) }

    func received(_ bytes: inout ByteBuffer) { connection?.receive(bytes) }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        isWritable = context.channel.isWritable
        if isWritable { connection?.writabilityChanged() }
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        connection?.end(.closed)
        connection = nil
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        connection?.end(.reset(ShardServer.text(of: error)))
        connection = nil
        context.close(promise: nil)
    }
}
