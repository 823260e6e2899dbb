// SPDX-License-Identifier: Apache-2.0

import Core
import Logging
internal import Telemetry

/// What goes wrong on purpose on the routes of one proxy, by their names; the same for all event loops.
struct RouteFaults: Sendable {
    private struct Entry: Sendable {
        let configuration: NamedTable<FaultConfiguration>
        let injector: FaultInjector
    }

    private let entries: [String: Entry]

    /// - Parameter old: those of the configuration before; faults that didn't change go on counting.
    init(_ configuration: HTTPProxyConfiguration, after old: RouteFaults? = nil) {
        var entries: [String: Entry] = [:]
        for (name, route) in configuration.routes {
            if let kept = old?.entries[name], kept.configuration == route.faults {
                entries[name] = kept
            } else if let injector = FaultInjector(route.faults) {
                entries[name] = Entry(configuration: route.faults, injector: injector)
            }
        }
        self.entries = entries
    }

    /// Those of a route; nil if it has none.
    subscript(route: String) -> FaultInjector? { entries[route]?.injector }

    /// Says loudly that requests of a proxy fail on purpose, of those routes for which it wasn't said before.
    func tell(of proxy: String, after old: RouteFaults?, to logger: Logger) {
        for (route, entry) in entries.sorted(by: { $0.key < $1.key })
        where old?.entries[route]?.injector !== entry.injector {
            logger.emit(.faultsConfigured(at: "http.\(proxy).\(route)", entry.configuration.names))
        }
    }

    /// How many requests each fault has hit.
    var hits: [(route: String, fault: String, count: Int)] {
        entries.sorted { $0.key < $1.key }.flatMap { route, entry in
            entry.injector.hits.map { (route, $0.fault, $0.count) }
        }
    }
}
