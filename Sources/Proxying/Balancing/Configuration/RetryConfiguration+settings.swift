// SPDX-License-Identifier: Apache-2.0

internal import Core
package import Settings

/// The longest of a retry's durations.
private let durationMax = Duration.seconds(3600)

extension RetryConfiguration {
    /// More tries than this only add to the load that made the first one fail.
    package static let attemptsMax = 10

    package static var settings: SettingGroup<RetryConfiguration> {
        SettingGroup(
            "Which requests are tried again, on another server if there is one.",
            [
                .setting(
                    "attempts", \.attempts, .integer(0...attemptsMax), "Tries after the first one; 0 is none."),
                .setting("on", list: \.on, .choice, "What is a reason to try again."),
                .setting(
                    "per-try-timeout", \.perTryTimeout, .duration(in: .zero...durationMax),
                    "How long a server may take before a try is given up; 0 is as long as the request may take."),
                .setting(
                    "methods", list: \.methods, .choice,
                    "Which methods may be done twice. Requests that no server has seen are tried again whatever they "
                        + "are."),
                .setting(
                    "body", \.body, .byteCount(in: .kibibytes(0)...(.mebibytes(64))),
                    "How much of a request's body is kept for another try; a request with more is tried once."),
                .setting(
                    "backoff", \.backoff, .duration(in: .zero...durationMax),
                    "The longest pause before the second try; before each later one it may be twice as long. The "
                        + "pause itself is any up to that."),
                .setting(
                    "backoff-max", \.backoffMax, .duration(in: .zero...durationMax),
                    "The longest pause before any try."),
            ]
        ).live
    }
}
