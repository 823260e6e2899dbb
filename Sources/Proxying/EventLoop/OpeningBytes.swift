// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Says something as soon as a connection is open, before anything else does: what the PROXY protocol puts in front
/// even of TLS. It must be the first handler.
final class OpeningBytes: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let bytes: ByteBuffer

    init(_ bytes: ByteBuffer) { self.bytes = bytes }

    func channelActive(context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
        context.fireChannelActive()
    }
}
