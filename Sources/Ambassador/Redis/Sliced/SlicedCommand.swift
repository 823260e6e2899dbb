// SPDX-License-Identifier: Apache-2.0

import NIOCore
internal import Proxying
internal import WireRESP

/// How much of a command with many keys goes to its servers at once.
struct RedisSlice: Equatable {
    var keys: Int
    /// Of keys and values; the last key may go beyond.
    var bytes: Int

    static let whole = RedisSlice(keys: .max, bytes: .max)
    /// What a server answers in a tenth of a millisecond, and what takes this process no longer.
    static let largest = RedisSlice(keys: 512, bytes: 256 << 10)

    /// Whether there are more keys or bytes than that.
    func isLess(than keys: RedisKeys, _ bytes: Int) -> Bool { keys.count > self.keys || bytes > self.bytes }

    /// How many keys the first slice has, as nobody knows how long their values are.
    static let keysAtFirst = 128

    /// The next slice, after one of `keys` keys to which replies of so many bytes have come: as many keys as have
    /// replies of no more bytes than this has, but at most twice as many.
    func after(_ keys: Int, replyBytes: Int) -> RedisSlice {
        let fitting = replyBytes > bytes ? keys * bytes / replyBytes : keys * 2
        return RedisSlice(keys: max(1, min(self.keys, fitting)), bytes: bytes)
    }
}

/// A command whose keys are too many for one go: its servers get it slice by slice, each when the one before has been
/// answered, so that commands of others come between, at the servers and here.
struct SlicedCommand {
    let found: RedisCommand
    let replies: SlicedReplies
    var number: UInt32 = 0
    private let command: RESPCommand
    private let bytes: ByteBuffer
    private let keys: RedisKeys
    private var walk: RedisKeyWalk
    private var keysLeft: Int
    private var slice = RedisSlice(keys: RedisSlice.keysAtFirst, bytes: RedisSlice.largest.bytes)

    init(
        _ split: RedisSplit, _ found: RedisCommand, _ keys: RedisKeys, _ command: RESPCommand,
        _ bytes: borrowing Span<UInt8>
    ) {
        self.found = found
        self.command = command
        self.keys = keys
        var copy = ByteBuffer()
        copy.writeBytes(bytes.bytes)
        self.bytes = copy
        replies = split.slicedReplies(keys: keys.count)
        walk = RedisKeyWalk(keys, of: command)
        keysLeft = keys.count
    }

    /// Whether all slices have been taken.
    var isOver: Bool { keysLeft == 0 }

    /// Takes the next slice, with the servers as they are now.
    mutating func next(ring: ServerRing, random: inout SmallGenerator) -> RedisParts {
        if let bytes = replies.bytesOfSlice {
            slice = RedisSlice.largest.after(slice.keys, replyBytes: bytes)
        }
        var walk = walk
        let parts = RedisParts(
            command, bytes.readableBytesUInt8Span, slice: slice, of: keys, from: &walk, ring: ring, random: &random)
        self.walk = walk
        keysLeft -= parts.order.count
        return parts
    }
}
