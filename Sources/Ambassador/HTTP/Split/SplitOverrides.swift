// SPDX-License-Identifier: Apache-2.0

package import Core

/// Weights that were set while a proxy runs, in the place of those that are written.
///
/// Another configuration keeps them for each route of which it says the same as the one before; whoever writes other
/// weights means those.
package struct SplitOverrides: Sendable, Equatable {
    private struct Override: Equatable {
        /// What is written of the route.
        var written: NamedTable<Int>
        var weights: NamedTable<Int>
    }

    private var overrides: NamedTable<Override> = [:]

    /// What is written of the routes that have other weights, by the routes' names.
    package var written: NamedTable<NamedTable<Int>> {
        overrides.reduce(into: [:]) { written, override in written[override.name] = override.value.written }
    }

    /// Notes other weights for a route; those that are written end what was set before.
    ///
    /// - Parameter configuration: the one that counts up to now.
    mutating func set(_ weights: NamedTable<Int>, route: String, in configuration: HTTPProxyConfiguration) {
        let written = overrides[route]?.written ?? configuration.routes[route]?.shares ?? [:]
        overrides[route] = written.isSame(as: weights) ? nil : Override(written: written, weights: weights)
    }

    /// Puts the weights into a configuration that was read, and forgets those whose route is another now.
    ///
    /// - Returns: The names of the routes that follow what is written again.
    mutating func apply(to configuration: inout HTTPProxyConfiguration) -> [String] {
        var ended: [String] = []
        for (route, override) in overrides {
            let shares = configuration.routes[route]?.shares ?? [:]
            if override.written.isSame(as: shares),
                // It can fail only where an upstream has gone.
                let changed = try? configuration.settingSplit(route: route, weights: override.weights)
            {
                configuration = changed
            } else {
                overrides[route] = nil
                ended.append(route)
            }
        }
        return ended
    }
}

extension NamedTable where Value == Int {
    /// Whether all have the same weights, whatever their order. One that gets nothing is as one that isn't there.
    fileprivate func isSame(as other: NamedTable<Int>) -> Bool { counted == other.counted }

    private var counted: [String: Int] {
        Dictionary(filter { $0.value > 0 }.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
    }
}
