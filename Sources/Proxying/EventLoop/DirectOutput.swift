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
    @usableFromInline var descriptor: Int32 = -1
    /// Parts that NIO hasn't written.
    @usableFromInline let queue = Queue()

    @usableFromInline
    final class Queue {
        @exclusivity(unchecked) @usableFromInline var count = 0
    }

    package init() {}

    /// Finds the socket; called on the channel's event loop once it is open.
    package mutating func open(_ channel: any Channel) {
        descriptor = (try? channel.pipeline.syncOperations.withUnsafeTransportIfAvailable { $0 }) ?? -1
    }

    /// The socket belongs to nobody any more, and its number may soon be another's.
    package mutating func close() { descriptor = -1 }

    /// Writes all of `bytes`, now or as soon as the socket takes them.
    ///
    /// - Parameter context: whose channel it is; asked for only if the socket doesn't take them. Without one the bytes
    ///   are for nobody.
    @inlinable
    package func write(_ bytes: ByteBuffer, _ context: @autoclosure () -> ChannelHandlerContext?) {
        let count = queue.count == 0 ? send(bytes) : 0
        if count == bytes.readableBytes { return }
        enqueue(bytes, from: count, context())
    }

    /// How many bytes the socket took.
    @inlinable
    func send(_ bytes: ByteBuffer) -> Int {
        guard descriptor >= 0 else { return 0 }
        let count = bytes.withUnsafeReadableBytes { bytes in
            Glibc.send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
        }
        // An error is NIO's to find and to tell.
        return max(0, count)
    }

    @usableFromInline
    func enqueue(_ bytes: ByteBuffer, from start: Int, _ context: ChannelHandlerContext?) {
        guard let context else { return }
        var rest = bytes
        rest.moveReaderIndex(forwardBy: start)
        guard descriptor >= 0 else { return context.writeAndFlush(NIOAny(rest), promise: nil) }
        queue.count += 1
        let queue = NIOLoopBound(queue, eventLoop: context.eventLoop)
        context.writeAndFlush(NIOAny(rest)).whenComplete { _ in queue.value.count -= 1 }
    }
}
