// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// What is to be written to a socket and hasn't been. It is there only while there is something.
final class PendingWrites {
    private struct Write {
        var bytes: ByteBuffer
        let promise: EventLoopPromise<Void>?
    }

    /// Several writes are sent as one of up to so many bytes. Copying them costs less than a system call each, and than
    /// the pointers that writev(2) takes.
    private static let gatheredBytesMax = 64 << 10
    /// A write of so many bytes isn't copied.
    private static let copiedBytesMax = 16 << 10

    private var writes = CircularBuffer<Write>(initialCapacity: 4)
    /// Of the first ones: those that may go out.
    private var flushed = 0
    private(set) var byteCount = 0

    var isEmpty: Bool { writes.isEmpty }
    var hasFlushed: Bool { flushed > 0 }

    func append(_ bytes: ByteBuffer, _ promise: EventLoopPromise<Void>?) {
        writes.append(Write(bytes: bytes, promise: promise))
        byteCount += bytes.readableBytes
    }

    func flush() { flushed = writes.count }

    /// What goes out next; may be empty, where somebody only wants to know when all before it is written.
    func next() -> ByteBuffer {
        let first = writes[writes.startIndex].bytes
        guard flushed > 1, first.readableBytes < Self.copiedBytesMax else { return first }
        var gathered = ByteBuffer()
        for write in writes.prefix(flushed) {
            guard gathered.readableBytes + write.bytes.readableBytes <= Self.gatheredBytesMax else { break }
            gathered.writeImmutableBuffer(write.bytes)
        }
        return gathered
    }

    /// The socket has taken `count` bytes; returns who is to be told that theirs are written.
    func took(_ count: Int) -> [EventLoopPromise<Void>] {
        byteCount -= count
        var (rest, promises) = (count, [EventLoopPromise<Void>]())
        while flushed > 0, let first = writes.first {
            guard first.bytes.readableBytes <= rest else {
                writes[writes.startIndex].bytes.moveReaderIndex(forwardBy: rest)
                break
            }
            rest -= first.bytes.readableBytes
            if let promise = first.promise { promises.append(promise) }
            writes.removeFirst()
            flushed -= 1
        }
        return promises
    }

    /// Nothing is written any more.
    func fail(_ error: any Error) {
        let failed = writes
        writes = CircularBuffer(initialCapacity: 1)
        (flushed, byteCount) = (0, 0)
        for write in failed { write.promise?.fail(error) }
    }
}
