// SPDX-License-Identifier: Apache-2.0

import Core

/// What the mirrors of one proxy share on all event loops: a comparator for each route that compares answers.
struct MirrorComparators: Sendable {
    private struct Entry: Sendable {
        let configuration: MirrorConfiguration
        let comparator: Comparator
    }

    private let entries: [String: Entry]

    /// - Parameter old: those of the configuration before; what is known of a mirror that didn't change stays known.
    init(_ configuration: HTTPProxyConfiguration, after old: MirrorComparators? = nil) {
        var entries: [String: Entry] = [:]
        for (name, route) in configuration.routes where route.mirror.to != nil && route.mirror.compare {
            let kept = old?.entries[name].flatMap { $0.configuration == route.mirror ? $0 : nil }
            entries[name] = kept ?? Entry(configuration: route.mirror, comparator: Comparator(route.mirror))
        }
        self.entries = entries
    }

    /// That of a route, by its name.
    subscript(route: String) -> Comparator? { entries[route]?.comparator }
}

/// What one route's mirror has done, summed over the event loops.
package struct MirrorSnapshot: Sendable {
    package var route: String
    package var upstream: String
    package var counters = MirrorCounters()
    /// Nil if answers aren't compared.
    package var report: ComparisonReport?
}
