// SPDX-License-Identifier: Apache-2.0

import TestKit
import Testing

@testable import Proxying

@Suite("Endpoints that fail")
struct EjectionTests {
    private static func test(
        _ weights: [Int] = [1, 1, 1, 1], _ change: (inout UpstreamConfiguration) -> Void = { _ in }
    ) -> UpstreamUnderTest {
        UpstreamUnderTest(.roundRobin, weights: weights, change)
    }

    @Test(
        "are left alone after five failures in a row",
        arguments: [ExchangeOutcome.answered(status: 500), .answered(status: 599), .reset, .timedOut, .malformed])
    func failures(outcome: ExchangeOutcome) {
        let test = Self.test()
        test.end(1, outcome, times: 4)
        test.end(1, .answered(status: 404))
        test.end(1, outcome, times: 4)
        #expect(!test.endpoints[1].isEjected)
        test.end(1, outcome)
        #expect(test.endpoints[1].isEjected)
        #expect(test.counts(300) == [100, 0, 100, 100])
        #expect(test.endpoints[1].counters.failures == 9)
        #expect(test.endpoints[1].counters.ejections == 1)
    }

    @Test func `are left alone after three connections that couldn't be made`() {
        let test = Self.test()
        test.end(1, .connectFailed, times: 2)
        test.end(1, .answered(status: 503))
        test.end(1, .connectFailed, times: 2)
        #expect(!test.endpoints[1].isEjected)
        test.end(1, .connectFailed)
        #expect(test.endpoints[1].isEjected)
        #expect(test.endpoints[1].counters.connectFailures == 5)
    }

    @Test func `aren't judged by requests that somebody gave up`() {
        let test = Self.test()
        test.end(1, .abandoned, times: 100)
        #expect(!test.endpoints[1].isEjected)
        #expect(test.endpoints[1].counters.failures == 0)
        #expect(test.endpoints[1].inFlight == 0)
    }

    @Test func `come back when their pause is over, and pause longer the next time`() {
        let test = Self.test()
        test.end(0, .reset, times: 5)
        test.now = 30 * second - 1
        #expect(!Set((0..<10).map { _ in test.pick() }).contains(0))
        test.now = 30 * second
        #expect(Set((0..<10).map { _ in test.pick() }).contains(0))
        test.end(0, .reset, times: 5)
        test.now += 60 * second - 1
        #expect(!Set((0..<10).map { _ in test.pick() }).contains(0))
        test.now += 1
        #expect(Set((0..<10).map { _ in test.pick() }).contains(0))
        #expect(!test.endpoints[0].isEjected)
    }

    @Test func `pause no longer than the limit, and less again after doing well`() {
        let rules = OutlierConfiguration()
        let state = Machine(OutlierState())
        var now: Int64 = 0
        for number in 1...12 {
            let pause = state { $0.eject(now, rules) }
            #expect(pause == min(Int64(number) * 30, 300) * second)
            now += pause
            #expect(state { $0.takeReturn(now) })
            #expect(state { $0.takeReturn(now) } == false)
        }
        // Ten steps of ten seconds are forgotten; of the twelve two are left, and this one.
        #expect(state { $0.eject(now + 100 * second, rules) } == 90 * second)
    }

    @Test func `are at most half of all, and of two one`() {
        let test = Self.test([1, 1, 1, 1, 1])
        for index in 0..<5 { test.end(index, .reset, times: 10) }
        #expect(test.endpoints.map(\.isEjected) == [true, true, false, false, false])
        let two = Self.test([1, 1]) { $0.ejection.shareMax = 0 }
        for index in 0..<2 { two.end(index, .reset, times: 10) }
        #expect(two.endpoints.map(\.isEjected) == [true, false])
    }

    @Test func `are never left alone if there is no other`() {
        let test = Self.test([1])
        test.end(0, .reset, times: 100)
        #expect(!test.endpoints[0].isEjected)
        #expect(test.pick() == 0)
    }

    @Test func `are left alone for what is switched on`() {
        let test = Self.test { $0.ejection.enabled = false }
        test.end(0, .reset, times: 100)
        #expect(!test.endpoints[0].isEjected)
        let other = Self.test {
            $0.ejection.consecutive5xx = 0
            $0.ejection.consecutiveConnectFailures = 1
        }
        other.end(0, .reset, times: 100)
        #expect(!other.endpoints[0].isEjected)
        other.end(0, .connectFailed)
        #expect(other.endpoints[0].isEjected)
    }

    @Test func `are pardoned when ejection is switched off`() {
        let test = Self.test()
        test.end(0, .reset, times: 5)
        var changed = test.upstream.configuration
        changed.ejection.enabled = false
        test.upstream.apply(changed, now: 0)
        #expect(!test.endpoints[0].isEjected)
        #expect(test.counts(400) == [100, 100, 100, 100])
    }

    // MARK: Health and panic

    @Test func `get nothing while checks say that they are ill`() {
        let test = Self.test()
        test.upstream.learned(test.endpoints[3].identity, isHealthy: false, now: 0)
        #expect(test.counts(300) == [100, 100, 100, 0])
        test.upstream.learned(test.endpoints[3].identity, isHealthy: true, now: 0)
        #expect(test.counts(400) == [100, 100, 100, 100])
    }

    @Test func `are all used if fewer than half are well`() {
        let test = Self.test()
        for index in 0..<2 { test.upstream.learned(test.endpoints[index].identity, isHealthy: false, now: 0) }
        #expect(!test.upstream.isPanicking)
        #expect(test.counts(200) == [0, 0, 100, 100])
        test.upstream.learned(test.endpoints[2].identity, isHealthy: false, now: 0)
        #expect(test.upstream.isPanicking)
        #expect(test.counts(400) == [100, 100, 100, 100])
    }

    @Test func `are used only if none is well, where that is wanted`() {
        let test = Self.test { $0.panicBelow = 0 }
        for index in 0..<3 { test.upstream.learned(test.endpoints[index].identity, isHealthy: false, now: 0) }
        #expect(test.counts(100) == [0, 0, 0, 100])
        test.upstream.learned(test.endpoints[3].identity, isHealthy: false, now: 0)
        #expect(test.counts(400) == [100, 100, 100, 100])
    }

    @Test func `are as ill as several checks in a row say, the first one alone`() {
        var rules = HealthCheckConfiguration()
        (rules.healthy, rules.unhealthy) = (2, 3)
        func changes(_ outcomes: [Bool], _ state: Machine<HealthCheckState>) -> [Bool] {
            outcomes.map { isWell in state { $0.learned(isWell, rules) } }
        }
        let state = Machine(HealthCheckState())
        #expect(changes([false], state) == [true])
        #expect(!state.value.isHealthy)
        #expect(changes([true, false, true, true], state) == [false, false, false, true])
        #expect(state.value.isHealthy)
        let firmness = [false, false, true, false, false, false]
        #expect(changes(firmness, state) == [false, false, false, false, false, true])
        #expect(changes([true, false, false, false], Machine(HealthCheckState())) == [false, false, false, true])
    }

    // MARK: Slow start

    @Test func `take a new endpoint's share slowly up to the whole`() {
        let test = UpstreamUnderTest(.random, weights: [1, 1]) { $0.slowStart = .seconds(10) }
        test.now = 100 * second
        test.upstream.apply(UpstreamUnderTest.descriptions([1, 1, 1]), now: test.now)
        var shares: [Double] = []
        for _ in 0...5 {
            shares.append(Double(test.counts(20_000)[2]) / 20_000)
            test.now += 2 * second
        }
        for (share, part) in zip(shares, [0.1, 0.2, 0.4, 0.6, 0.8, 1.0]) {
            #expect(abs(share - part / (2 + part)) < 0.015)
        }
        #expect(test.upstream.choiceEnds == .max)
    }

    @Test func `have their shares at once when they are the first`() {
        let test = UpstreamUnderTest(.random, weights: [1, 3]) { $0.slowStart = .seconds(10) }
        #expect(abs(test.counts(20_000)[1] - 15_000) < 300)
    }

    @Test func `start slowly when they come back`() {
        let test = UpstreamUnderTest(.roundRobin, weights: [1, 1]) { $0.slowStart = .seconds(10) }
        test.end(0, .reset, times: 5)
        test.now = 30 * second
        #expect(test.counts(110) == [10, 100])
        test.now += 10 * second
        #expect(test.counts(100) == [50, 50])
    }
}
