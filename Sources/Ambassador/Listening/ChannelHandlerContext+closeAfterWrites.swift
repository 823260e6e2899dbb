// SPDX-License-Identifier: Apache-2.0

import NIOCore

extension ChannelHandlerContext {
    /// Closes when the last bytes, which may still be on their way to the socket, have gone there.
    ///
    /// A socket that is closed with bytes unread is reset, and the client may lose the replies that it hasn't read. So
    /// what it still says has to be read for a while, and dropped.
    ///
    /// - Parameter time: how long that is; nil for a client that says no more.
    func closeAfterWrites(lingering time: TimeAmount?) {
        let channel = channel
        let written = writeAndFlush(NIOAny(ByteBuffer()))
        guard let time else { return written.whenComplete { _ in channel.close(promise: nil) } }
        written.whenComplete { _ in channel.close(mode: .output, promise: nil) }
        eventLoop.scheduleTask(in: time) { channel.close(promise: nil) }
    }
}
