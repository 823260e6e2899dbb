// SPDX-License-Identifier: Apache-2.0

package import Core

/// Why the weights of a route can't be set.
package enum SplitChangeError: Error, Sendable, Equatable, CustomStringConvertible {
    case routeUnknown(String, nearest: String?)
    /// It redirects or answers itself.
    case routeDoesNotForward(String)
    case upstreamUnknown(String)
    case weightOutOfRange(upstream: String, weight: Int)
    /// There are no weights, or all are 0.
    case weightMissing

    package var description: String {
        switch self {
        case .routeUnknown(let name, let nearest):
            "there is no route \(Problem.quote(name))"
                + (nearest.map { "; perhaps \(Problem.quote($0)) is meant" } ?? "")
        case .routeDoesNotForward(let name): "the route \(Problem.quote(name)) has no upstreams"
        case .upstreamUnknown(let sentence): sentence
        case .weightOutOfRange(let upstream, let weight):
            "the weight of \(Problem.quote(upstream)) is \(weight), and must be from "
                + "\(RouteConfiguration.weights.lowerBound) to \(RouteConfiguration.weights.upperBound)"
        case .weightMissing: "no upstream has a weight above 0"
        }
    }
}

extension HTTPProxyConfiguration {
    /// The same configuration with other weights for one route; they replace all that it had, also a single `to`.
    package func settingSplit(
        route name: String, weights: NamedTable<Int>
    ) throws(SplitChangeError) -> HTTPProxyConfiguration {
        guard let route = routes[name] else {
            throw .routeUnknown(name, nearest: EditDistance.nearest(to: name, among: routes.names))
        }
        guard !route.shares.isEmpty else { throw .routeDoesNotForward(name) }
        for (upstream, weight) in weights {
            guard upstreams[upstream] != nil else { throw .upstreamUnknown(unknownUpstream(upstream)) }
            guard RouteConfiguration.weights.contains(weight) else {
                throw .weightOutOfRange(upstream: upstream, weight: weight)
            }
        }
        guard weights.values.contains(where: { $0 > 0 }) else { throw .weightMissing }
        var changed = self
        changed.routes[name]?.to = nil
        changed.routes[name]?.split = weights
        return changed
    }
}
