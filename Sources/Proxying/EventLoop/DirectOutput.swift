// SPDX-License-Identifier: Apache-2.0

import Glibc
package import NIOCore

/// Writes to a connection's socket without a queue while there is none.
///
/// Mostly a socket takes what it is given. NIO's way there (a queue of writes, promises, a flush) took as long as the
/// rest of a small request in user space, and write(2) is slower than send(2). What the socket doesn't take goes NIO's
/// way, and so does all that follows until NIO has written it, so that nothing is overtaken.
///
/// Only for a channel whose last handler before the socket this is: TLS, for one, isn't passed by.
package struct DirectOutput {
    /// -1: there is no such way.
    private var descriptor: Int32 = -1
    /// Parts that NIO hasn't written.
    private let queue = Queue()

    private final class Queue { var count = 0 }

    package init() {}

    /// Finds the socket; called on the channel's event loop once it is open.
    package mutating func open(_ channel: any Channel) {
        descriptor = (try? channel.pipeline.syncOperations.withUnsafeTransportIfAvailable { $0 }) ?? -1
    }

    /// The socket belongs to nobody any more, and its number may soon be another's.
    package mutating func close() { descriptor = -1 }

    /// Writes all of `bytes`, now or as soon as the socket takes them.
    @inline(__always)
    package func write(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        if descriptor >= 0, queue.count == 0 {
            let count = bytes.withUnsafeReadableBytes { bytes in
                send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
            }
            if count == bytes.readableBytes { return }
            // An error is NIO's to find and to tell.
            return enqueue(bytes, from: max(0, count), context)
        }
        enqueue(bytes, from: 0, context)
    }

    private func enqueue(_ bytes: ByteBuffer, from start: Int, _ context: ChannelHandlerContext) {
        var rest = bytes
        rest.moveReaderIndex(forwardBy: start)
        guard descriptor >= 0 else { return context.writeAndFlush(NIOAny(rest), promise: nil) }
        queue.count += 1
        let queue = NIOLoopBound(queue, eventLoop: context.eventLoop)
        context.writeAndFlush(NIOAny(rest)).whenComplete { _ in queue.value.count -= 1 }
    }
}
