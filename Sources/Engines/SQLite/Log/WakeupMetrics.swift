// SPDX-License-Identifier: Apache-2.0

import Metrics

/// The handles of the figures about watches, made once.
struct WakeupMetrics: Sendable {
    /// What a watch was told of appends by.
    enum Source: String, Sendable { case local, neighbour, poll }

    private let local = Self.make(.local)
    private let neighbour = Self.make(.neighbour)
    private let poll = Self.make(.poll)
    /// Neighbours that weren't woken because many wake-ups wait for them already.
    let dropped = Counter(label: "outrigger_eventlog_wakeups_dropped_total")

    func wakeups(_ source: Source) -> Counter {
        switch source {
        case .local: local
        case .neighbour: neighbour
        case .poll: poll
        }
    }

    private static func make(_ source: Source) -> Counter {
        Counter(label: "outrigger_eventlog_wakeups_total", dimensions: [("source", source.rawValue)])
    }
}
