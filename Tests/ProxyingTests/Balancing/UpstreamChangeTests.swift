// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Proxying

@Suite("An upstream whose endpoints change")
struct UpstreamChangeTests {
    @Test func `keeps what is counted of those that stay, and lets the others end what they have begun`() {
        let test = UpstreamUnderTest(.roundRobin, weights: [1, 1, 1])
        var removed: [String] = []
        test.upstream.removed = { removed.append($0.identity.server) }
        test.end(0, .answered(status: 200), times: 3)
        let (kept, leaving) = (test.endpoints[0], test.endpoints[2])
        test.upstream.began(leaving)

        test.upstream.apply(
            [UpstreamUnderTest.description(3), UpstreamUnderTest.description(0, weight: 4)], now: 0)
        #expect(test.endpoints.map(\.identity.server) == ["d0", "a0"])
        #expect(test.endpoints[1] === kept)
        #expect(kept.weight == 4)
        #expect(kept.counters.requests == 3)
        #expect(test.counts(10) == [2, 8])
        #expect(removed.sorted() == ["b0", "c0"])
        #expect(leaving.isRemoved)

        // What happens to it now changes nothing here.
        for _ in 0..<10 { test.upstream.ended(leaving, .reset, latency: 1, now: 0) }
        #expect(!leaving.isEjected)
    }

    @Test func `takes another kind of balance`() {
        let test = UpstreamUnderTest(.roundRobin, weights: [1, 1, 1])
        var changed = test.upstream.configuration
        changed.balance = .maglev
        test.upstream.apply(changed, now: 0)
        #expect(Set((0..<10).map { _ in test.pick(12345) }).count == 1)
    }

    @Test func `hears nothing of endpoints that it doesn't have`() {
        let test = UpstreamUnderTest(.roundRobin, weights: [1, 1])
        test.upstream.learned(UpstreamUnderTest.description(9).identity, isHealthy: false, now: 0)
        #expect(test.endpoints.map(\.isHealthy) == [true, true])
    }

    @Test func `can say what is going on`() throws {
        let test = UpstreamUnderTest(.ewma, weights: [3, 1])
        #expect(test.upstream.admit(now: 0) == nil)
        test.upstream.began(test.endpoints[0], isRetry: true)
        test.end(1, .answered(status: 200), latency: 2_000_000)
        test.end(1, .timedOut, times: 5)
        test.now = second
        var snapshot = test.upstream.snapshot(now: test.now)
        #expect(snapshot.requests == 1)
        #expect(snapshot.endpoints.map(\.server) == ["a0", "b0"])
        #expect(snapshot.endpoints.map(\.address) == ["10.0.0.1:8080", "10.0.0.2:8080"])
        #expect(snapshot.endpoints.map(\.inFlight) == [1, 0])
        #expect(snapshot.endpoints.map(\.share) == [1, 0])
        #expect(snapshot.endpoints[0].counters.retries == 1)
        let ejected = snapshot.endpoints[1]
        #expect(ejected.isEjected)
        #expect(ejected.ejectedFor == 29 * second)
        #expect(ejected.counters.timeouts == 5)
        #expect(ejected.latency > 1_800_000)

        let other = UpstreamUnderTest(.ewma, weights: [3, 1])
        other.end(0, .answered(status: 200))
        snapshot.add(other.upstream.snapshot(now: 0))
        #expect(snapshot.endpoints.map(\.counters.requests) == [2, 6])
        #expect(snapshot.endpoints.map(\.share) == [0.875, 0.125])
        #expect(snapshot.endpoints[1].isEjected)
        #expect(snapshot.endpoints.map(\.loops) == [2, 2])
    }

    @Test("says which share of the requests each endpoint should get", arguments: BalanceKind.allCases)
    func shares(kind: BalanceKind) {
        let shares = UpstreamUnderTest(kind, weights: [1, 3]).upstream.snapshot(now: 0).endpoints.map(\.share)
        #expect(abs(shares[1] - 0.75) < (kind == .ringHash ? 0.1 : 0.001))
        #expect(UpstreamUnderTest(kind, weights: [1]).upstream.snapshot(now: 0).endpoints.map(\.share) == [1])
    }
}
