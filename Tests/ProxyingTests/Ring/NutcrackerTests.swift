// SPDX-License-Identifier: Apache-2.0

import Foundation
import Proxying
import TestKit
import Testing

/// Every key lives where Debian's nutcracker puts it.
@Suite(
    .enabled(if: Nutcracker.isInstalled, "nutcracker isn't installed: run scripts/setup test"), .serialized,
    .timeLimit(.minutes(5)))
struct NutcrackerTests {
    /// Keys that are sent at once, with their commands.
    private struct Batch {
        let keys: [[UInt8]]
        let commands: [UInt8]

        init(_ keys: [[UInt8]]) {
            self.keys = keys
            commands = Array(keys.map { Nutcracker.command(for: $0) }.joined())
        }
    }

    @Test(
        "100,000 keys of all kinds live where nutcracker puts them, with names and weights",
        arguments: [RingKind.ketama, .modula], KeyHash.allCases.filter { $0 != .xxh3 })
    func hashes(ring: RingKind, hash: KeyHash) throws {
        let servers = [
            RingServer(name: "alpha", weight: 1), RingServer(name: "beta", weight: 3), RingServer(name: "gamma", weight: 2),
            RingServer(name: "server-4", weight: 1), RingServer(name: "é", weight: 7),
        ]
        let written = servers.map { ":\($0.weight) \($0.name)" }
        try check(
            batches: Self.batches, ring: ring, hash: hash, tag: nil, written: written) { _ in servers }
    }

    @Test("Servers without names live where nutcracker puts them", arguments: [1, 2, 3, 9])
    func addresses(count: Int) throws {
        try check(
            batches: Array(Self.batches.prefix(10)), ring: .ketama, hash: .fnv1a_64, tag: nil,
            written: Array(repeating: ":1", count: count)
        ) { ports in ports.map { RingServer(name: RingServer.twemproxyName(ofAddress: "127.0.0.1:\($0)")) } }
    }

    @Test("Tags, also empty ones, decide as with nutcracker", arguments: ["{}", "$$", "aa", "}{"])
    func tags(tag: String) throws {
        let parts = ["{", "}", "a", "$", "b", "é", "{}", "$$"]
        var random = SmallGenerator(seed: 9)
        let keys = (0..<1000).map { _ in
            (0...random.next(below: 6)).flatMap { _ in Array(parts[Int(random.next(below: 8))].utf8) }
        }
        try check(
            batches: [Batch(keys)], ring: .ketama, hash: .murmur, tag: tag, written: [":1 a", ":1 b", ":1 c", ":1 d"]
        ) { _ in ["a", "b", "c", "d"].map { RingServer(name: $0) } }
    }

    private func check(
        batches: [Batch], ring kind: RingKind, hash: KeyHash, tag: String?, written: [String],
        servers: ([Int]) -> [RingServer]
    ) throws {
        let numbered = try written.indices.map { try Nutcracker.numberedServer($0) }
        defer { numbered.forEach { $0.stop() } }
        let nutcracker = try Nutcracker(ring: kind, hash: hash, tag: tag, servers: written, numbered: numbered)
        defer { nutcracker.stop() }
        let client = try NutcrackerClient(port: nutcracker.port)
        let ring = ServerRing(
            kind: kind, hash: hash, tag: tag.flatMap { HashTag($0) }, servers: servers(numbered.map(\.port)))
        var random = SmallGenerator(seed: 0)
        var misplaced: [[UInt8]] = []
        for batch in batches {
            let places = try client.servers(of: batch.commands, count: batch.keys.count)
            for (key, place) in zip(batch.keys, places) where ring.server(for: key.span, random: &random) != place {
                misplaced.append(key)
            }
        }
        #expect(misplaced.isEmpty, "\(misplaced.count) keys, first \(misplaced.prefix(3))")
    }

    /// Numbers, names of sessions, text in UTF-8, bytes of all values but the line feed, and a few long ones.
    private static let batches: [Batch] = {
        var random = SmallGenerator(seed: 42)
        return (0..<100).map { batch in Batch((0..<1000).map { key(1000 * batch + $0, &random) }) }
    }()

    private static func key(_ number: Int, _ random: inout SmallGenerator) -> [UInt8] {
        switch number % 8 {
        case 0: return Array("\(number)".utf8)
        case 1: return Array("key:\(number)".utf8)
        case 2: return Array(KeyPattern.paddedNumbers.key(number).utf8)
        case 3: return Array("straße:\(number):{größe}".utf8)
        default:
            let length = number % 1000 == 7 ? 250 : 1 + Int(random.next(below: 24))
            return (0..<length).map { _ in
                let byte = UInt8(truncatingIfNeeded: random.next())
                return byte == 0x0A ? 0x8A : byte
            }
        }
    }
}
