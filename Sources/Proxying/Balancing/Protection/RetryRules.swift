// SPDX-License-Identifier: Apache-2.0

internal import Core
package import NIOCore

/// Which tries are followed by another one: a configuration, made ready for being asked.
package struct RetryRules: Sendable, Equatable {
    /// Tries after the first one.
    package let attempts: Int
    /// Nil: a try may take as long as the request.
    package let perTryTimeout: TimeAmount?
    package let bodyBytesMax: Int
    private let conditions: UInt16
    private let methods: UInt16
    private let backoff: Int64
    private let backoffMax: Int64

    package init(_ configuration: RetryConfiguration) {
        attempts = configuration.on.isEmpty ? 0 : configuration.attempts
        perTryTimeout = configuration.perTryTimeout > .zero ? TimeAmount(configuration.perTryTimeout) : nil
        bodyBytesMax = configuration.body.bytes
        conditions = configuration.on.reduce(0) { $0 | $1.bit }
        methods = configuration.methods.reduce(0) { $0 | $1.bit }
        backoff = TimeAmount(configuration.backoff).nanoseconds
        backoffMax = TimeAmount(configuration.backoffMax).nanoseconds
    }

    /// Whether a request whose try ended so is tried again.
    ///
    /// - Parameters:
    ///   - method: nil if it is none that can be repeated.
    ///   - tries: how many there have been.
    ///   - isUnsent: no server can have seen the request, so that its method doesn't matter.
    package func wantsAnother(
        after outcome: ExchangeOutcome, method: RetryMethod?, tries: Int, isUnsent: Bool = false
    ) -> Bool {
        guard tries <= attempts, isReason(outcome) else { return false }
        return isUnsent || outcome == .connectFailed || method.map { methods & $0.bit != 0 } == true
    }

    /// Whether an answer with this status may be followed by another try, so that it mustn't be passed on yet.
    package func isReason(status: Int) -> Bool { attempts > 0 && isReason(.answered(status: status)) }

    private func isReason(_ outcome: ExchangeOutcome) -> Bool {
        switch outcome {
        case .answered(let status) where status >= 500:
            has(.serverError) || (502...504).contains(status) && has(.gatewayError)
        case .answered(let status): status == 429 && has(.tooManyRequests)
        case .connectFailed: has(.connectFailure)
        case .reset, .malformed: has(.reset)
        case .timedOut: has(.timeout)
        case .abandoned: false
        }
    }

    private func has(_ condition: RetryCondition) -> Bool { conditions & condition.bit != 0 }

    /// The pause before another try: any up to a limit that doubles with each, so that many clients don't come at once.
    package func pause(afterTries tries: Int, _ random: inout SmallGenerator) -> TimeAmount {
        let longest = min(backoffMax, backoff << Int64(min(max(0, tries - 1), RetryConfiguration.attemptsMax)))
        return .nanoseconds(Int64(random.next() % UInt64(longest + 1)))
    }
}

extension RetryCondition {
    fileprivate var bit: UInt16 {
        switch self {
        case .connectFailure: 1
        case .reset: 2
        case .timeout: 4
        case .serverError: 8
        case .gatewayError: 16
        case .tooManyRequests: 32
        }
    }
}

extension RetryMethod {
    /// The method of a request, as it stands in its first line; nil for one that is never repeated.
    package init?(_ name: borrowing Span<UInt8>) {
        guard name.count >= 3, name.count <= 7 else { return nil }
        // Two bytes tell them apart; the rest is compared.
        let candidate: RetryMethod? =
            switch (name[0], name[1]) {
            case (UInt8(ascii: "G"), _): .get
            case (UInt8(ascii: "H"), _): .head
            case (UInt8(ascii: "O"), _): .options
            case (UInt8(ascii: "T"), _): .trace
            case (UInt8(ascii: "D"), _): .delete
            case (UInt8(ascii: "P"), UInt8(ascii: "U")): .put
            case (UInt8(ascii: "P"), UInt8(ascii: "O")): .post
            case (UInt8(ascii: "P"), UInt8(ascii: "A")): .patch
            default: nil
            }
        guard let candidate, candidate.hasName(name) else { return nil }
        self = candidate
    }

    private func hasName(_ bytes: borrowing Span<UInt8>) -> Bool {
        let name = rawValue.utf8
        guard name.count == bytes.count else { return false }
        for (index, byte) in name.enumerated() where bytes[index] != byte { return false }
        return true
    }

    fileprivate var bit: UInt16 {
        switch self {
        case .get: 1
        case .head: 2
        case .options: 4
        case .trace: 8
        case .put: 16
        case .delete: 32
        case .post: 64
        case .patch: 128
        }
    }
}
