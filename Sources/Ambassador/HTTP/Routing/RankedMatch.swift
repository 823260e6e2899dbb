// SPDX-License-Identifier: Apache-2.0

/// A route's match for one of its hosts, and when it is tried.
///
/// The order is that of the Kubernetes Gateway API: the more specific host first, then the exact path, the longer
/// prefix, a method, more headers, more parameters, and of equal ones the first name of the alphabet. `order` comes
/// before all of it.
struct RankedMatch {
    let name: String
    let order: Int
    /// Nil: any.
    let host: HostPattern?
    let match: RouteMatchConfiguration

    /// All matches of a route: one for each host.
    static func all(of route: RouteConfiguration, named name: String) -> [RankedMatch] {
        let hosts: [HostPattern?] = route.match.hosts.isEmpty ? [nil] : route.match.hosts
        return hosts.map { RankedMatch(name: name, order: route.order, host: $0, match: route.match) }
    }

    /// Whether it is tried before another one.
    func precedes(_ other: RankedMatch) -> Bool {
        if order != other.order { return order < other.order }
        for (own, others) in zip(specificity, other.specificity) where own != others { return own > others }
        return name < other.name
    }

    /// What counts before what, each number the higher the more specific.
    private var specificity: [Int] {
        let hostRank =
            switch host {
            case .exact: Int.max
            case .below(let suffix): suffix.utf8.count
            case nil: 0
            }
        var isExact = 0
        if case .exact = match.path { isExact = 1 }
        return [
            hostRank, isExact, match.path.path.utf8.count, match.methods.isEmpty ? 0 : 1, match.header.count,
            match.query.count,
        ]
    }
}
