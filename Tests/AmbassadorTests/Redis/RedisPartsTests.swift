// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Proxying
import Testing
import WireRESP

@testable import Ambassador

struct RedisPartsTests {
    private static func ring(_ count: Int = 3, kind: RingKind = .modula, live: [Bool]? = nil) -> ServerRing {
        ServerRing(
            kind: kind, hash: .crc32a, tag: HashTag("{}"),
            servers: (0..<count).map { RingServer(name: "s\($0)", weight: 1) }, live: live)
    }

    private static func split(_ command: ScannedCommand, _ ring: ServerRing = ring()) throws -> RedisParts {
        var random = SmallGenerator()
        return RedisParts(
            command.command, command.bytes.span, keys: try command.findKeys(), ring: ring, random: &random)
    }

    private static func server(of key: String) -> Int {
        var random = SmallGenerator()
        let bytes = Array(key.utf8)
        return ring().server(for: bytes.span, random: &random)
    }

    @Test func `each server gets its own keys in their order, and each key knows its part`() throws {
        let keys = (0..<100).map { "key:\($0)" }
        let parts = try Self.split(ScannedCommand(["mget"] + keys))
        #expect(parts.parts.count == 3)
        #expect(parts.order.count == 100)
        for (index, part) in parts.parts.enumerated() {
            let own = keys.filter { Self.server(of: $0) == part.server }
            var expected = ByteBuffer()
            expected.writeRESPCommand(["mget"] + own)
            #expect(part.command == expected)
            #expect(zip(keys, parts.order).filter { $0.1 == index }.map(\.0) == own)
        }
    }

    @Test func `values go with their keys`() throws {
        let pairs = (0..<20).flatMap { ["key:\($0)", "value \($0)"] }
        let parts = try Self.split(ScannedCommand(["MSET"] + pairs))
        var found: [String] = []
        for part in parts.parts {
            guard case .array(let words) = try RESPValue.decode(part.command) else {
                Issue.record("A part is no command.")
                continue
            }
            #expect(words.first?.text == "MSET")
            found += words.dropFirst().compactMap(\.text)
        }
        #expect(found.sorted() == pairs.sorted())
        #expect(parts.order.count == 20)
    }

    @Test(arguments: [RedisSlice(keys: 7, bytes: .max), RedisSlice(keys: .max, bytes: 100)])
    func `slices are all keys once, in their order, and none is above its size`(slice: RedisSlice) throws {
        let pairs = (0..<50).flatMap { ["key:\($0)", "value \($0)"] }
        let command = ScannedCommand(["MSET"] + pairs)
        let keys = try command.findKeys()
        var walk = RedisKeyWalk(keys, of: command.command)
        var random = SmallGenerator()
        var found: [String] = []
        var slices = 0
        while found.count < pairs.count {
            let parts = RedisParts(
                command.command, command.bytes.span, slice: slice, of: keys, from: &walk, ring: Self.ring(),
                random: &random)
            var words = try parts.parts.map { try Self.words($0.command).dropFirst() }
            #expect(parts.order.count <= 7)
            for part in parts.order.map(Int.init) { found += [words[part].removeFirst(), words[part].removeFirst()] }
            slices += 1
        }
        #expect(found == pairs)
        // Five pairs of 24 bytes or four of 26 make a hundred.
        #expect(slices == (slice.keys == 7 ? 8 : 12))
    }

    private static func words(_ command: ByteBuffer) throws -> [String] {
        guard case .array(let words) = try RESPValue.decode(command) else { return [] }
        return words.compactMap(\.text)
    }

    @Test func `long values make slices smaller, down to one key, and short ones larger`() {
        let slice = RedisSlice(keys: 512, bytes: 1_000)
        #expect(slice.after(512, replyBytes: 1_000) == slice)
        #expect(slice.after(512, replyBytes: 4_000).keys == 128)
        #expect(slice.after(3, replyBytes: 1 << 30).keys == 1)
        #expect(slice.after(1, replyBytes: 10).keys == 2)
        #expect(slice.after(300, replyBytes: 10) == slice)
    }

    @Test func `keys of one server stay one command`() throws {
        let parts = try Self.split(ScannedCommand("DEL {a}1 {a}2 {a}3"))
        #expect(parts.parts.count == 1)
        #expect(parts.parts[0].command.readableBytes == 0)
        #expect(parts.order == [0, 0, 0])
    }

    @Test func `without a live server the part says so`() throws {
        let parts = try Self.split(ScannedCommand("DEL a b"), Self.ring(2, live: [false, false]))
        #expect(parts.parts.map(\.server) == [-1])
    }

    @Test func `a command that can't be split has one server or is refused`() throws {
        func server(_ text: String, _ ring: ServerRing = Self.ring()) throws -> Int {
            let command = ScannedCommand(text)
            var random = SmallGenerator()
            return try command.findKeys().server(command.command, command.bytes.span, ring: ring, random: &random)
        }
        #expect(try server("SUNION {a}1 {a}2") == Self.server(of: "a"))
        let far = (0..<100).map { "k\($0)" }.first { Self.server(of: $0) != Self.server(of: "a") }
        #expect(throws: RedisRefusal.crossSlot) { try server("SUNION a \(try #require(far))") }
        #expect(throws: RedisRefusal.crossSlot) { try server("ZUNIONSTORE a 1 \(try #require(far))") }
        #expect(try server("EVAL s 0") == 0)
        #expect(try server("EVAL s 0", Self.ring(3, live: [false, true, true])) == 1)
        #expect(try server("EVAL s 0", Self.ring(1, live: [false])) == -1)
        #expect((0..<3).contains(try server("SUNION a b c d", Self.ring(kind: .random))))
    }
}
