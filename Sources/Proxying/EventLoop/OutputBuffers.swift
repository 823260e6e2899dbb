// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// The buffers in which what is to be written gathers, lent to connections for a tick, so that an idle one holds none.
package final class OutputBuffers {
    /// Buffers kept; as many clients as get replies in one tick can make use of one.
    private static let countMax = 64
    /// Small, as a tick may bring replies to thousands of clients at once.
    private static let capacityInitial = 1 << 10
    /// A buffer that a large reply has made larger isn't kept.
    private static let capacityMax = 64 << 10

    @exclusivity(unchecked) private var free: [ByteBuffer] = []

    package init() {}

    package func take() -> ByteBuffer { free.popLast() ?? ByteBufferAllocator().buffer(capacity: Self.capacityInitial) }

    /// `buffer` may still be on its way to a socket: then clearing it gives it other memory.
    package func give(_ buffer: consuming ByteBuffer) {
        guard free.count < Self.countMax, buffer.capacity <= Self.capacityMax else { return }
        buffer.clear()
        free.append(buffer)
    }
}
