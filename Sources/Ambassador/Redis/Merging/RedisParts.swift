// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
internal import Proxying
internal import WireRESP

/// A command with many keys as the commands that its servers get.
struct RedisParts {
    struct Part {
        /// -1 if no server lives that has the keys.
        let server: Int
        fileprivate(set) var command = ByteBuffer()
        fileprivate var keys = 0
        fileprivate var bytes = 0
    }

    private(set) var parts: [Part] = []
    /// The part of each key, in the client's order.
    private(set) var order: [UInt16] = []

    /// Spreads the keys over the servers that have them. If all have one, there is one part, and it is left unwritten:
    /// the client's own bytes do.
    init(
        _ command: RESPCommand, _ bytes: borrowing Span<UInt8>, keys: RedisKeys, ring: ServerRing,
        random: inout SmallGenerator
    ) {
        let walk = RedisKeyWalk(keys, of: command)
        order.reserveCapacity(keys.count)
        _ = place(bytes, walk, .whole, ring, &random)
        guard parts.count > 1 else { return }
        begin(command, bytes, step: keys.step)
        write(bytes, walk)
    }

    /// Spreads the next keys of `walk`, as many as are one slice.
    init(
        _ command: RESPCommand, _ bytes: borrowing Span<UInt8>, slice: RedisSlice, of keys: RedisKeys,
        from walk: inout RedisKeyWalk, ring: ServerRing, random: inout SmallGenerator
    ) {
        let first = walk
        walk = place(bytes, first, slice, ring, &random)
        begin(command, bytes, step: keys.step)
        write(bytes, first)
    }

    /// Finds the part of each key; returns the walk that goes on behind the last one.
    private mutating func place(
        _ bytes: borrowing Span<UInt8>, _ first: RedisKeyWalk, _ slice: RedisSlice, _ ring: ServerRing,
        _ random: inout SmallGenerator
    ) -> RedisKeyWalk {
        // The part of each server; the first place is for keys that no server has.
        var parts = [Int](repeating: -1, count: ring.servers.count + 1)
        var walk = first
        var size = 0
        while order.count < slice.keys, size < slice.bytes, let key = walk.next(bytes) {
            let server = ring.server(for: bytes.extracting(key.range), random: &random)
            if parts[server + 1] < 0 {
                parts[server + 1] = self.parts.count
                self.parts.append(Part(server: server))
            }
            let part = parts[server + 1]
            self.parts[part].keys += 1
            let begin = walk.begin
            let length = walk.passValue(bytes) - begin
            self.parts[part].bytes += length
            size += length
            order.append(UInt16(part))
        }
        return walk
    }

    /// Writes the head of each part's command: how many arguments it has, and the name as the client wrote it.
    private mutating func begin(_ command: RESPCommand, _ bytes: borrowing Span<UInt8>, step: Int) {
        var arguments = RESPArguments(command)
        let name = arguments.nextHeader
        _ = arguments.next(bytes)
        let end = arguments.nextHeader
        for index in parts.indices {
            parts[index].command.reserveCapacity(end + Self.headerBytesMax + parts[index].bytes)
            parts[index].command.writeRESP("*", 1 + parts[index].keys * step)
            parts[index].command.writeBytes(bytes.extracting(name..<end).bytes)
        }
    }

    /// `*` with as many digits as a count of arguments can have.
    private static let headerBytesMax = 16

    private mutating func write(_ bytes: borrowing Span<UInt8>, _ first: RedisKeyWalk) {
        var walk = first
        for part in order.lazy.map(Int.init) {
            guard walk.next(bytes) != nil else { return }
            let begin = walk.begin
            let end = walk.passValue(bytes)
            parts[part].command.writeBytes(bytes.extracting(begin..<end).bytes)
        }
    }
}

extension RedisKeys {
    /// The server of all keys. A command without keys goes to the first server that lives, so that scripts without keys
    /// find what others of them left. -1 if no server lives.
    func server(
        _ command: RESPCommand, _ bytes: borrowing Span<UInt8>, ring: ServerRing, random: inout SmallGenerator
    ) throws(RedisRefusal) -> Int {
        var walk = RedisKeyWalk(self, of: command)
        guard let first = walk.next(bytes) else { return ring.live.firstIndex(of: true) ?? -1 }
        let server = ring.server(for: bytes.extracting(first.range), random: &random)
        // A random ring has no place for a key: any server will do for all of them.
        if ring.kind == .random { return server }
        if walk.leaves(server, bytes, ring: ring, random: &random) { throw .crossSlot }
        return server
    }

    /// Whether they are on several servers.
    func areSpread(
        _ command: RESPCommand, _ bytes: borrowing Span<UInt8>, ring: ServerRing, random: inout SmallGenerator
    ) -> Bool {
        var walk = RedisKeyWalk(self, of: command)
        guard let first = walk.next(bytes) else { return false }
        let server = ring.server(for: bytes.extracting(first.range), random: &random)
        return walk.leaves(server, bytes, ring: ring, random: &random)
    }
}

extension RedisKeyWalk {
    /// Whether one of the keys that are still to come is on another server.
    fileprivate mutating func leaves(
        _ server: Int, _ bytes: borrowing Span<UInt8>, ring: ServerRing, random: inout SmallGenerator
    ) -> Bool {
        while let key = next(bytes) {
            if ring.server(for: bytes.extracting(key.range), random: &random) != server { return true }
        }
        return false
    }
}
