// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing

@testable import Proxying

@Suite("The choice by hash")
struct HashBalanceTests {
    private static let kinds: [BalanceKind] = [.ringHash, .maglev]

    private static let hashes: [UInt64] = {
        var random = SmallGenerator(seed: 11)
        return (0..<20_000).map { _ in random.next() }
    }()

    @Test("gives a hash the same endpoint each time, and the same second one", arguments: kinds)
    func stable(kind: BalanceKind) {
        let (test, other) = (UpstreamUnderTest(kind, weights: [1, 1, 1]), UpstreamUnderTest(kind, weights: [1, 1, 1]))
        for hash in Self.hashes.prefix(500) {
            let first = test.pick(hash)
            #expect(other.pick(hash) == first)
            #expect(
                test.pick(hash, avoiding: test.endpoints[first]) == other.pick(hash, avoiding: other.endpoints[first]))
        }
    }

    @Test("spreads hashes by weight", arguments: [(BalanceKind.ringHash, 0.06), (.maglev, 0.01)])
    func spread(kind: BalanceKind, tolerance: Double) {
        for weights in [[1, 1, 1, 1], [1, 2, 5]] {
            let test = UpstreamUnderTest(kind, weights: weights)
            let counts = test.counts(Self.hashes.count) { Self.hashes[$0] }
            for (count, weight) in zip(counts, weights) {
                let share = Double(weight) / Double(weights.reduce(0, +))
                #expect(abs(Double(count) / Double(Self.hashes.count) - share) < tolerance, "\(counts)")
            }
        }
    }

    @Test(
        "moves few hashes of other endpoints when one fails",
        arguments: [(BalanceKind.ringHash, 0.0), (.maglev, 0.03)])
    func disruption(kind: BalanceKind, tolerance: Double) {
        let test = UpstreamUnderTest(kind, weights: [1, 1, 1, 1, 1])
        let before = Self.hashes.map { test.pick($0) }
        test.upstream.learned(test.endpoints[2].identity, isHealthy: false, now: 0)
        let after = Self.hashes.map { test.pick($0) }
        #expect(!after.contains(2))
        let moved = zip(before, after).count { $0 != 2 && $0 != $1 }
        #expect(Double(moved) / Double(Self.hashes.count) <= tolerance)
        test.upstream.learned(test.endpoints[2].identity, isHealthy: true, now: 0)
        #expect(Self.hashes.map { test.pick($0) } == before)
    }

    @Test("doesn't depend on the order of the servers", arguments: kinds)
    func order(kind: BalanceKind) {
        let test = UpstreamUnderTest(kind, weights: [1, 1, 1, 1])
        let before = Self.hashes.prefix(1000).map { test.endpoints[test.pick($0)].identity.server }
        test.upstream.apply(UpstreamUnderTest.descriptions([1, 1, 1, 1]).reversed(), now: 0)
        let after = Self.hashes.prefix(1000).map { test.endpoints[test.pick($0)].identity.server }
        let moved = zip(before, after).count { $0 != $1 }
        // In Maglev's table the order decides only who takes an entry that two want in the same turn.
        #expect(moved <= (kind == .maglev ? 100 : 0))
    }

    @Test func `keeps a server's hashes when its address changes, if it has a name of its own`() throws {
        let test = UpstreamUnderTest(.ringHash, weights: [1, 1, 1])
        let before = Self.hashes.prefix(1000).map { test.pick($0) }
        var descriptions = UpstreamUnderTest.descriptions([1, 1, 1])
        descriptions[1].identity.configured = .network(host: "10.9.9.9", port: 80)
        descriptions[1].identity.address = try SocketAddress(ipAddress: "10.9.9.9", port: 80)
        test.upstream.apply(descriptions, now: 0)
        #expect(Self.hashes.prefix(1000).map { test.pick($0) } == before)
    }

    @Test func `gives each address of a name its own place`() throws {
        let places = try ["10.0.0.1", "10.0.0.2"].map { host in
            EndpointDescription(
                server: "web", configured: .network(host: "web", port: 80),
                address: try SocketAddress(ipAddress: host, port: 80)
            ).ringName
        }
        #expect(places == ["web 10.0.0.1", "web 10.0.0.2"])
    }

    @Test func `fills Maglev's table to the last entry, however many servers there are`() {
        for count in [1, 2, 3, 100, 1000] {
            let names = (0..<count).map { "server\($0)" }
            let table = MaglevTable(names: names, weights: names.map { _ in 1 })
            let shares = table.shares(of: count)
            let mean = 1 / Double(count)
            #expect(shares.allSatisfy { abs($0 - mean) < 2.0 / Double(MaglevTable.entryCount) })
            #expect(abs(shares.reduce(0, +) - 1) < 1e-9)
        }
    }

    @Test func `gives a much lighter server its part of Maglev's table`() {
        let shares = MaglevTable(names: ["a", "b"], weights: [1000, 1]).shares(of: 2)
        #expect(abs(shares[1] - 1.0 / 1001) < 0.0001)
    }
}
