// SPDX-License-Identifier: Apache-2.0

/// What one mirror has done on one event loop.
package struct MirrorCounters: Sendable, Equatable {
    /// Copies that were sent.
    package var sent: UInt64 = 0
    package var answered: UInt64 = 0
    /// Without an answer: closed, no HTTP, refused; or not sent, as its head isn't HTTP any more.
    package var failed: UInt64 = 0
    /// Without an answer in time.
    package var expired: UInt64 = 0
    /// Requests that weren't copied because as many copies as may were waiting or on their way, or as much was kept.
    package var full: UInt64 = 0
    /// Requests that weren't copied because the shadow can't be reached.
    package var unreachable: UInt64 = 0
    /// Requests that were too long to be kept.
    package var long: UInt64 = 0
    /// Responses that were too long to be compared.
    package var longResponses: UInt64 = 0
    /// Requests that were asked again where they belong, to measure noise.
    package var repeated: UInt64 = 0

    package init() {}

    package static func += (sum: inout MirrorCounters, other: MirrorCounters) {
        sum.sent += other.sent
        sum.answered += other.answered
        sum.failed += other.failed
        sum.expired += other.expired
        sum.full += other.full
        sum.unreachable += other.unreachable
        sum.long += other.long
        sum.longResponses += other.longResponses
        sum.repeated += other.repeated
    }

    /// The counts by what became of requests, for metrics and answers.
    package var outcomes: [(name: String, count: UInt64)] {
        [
            ("answered", answered), ("failed", failed), ("expired", expired), ("full", full),
            ("unreachable", unreachable), ("long", long),
        ]
    }
}
