// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Proxying

@Suite("The choice of an endpoint")
struct BalanceKindTests {
    private static let even: [BalanceKind] = [.roundRobin, .leastRequest, .ewma, .random]

    @Test("is nobody only if there is nobody, and an only one always", arguments: BalanceKind.allCases)
    func few(kind: BalanceKind) {
        let none = UpstreamUnderTest(kind, weights: [])
        #expect(none.upstream.pick(hash: 1, now: 0) == nil)
        let one = UpstreamUnderTest(kind, weights: [3])
        #expect((0..<10).map { one.pick(UInt64($0)) } == Array(repeating: 0, count: 10))
        #expect(one.pick(avoiding: one.endpoints[0]) == 0)
    }

    @Test("is another one than that of the try before", arguments: BalanceKind.allCases)
    func avoiding(kind: BalanceKind) {
        let test = UpstreamUnderTest(kind, weights: [5, 1, 1])
        var random = SmallGenerator(seed: 1)
        for _ in 0..<200 {
            let hash = random.next()
            let first = test.upstream.pick(hash: hash, now: 0)
            #expect(test.upstream.pick(hash: hash, now: 0, avoiding: first) !== first)
        }
    }

    @Test("follows the weights while nothing is in flight", arguments: even, [[1, 1, 1], [1, 2, 5], [9, 1]])
    func weights(kind: BalanceKind, weights: [Int]) {
        let counts = UpstreamUnderTest(kind, weights: weights).counts(20_000)
        for (count, weight) in zip(counts, weights) {
            let share = Double(weight) / Double(weights.reduce(0, +))
            #expect(abs(Double(count) / 20_000 - share) < 0.015)
        }
    }

    @Test("follows the weights when there is much to do", arguments: [BalanceKind.leastRequest, .roundRobin, .random])
    func busyWeights(kind: BalanceKind) {
        for concurrency in [2, 8, 64, 200] {
            let test = UpstreamUnderTest(kind, weights: [9, 1, 5])
            let shares = test.shares(concurrency: concurrency, requests: 20_000) { _ in 1_000_000 }
            for (share, wanted) in zip(shares, [0.6, 0.0667, 0.3333]) {
                #expect(abs(share - wanted) < 0.06, "\(concurrency) in flight: \(shares)")
            }
        }
    }

    // MARK: Round robin

    @Test func `goes round, spreading the turns of a heavy one`() {
        #expect(Self.turns(weights: [1, 1, 1], 6) == [0, 1, 2, 0, 1, 2])
        #expect(Self.turns(weights: [5, 1, 1], 14) == [0, 0, 1, 0, 2, 0, 0, 0, 0, 1, 0, 2, 0, 0])
    }

    @Test func `goes on with the round when an endpoint comes`() {
        let test = UpstreamUnderTest(.roundRobin, weights: [1, 1, 1])
        #expect([test.pick(), test.pick()] == [0, 1])
        test.upstream.apply(UpstreamUnderTest.descriptions([1, 1, 1, 1]), now: 0)
        #expect(test.pick() == 2)
        #expect(Set((0..<4).map { _ in test.pick() }) == [0, 1, 2, 3])
    }

    private static func turns(weights: [Int], _ count: Int) -> [Int] {
        let test = UpstreamUnderTest(.roundRobin, weights: weights)
        return (0..<count).map { _ in test.pick() }
    }

    // MARK: Load and latency

    @Test func `is the less loaded of two`() {
        let test = UpstreamUnderTest(.leastRequest, weights: [1, 1])
        test.upstream.began(test.endpoints[0])
        #expect(Set((0..<50).map { _ in test.pick() }) == [1])
        let weighted = UpstreamUnderTest(.leastRequest, weights: [3, 1])
        for _ in 0..<3 { weighted.upstream.began(weighted.endpoints[0]) }
        weighted.upstream.began(weighted.endpoints[1])
        // Three for a weight of 3 are as much as one for a weight of 1.
        #expect(abs(weighted.counts(10_000)[0] - 7500) < 200)
    }

    @Test func `gives a slow endpoint less to do, by its requests in flight`() {
        let test = UpstreamUnderTest(.leastRequest, weights: [1, 1, 1])
        let shares = test.shares(concurrency: 30, requests: 20_000) { $0 == 2 ? 10_000_000 : 1_000_000 }
        #expect(shares[2] < 0.12)
        #expect(abs(shares[0] - shares[1]) < 0.02)
    }

    @Test func `gives a slow endpoint less to do, by its latency, even if little is in flight`() {
        let test = UpstreamUnderTest(.ewma, weights: [1, 1, 1])
        let shares = test.shares(concurrency: 2, requests: 20_000) { $0 == 2 ? 10_000_000 : 1_000_000 }
        #expect(shares[2] < 0.01)
        #expect(abs(shares[0] - shares[1]) < 0.05)
    }

    @Test func `doesn't take an endpoint that fails quickly for a fast one`() {
        let test = UpstreamUnderTest(.ewma, weights: [1, 1]) { $0.ejection.enabled = false }
        test.end(0, .answered(status: 200), latency: 5_000_000)
        test.end(1, .answered(status: 200), latency: 5_000_000)
        let before = test.endpoints[1].latency.cost(test.now)
        test.end(1, .reset, latency: 1000, times: 100)
        #expect(test.endpoints[1].latency.cost(test.now) >= before)
    }

    @Test func `follows a peak of latency at once and forgets it in time`() {
        var latency = PeakEWMA()
        #expect(latency.cost(0) == 0)
        latency.observe(1_000_000, 0)
        latency.observe(50_000_000, 0)
        #expect(latency.cost(0) == 50_000_000)
        // After the time constant, e^-1 of it is left.
        #expect(abs(latency.cost(10 * second) / 50_000_000 - 0.3679) < 0.001)
        latency.observe(1_000_000, 10 * second)
        #expect(abs(latency.cost(10 * second) / 1_000_000 - (50 * 0.3679 + 0.6321)) < 0.01)
    }

    @Test func `leaves an endpoint alone that hasn't answered its first requests yet`() {
        let test = UpstreamUnderTest(.ewma, weights: [1, 1])
        test.end(0, .answered(status: 200), latency: 500_000_000)
        test.upstream.began(test.endpoints[1])
        #expect(Set((0..<50).map { _ in test.pick() }) == [0])
    }

    // MARK: Draws

    @Test("by weight is exact to a permille", arguments: [[1], [1, 1], [1, 999], [7, 0, 3], [1, 2, 3, 4, 5]])
    func draws(weights: [Int]) {
        let draw = WeightedDraw(weights)
        var random = SmallGenerator(seed: 3)
        var counts = weights.map { _ in 0 }
        for _ in 0..<1_000_000 { counts[draw.next(&random)] += 1 }
        for (count, weight) in zip(counts, weights) {
            let share = Double(weight) / Double(weights.reduce(0, +))
            #expect(abs(Double(count) / 1_000_000 - share) < 0.0015)
        }
    }

    @Test func `of two gives two different ones, all pairs alike`() {
        let draw = WeightedDraw([2, 2, 2])
        var random = SmallGenerator(seed: 3)
        var pairs: [String: Int] = [:]
        for _ in 0..<60_000 {
            let (first, second) = draw.nextTwo(&random)
            pairs["\(first)\(second)", default: 0] += 1
        }
        #expect(pairs.keys.sorted() == ["01", "02", "10", "12", "20", "21"])
        #expect(pairs.values.allSatisfy { abs($0 - 10_000) < 400 })
    }
}
