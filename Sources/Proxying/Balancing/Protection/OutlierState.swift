// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// What clients' requests say of one endpoint: a state machine that is told how they ended, and when.
///
/// After so many failures in a row it is ejected. It comes back when its pause is over; each further ejection makes the
/// next pause longer, and each stretch of time without one shorter again.
struct OutlierState: Sendable {
    private var failures = 0
    private var connectFailures = 0
    /// How many pauses the next one is long, less one.
    private var steps: Int64 = 0
    /// When it came back last.
    private var returned: Int64? = nil
    private(set) var ejectedUntil: Int64? = nil

    var isEjected: Bool { ejectedUntil != nil }

    mutating func succeeded() {
        failures = 0
        connectFailures = 0
    }

    /// A request failed; true if that was one too many.
    mutating func failed(_ outcome: ExchangeOutcome, _ rules: OutlierConfiguration) -> Bool {
        guard !isEjected else { return false }
        if outcome == .connectFailed {
            connectFailures += 1
        } else {
            failures += 1
            connectFailures = 0
        }
        return reached(failures, rules.consecutive5xx) || reached(connectFailures, rules.consecutiveConnectFailures)
    }

    private func reached(_ count: Int, _ limit: Int) -> Bool { limit > 0 && count >= limit }

    /// Leaves it alone from now on, and returns for how long.
    mutating func eject(_ now: Int64, _ rules: OutlierConfiguration) -> Int64 {
        if let returned {
            let interval = max(1, TimeAmount(rules.interval).nanoseconds)
            steps = max(0, steps - (now - returned) / interval)
        }
        steps += 1
        let longest = TimeAmount(rules.pauseMax).nanoseconds
        let (product, overflow) = TimeAmount(rules.pause).nanoseconds.multipliedReportingOverflow(by: steps)
        let pause = overflow ? longest : min(product, longest)
        ejectedUntil = now + pause
        succeeded()
        return pause
    }

    /// Whether its pause is over now; said once.
    mutating func takeReturn(_ now: Int64) -> Bool {
        guard let until = ejectedUntil, now >= until else { return false }
        ejectedUntil = nil
        returned = until
        return true
    }

    /// Forgets everything.
    mutating func pardon() { self = OutlierState() }
}
