// SPDX-License-Identifier: Apache-2.0

import TestKit
import Testing

@testable import Proxying

@Suite("An upstream that is overloaded")
struct ProtectionTests {
    private static func test(_ change: (inout UpstreamConfiguration) -> Void) -> UpstreamUnderTest {
        UpstreamUnderTest(.leastRequest, weights: [1, 1], change)
    }

    @Test func `refuses requests beyond its limit until others are over`() {
        let upstream = Self.test { $0.limits.requests = 2 }.upstream
        #expect(upstream.admit(now: 0) == nil)
        #expect(upstream.admit(now: 0) == nil)
        #expect(upstream.admit(now: 0) == .requests(limit: 2))
        #expect(upstream.breaker.refusals.requests == 1)
        upstream.completed()
        #expect(upstream.admit(now: 0) == nil)
    }

    @Test func `counts requests that couldn't even wait for a connection`() {
        let upstream = Self.test { $0.limits.pending = 1 }.upstream
        #expect(upstream.refuseWaiting() == .pending(limit: 1))
        #expect(upstream.breaker.refusals.pending == 1)
    }

    @Test func `refuses retries beyond their limit`() {
        let upstream = Self.test { $0.limits.retries = 1 }.upstream
        #expect(upstream.admitRetry(now: 0) == nil)
        #expect(upstream.admitRetry(now: 0) == .retries(limit: 1))
        upstream.retryCompleted()
        #expect(upstream.admitRetry(now: 0) == nil)
        #expect(upstream.breaker.refusals.retries == 1)
    }

    @Test func `refuses retries beyond its budget, and holds none for them`() {
        let upstream = Self.test { $0.retryBudget = RetryBudgetConfiguration(share: 50, minimum: 0) }.upstream
        for _ in 0..<4 { #expect(upstream.admit(now: 0) == nil) }
        #expect(upstream.admitRetry(now: 0) == nil)
        #expect(upstream.admitRetry(now: 0) == nil)
        #expect(upstream.admitRetry(now: 0) == .retryBudget(share: 50))
        #expect(upstream.breaker.retries == 2)
        #expect(upstream.breaker.refusals.retryBudget == 1)
    }

    @Test func `takes changed limits at once`() {
        let upstream = Self.test { $0.limits.requests = 1 }.upstream
        #expect(upstream.admit(now: 0) == nil)
        #expect(upstream.admit(now: 0) != nil)
        var changed = upstream.configuration
        changed.limits.requests = 2
        upstream.apply(changed, now: 0)
        #expect(upstream.admit(now: 0) == nil)
    }

    @Test(
        "Each refusal has a name and a sentence that names its setting",
        arguments: [
            (UpstreamRefusal.requests(limit: 1), "requests", "limits.requests"),
            (.pending(limit: 1), "pending", "limits.pending"),
            (.retries(limit: 1), "retries", "limits.retries"),
            (.retryBudget(share: 20), "retry-budget", "retry-budget.share"),
        ])
    func refusals(refusal: UpstreamRefusal, name: String, setting: String) {
        #expect(refusal.name == name)
        #expect(refusal.description.contains(setting))
    }

    // MARK: Budget

    @Test func `gives a budget that is a part of the requests of the last ten seconds`() {
        let budget = Machine(RetryBudget(RetryBudgetConfiguration(share: 20, minimum: 0)))
        func requests(_ count: Int, at now: Int64) { for _ in 0..<count { budget { $0.requestBegan(now) } } }
        func retries(_ count: Int, at now: Int64) -> Int { (0..<count).count { _ in budget { $0.takeRetry(now) } } }
        requests(10, at: 0)
        #expect(retries(3, at: 0) == 2)
        requests(10, at: 5 * second)
        #expect(retries(3, at: 5 * second) == 2)
        // The first ten requests are forgotten with their two retries.
        #expect(retries(1, at: 10 * second) == 0)
        requests(5, at: 10 * second)
        #expect(retries(2, at: 10 * second) == 1)
        #expect(retries(1, at: 100 * second) == 0)
    }

    @Test func `gives a budget that has a few retries in any second, however few requests there are`() {
        let budget = Machine(RetryBudget(RetryBudgetConfiguration(share: 0, minimum: 3)))
        #expect((0..<31).count { _ in budget { $0.takeRetry(0) } } == 30)
        #expect((0..<31).count { _ in budget { $0.takeRetry(20 * second) } } == 30)
    }
}

extension RetryBudgetConfiguration {
    fileprivate init(share: Int, minimum: Int) {
        self.init()
        self.share = share
        self.minimum = minimum
    }
}
