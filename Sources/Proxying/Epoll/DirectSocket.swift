// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// How a connection's last handler reaches its socket: past the pipeline, unless there is something in between that
/// changes the bytes (TLS).
package struct DirectSocket {
    @usableFromInline var channel: EpollChannel?
    /// While it is false the connection isn't read from, and in the end the other side waits; TLS or not.
    @usableFromInline private(set) var isReading = true

    package init() {}

    /// Has the connection be read from, or not.
    @inlinable
    package mutating func setReading(_ isReading: Bool, _ context: @autoclosure () -> ChannelHandlerContext?) {
        if isReading != self.isReading { changeReading(isReading, context()) }
    }

    @usableFromInline
    mutating func changeReading(_ isReading: Bool, _ context: ChannelHandlerContext?) {
        guard let channel = context?.channel as? EpollChannel else { return }
        self.isReading = isReading
        channel.isReading = isReading
    }

    /// Takes the short way from now on, if there is one; called when the connection is active, by its last handler.
    package mutating func open(_ channel: any Channel, reader: any SocketReader) {
        guard let channel = channel as? EpollChannel, !channel.changesBytes else { return }
        self.channel = channel
        channel.read(into: reader)
    }

    /// Writes all of `bytes`, now or as soon as the socket takes them.
    ///
    /// - Parameter context: whose channel it is; asked for only where there is no short way. Without one the bytes are
    ///   for nobody.
    @inlinable
    package func write(_ bytes: ByteBuffer, _ context: @autoclosure () -> ChannelHandlerContext?) {
        if let channel { return channel.send(bytes) }
        context()?.writeAndFlush(NIOAny(bytes), promise: nil)
    }
}
