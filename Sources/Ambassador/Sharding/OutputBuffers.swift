// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// The buffers in which replies gather, lent to clients for a tick, so that an idle client holds none.
final class OutputBuffers {
    /// Buffers kept; as many clients as get replies in one tick can make use of one.
    static let countMax = 64
    /// Small, as a tick may bring replies to thousands of clients at once.
    static let capacityInitial = 1 << 10
    /// A buffer that a large reply has made larger isn't kept.
    static let capacityMax = 64 << 10

    private let allocator: ByteBufferAllocator
    private var free: [ByteBuffer] = []

    init(allocator: ByteBufferAllocator = ByteBufferAllocator()) { self.allocator = allocator }

    func take() -> ByteBuffer { free.popLast() ?? allocator.buffer(capacity: Self.capacityInitial) }

    /// `buffer` may still be on its way to a socket: then clearing it gives it other memory.
    func give(_ buffer: consuming ByteBuffer) {
        guard free.count < Self.countMax, buffer.capacity <= Self.capacityMax else { return }
        buffer.clear()
        free.append(buffer)
    }
}
