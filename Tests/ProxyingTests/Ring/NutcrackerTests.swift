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
            RingServer(name: "alpha", weight: 1), RingServer(name: "beta", weight: 3),
            RingServer(name: "gamma", weight: 2),
            RingServer(name: "server-4", weight: 1), RingServer(name: "é", weight: 7),
        ]
        let written = servers.map { ":\($0.weight) \($0.name)" }
        try check(
            batches: Self.batches, ring: ring, hash: hash, tag: nil, written: written
        ) { _ in servers }
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

    @Test(
        "Points that fall together belong to the server that nutcracker gives them",
        arguments: [["s272", "s705"], ["s714", "s218"], ["s1870", "s687"], ["s1920", "s18"]])
    func ties(names: [String]) throws {
        // A point of the first label of one name equals one of another; about 60 of 20,000 keys meet it.
        try check(
            batches: Array(Self.batches.prefix(20)), ring: .ketama, hash: .md5, tag: nil,
            written: names.map { ":1 \($0)" }
        ) { _ in names.map { RingServer(name: $0) } }
    }

    @Test(
        "Without a server that it ejected, keys live where nutcracker puts them", arguments: [RingKind.ketama, .modula])
    func ejection(kind: RingKind) throws {
        let servers = [3, 1, 2, 5].enumerated().map { RingServer(name: "n\($0.offset)", weight: $0.element) }
        let numbered = try servers.indices.map { try Nutcracker.numberedServer($0) }
        defer { numbered.forEach { $0.stop() } }
        numbered[2].stop()
        let nutcracker = try Nutcracker(
            ring: kind, hash: .murmur, servers: servers.map { ":\($0.weight) \($0.name)" }, numbered: numbered,
            extra: ["auto_eject_hosts: true", "server_failure_limit: 1", "server_retry_timeout: 600000"])
        defer { nutcracker.stop() }
        let client = try NutcrackerClient(port: nutcracker.port)
        // The first keys find out that the server is dead.
        _ = try client.servers(of: Self.batches[0].commands, count: 1000)
        let ring = ServerRing(kind: kind, hash: .murmur, servers: servers, live: [true, true, false, true])
        #expect(try misplaced(Self.batches[1..<10], on: ring, by: client) == [])
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
        #expect(try misplaced(batches[...], on: ring, by: client) == [])
    }

    /// The keys that don't live where the nutcracker puts them; of many, the first.
    private func misplaced(
        _ batches: ArraySlice<Batch>, on ring: ServerRing, by client: NutcrackerClient
    ) throws -> [[UInt8]] {
        var random = SmallGenerator(seed: 0)
        var misplaced: [[UInt8]] = []
        for batch in batches {
            let places = try client.servers(of: batch.commands, count: batch.keys.count)
            for (key, place) in zip(batch.keys, places) where ring.server(for: key.span, random: &random) != place {
                misplaced.append(key)
            }
        }
        return Array(misplaced.prefix(3))
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
