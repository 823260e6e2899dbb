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
        place(command, bytes, keys, ring, &random)
        guard parts.count > 1 else { return }
        begin(command, bytes, step: keys.step)
        write(command, bytes, keys)
    }

    private mutating func place(
        _ command: RESPCommand, _ bytes: borrowing Span<UInt8>, _ keys: RedisKeys, _ ring: ServerRing,
        _ random: inout SmallGenerator
    ) {
        // The part of each server; the first place is for keys that no server has.
        var parts = [Int](repeating: -1, count: ring.servers.count + 1)
        var walk = RedisKeyWalk(keys, of: command)
        order.reserveCapacity(keys.count)
        while let key = walk.next(bytes) {
            let server = ring.server(for: bytes.extracting(key.range), random: &random)
            if parts[server + 1] < 0 {
                parts[server + 1] = self.parts.count
                self.parts.append(Part(server: server))
            }
            let part = parts[server + 1]
            self.parts[part].keys += 1
            let begin = walk.begin
            self.parts[part].bytes += walk.passValue(bytes) - begin
            order.append(UInt16(part))
        }
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

    private mutating func write(_ command: RESPCommand, _ bytes: borrowing Span<UInt8>, _ keys: RedisKeys) {
        var walk = RedisKeyWalk(keys, of: command)
        var index = 0
        while walk.next(bytes) != nil {
            let begin = walk.begin
            let end = walk.passValue(bytes)
            parts[Int(order[index])].command.writeBytes(bytes.extracting(begin..<end).bytes)
            index += 1
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
        while let key = walk.next(bytes) {
            guard ring.server(for: bytes.extracting(key.range), random: &random) == server else { throw .crossSlot }
        }
        return server
    }
}
