// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// The replies that one client waits for, in the order of its commands.
///
/// Servers answer in any order. The reply that is due goes straight to the output; one that comes early is kept in one
/// buffer with the others that did (a slice of what was read would keep all of that from being used again), or as it is
/// where it is large.
struct ReplyQueue {
    /// From this length a reply that comes early isn't copied.
    static let copiedBytesMax = 16 << 10
    /// From here on the space of replies that were written is used again.
    static let earlyBytesMax = 64 << 10

    private enum Slot {
        case waiting
        /// Lies in `early`.
        case early(offset: UInt32, length: UInt32)
        case whole(ByteBuffer)
        case parts(FanOut)
    }

    private var slots = CircularBuffer<Slot>(initialCapacity: 2)
    /// The number of the command in the first slot; numbers wrap.
    private var first: UInt32
    private var early = ByteBuffer()
    /// Those of `early` that are still to be written.
    private var earlyBytes = 0
    /// Bytes that wait for replies before them.
    private(set) var heldBytes = 0
    /// The command of whose reply a part was written.
    private var begun: UInt32?

    /// `first`: the number of the first command.
    init(first: UInt32 = 0) { self.first = first }

    var count: Int { slots.count }
    var isEmpty: Bool { slots.isEmpty }

    /// Whether a command's reply can be written as it comes.
    enum Turn {
        case now
        /// Others are due before it.
        case later
        /// Never: it is made of parts.
        case never
    }

    func turn(of number: UInt32) -> Turn {
        let index = Int(number &- first)  // Safe: numbers wrap together.
        guard index < slots.count, case .waiting = slots[slots.index(slots.startIndex, offsetBy: index)] else {
            return .never
        }
        return index == 0 ? .now : .later
    }

    /// A part of the reply to the first command was written, or will be at once: nothing else may come before its rest.
    mutating func begin(_ number: UInt32) { begun = number }

    /// Whether the first reply is there in part.
    var isMidReply: Bool { begun == first && !isEmpty }

    /// Whether that is the reply to this command.
    func isMidReply(_ number: UInt32) -> Bool { begun == number && turn(of: number) == .now }

    /// Forgets which reply had begun: none is due any more, and numbers wrap.
    mutating func forgetBegun() { begun = nil }

    /// Makes a place for the next command's reply, and returns its number.
    mutating func add() -> UInt32 {
        slots.append(.waiting)
        return first &+ UInt32(slots.count &- 1)  // Safe: numbers wrap, and a queue is far shorter than 2³².
    }

    /// Makes a place for a reply that comes in parts.
    mutating func add(_ parts: FanOut) -> UInt32 {
        slots.append(.parts(parts))
        return first &+ UInt32(slots.count &- 1)  // Safe: as above.
    }

    /// Takes the reply in the first `length` bytes of `bytes`. What is due now, this one or those behind it, is
    /// appended to `output`; false if nothing is.
    mutating func fill(
        _ number: UInt32, part: UInt16, from bytes: inout ByteBuffer, length: Int, kind: ReplyKind,
        into output: inout ByteBuffer
    ) -> Bool {
        if kind == .hidden {
            bytes.moveReaderIndex(forwardBy: length)
            var nothing = ByteBuffer()
            return fill(number, part: part, from: &nothing, length: 0, kind: .value, into: &output)
        }
        let index = Int(number &- first)  // Safe: numbers wrap together.
        precondition(index < slots.count, "A reply to a command that waits for none.")
        if index == 0, case .waiting = slots[slots.startIndex] {
            bytes.readBytes(length, into: &output)
            removeFirst()
            drain(into: &output)
            return true
        }
        let place = slots.index(slots.startIndex, offsetBy: index)
        switch slots[place] {
        case .waiting:
            slots[place] = hold(&bytes, length)
        case .parts(let parts):
            heldBytes += length
            // Safe: the scanner has seen that `length` bytes are there.
            _ = parts.take(part, bytes.readSlice(length: length)!, kind)
            guard parts.isDue, index == 0 else { return false }
            drain(into: &output)
            return true
        case .early, .whole: preconditionFailure("A second reply to one command.")
        }
        return false
    }

    private mutating func hold(_ bytes: inout ByteBuffer, _ length: Int) -> Slot {
        heldBytes += length
        guard length > 0, length <= Self.copiedBytesMax else {
            return .whole(bytes.readSlice(length: length)!)  // Safe: as above.
        }
        if early.writerIndex > Self.earlyBytesMax + 2 * earlyBytes { compact() }
        earlyBytes += length
        let offset = early.writerIndex
        bytes.readBytes(length, into: &early)
        return .early(offset: UInt32(offset), length: UInt32(length))
    }

    /// Appends all that are due.
    private mutating func drain(into output: inout ByteBuffer) {
        while let slot = slots.first {
            switch slot {
            case .waiting: return
            case .early(let offset, let length):
                early.moveReaderIndex(to: Int(offset))
                early.readBytes(Int(length), into: &output)
                heldBytes -= Int(length)
                earlyBytes -= Int(length)
                if earlyBytes == 0 { early.clear() }
            case .whole(var buffer):
                heldBytes -= buffer.readableBytes
                output.writeBuffer(&buffer)
            case .parts(let parts):
                guard parts.isComplete else {
                    heldBytes -= parts.writeBeginning(into: &output)
                    return
                }
                heldBytes -= parts.bytes
                parts.write(into: &output)
            }
            removeFirst()
        }
    }

    private mutating func removeFirst() {
        slots.removeFirst()
        first &+= 1  // Safe: numbers wrap.
    }

    /// Drops the bytes of replies that were written from `early`, which are as many as those that aren't.
    private mutating func compact() {
        var kept = ByteBuffer()
        kept.reserveCapacity(earlyBytes)
        for place in slots.indices {
            guard case .early(let offset, let length) = slots[place] else { continue }
            slots[place] = .early(offset: UInt32(kept.writerIndex), length: length)
            early.moveReaderIndex(to: Int(offset))
            early.readBytes(Int(length), into: &kept)
        }
        early = kept
    }
}

extension ByteBuffer {
    /// Moves the next `count` bytes, which must be there, to the end of `other`.
    @inline(__always)
    mutating func readBytes(_ count: Int, into other: inout ByteBuffer) {
        other.writeBytes(readableBytesSpan.extracting(first: count))
        moveReaderIndex(forwardBy: count)
    }
}
