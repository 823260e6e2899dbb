// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// The buffer into which a loop reads from all of its connections, one after the other.
///
/// NIO keeps a buffer for each connection, of 2 KiB at least: more than all else that an idle client takes.
package final class ReadBuffer {
    package static let capacity = 64 << 10

    @exclusivity(unchecked) private var buffer: ByteBuffer?

    package init() {}

    /// Has `channel` read into it from now on. Its first handler must give the buffer back, which TLS doesn't do.
    package func lend(to channel: any Channel) throws {
        // Then NIO keeps the first buffer that it was given and no other. A loop looks at each socket that has more to
        // read again, after the others.
        try channel.syncOptions?.setOption(.maxMessagesPerRead, value: 1)
        try channel.syncOptions?.setOption(.recvAllocator, value: ReadBufferAllocator(self))
    }

    /// Whoever has it gives it back, or keeps it, and the next one to ask gets another.
    func take(_ allocator: ByteBufferAllocator) -> ByteBuffer {
        guard var buffer else { return allocator.buffer(capacity: Self.capacity) }
        self.buffer = nil
        // It gets other memory if somebody still holds a part of it.
        buffer.clear()
        return buffer
    }

    package func give(_ buffer: ByteBuffer) {
        guard buffer.capacity == Self.capacity else { return }
        self.buffer = buffer
    }
}

/// Lends a loop's buffer to one connection's channel for each read.
///
/// NIO keeps the first buffer that it is given, so that one is small.
private struct ReadBufferAllocator: RecvByteBufferAllocator {
    private static let firstCapacity = 16

    // Safe: a channel asks for buffers on its loop, whose buffer this is.
    private nonisolated(unsafe) let shared: ReadBuffer
    private var isFirst = true

    init(_ shared: ReadBuffer) { self.shared = shared }

    func buffer(allocator: ByteBufferAllocator) -> ByteBuffer {
        isFirst ? allocator.buffer(capacity: Self.firstCapacity) : shared.take(allocator)
    }

    /// Says that the next one may be larger, so that none that is kept is used again.
    mutating func record(actualReadBytes: Int) -> Bool {
        isFirst = false
        return true
    }
}
