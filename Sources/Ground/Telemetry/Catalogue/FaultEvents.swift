// SPDX-License-Identifier: Apache-2.0

import Logging

// What is said of faults on purpose.
extension LogEvent {
    /// `place`: what has them, such as `redis.cache` or `http.web.checkout`.
    package static func faultsConfigured(at place: String, _ names: [String]) -> LogEvent {
        LogEvent(
            "ambassador.faults.configured", .warning,
            "Some requests are delayed or fail on purpose: faults are configured.",
            ["at": .string(place), "faults": .string(names.joined(separator: " "))])
    }
}
