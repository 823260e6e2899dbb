// SPDX-License-Identifier: Apache-2.0

import Core
import NIOCore
import Testing

@testable import Proxying

@Suite("Retry rules")
struct RetryRulesTests {
    private static func rules(_ on: [RetryCondition], attempts: Int = 1) -> RetryRules {
        var configuration = RetryConfiguration()
        configuration.on = on
        configuration.attempts = attempts
        return RetryRules(configuration)
    }

    @Test(
        "have each condition be a reason for what it names, and nothing else",
        arguments: [
            (RetryCondition.connectFailure, [ExchangeOutcome.connectFailed]), (.reset, [.reset, .malformed]),
            (.timeout, [.timedOut]),
            (.serverError, [500, 502, 503, 504, 599].map { ExchangeOutcome.answered(status: $0) }),
            (.gatewayError, [502, 503, 504].map { ExchangeOutcome.answered(status: $0) }),
            (.tooManyRequests, [.answered(status: 429)]),
        ])
    func conditions(condition: RetryCondition, reasons: [ExchangeOutcome]) {
        let all: [ExchangeOutcome] =
            [.connectFailed, .reset, .malformed, .timedOut, .abandoned]
            + [200, 404, 429, 500, 502, 503, 504, 599].map { .answered(status: $0) }
        let rules = Self.rules([condition])
        for outcome in all {
            #expect(rules.wantsAnother(after: outcome, method: .get, tries: 1) == reasons.contains(outcome))
        }
        for case .answered(let status) in all {
            #expect(rules.isReason(status: status) == reasons.contains(.answered(status: status)))
        }
    }

    @Test func `end with the tries`() {
        let rules = Self.rules([.reset], attempts: 2)
        #expect((1...3).map { rules.wantsAnother(after: .reset, method: .get, tries: $0) } == [true, true, false])
        #expect(!Self.rules([.reset], attempts: 0).wantsAnother(after: .reset, method: .get, tries: 1))
        #expect(!Self.rules([]).isReason(status: 503))
    }

    @Test func `repeat what must not be done twice only if no server has seen it`() {
        let rules = Self.rules([.reset, .connectFailure])
        #expect(!rules.wantsAnother(after: .reset, method: .post, tries: 1))
        #expect(!rules.wantsAnother(after: .reset, method: nil, tries: 1))
        #expect(rules.wantsAnother(after: .reset, method: .post, tries: 1, isUnsent: true))
        #expect(rules.wantsAnother(after: .connectFailed, method: nil, tries: 1))
    }

    @Test func `know methods by their bytes`() {
        for method in RetryMethod.allCases { #expect(RetryMethod(method.rawValue.utf8.span) == method) }
        for name in ["", "G", "GETS", "get", "HEAP", "PUSH", "PATCHES", "CONNECT", "PROPFIND", "XXX"] {
            #expect(RetryMethod(name.utf8.span) == nil)
        }
    }

    @Test func `pause up to a limit that doubles`() {
        var configuration = RetryConfiguration()
        configuration.backoff = .milliseconds(10)
        configuration.backoffMax = .milliseconds(35)
        let rules = RetryRules(configuration)
        var random = SmallGenerator(seed: 1)
        for (tries, limit) in [(1, 10), (2, 20), (3, 35), (50, 35)] {
            let pauses = (0..<1000).map { _ in rules.pause(afterTries: tries, &random) }
            #expect(pauses.allSatisfy { $0 <= .milliseconds(Int64(limit)) })
            #expect(pauses.contains { $0 > .milliseconds(Int64(limit) * 9 / 10) })
        }
        configuration.backoff = .zero
        #expect(RetryRules(configuration).pause(afterTries: 1, &random) == .zero)
    }

    @Test func `are made of the configuration`() {
        var configuration = RetryConfiguration()
        #expect(RetryRules(configuration).perTryTimeout == nil)
        configuration.perTryTimeout = .seconds(2)
        configuration.body = .kibibytes(1)
        let rules = RetryRules(configuration)
        #expect(rules.perTryTimeout == .seconds(2))
        #expect(rules.bodyBytesMax == 1024)
        #expect(rules.attempts == 1)
    }
}
