// SPDX-License-Identifier: Apache-2.0

import Core
import Proxying
import WireHTTP

/// The routes of a proxy, made ready. It never changes; another configuration makes another table.
final class RouteTable: Sendable {
    /// In the order in which they are tried; a route with several hosts stands where the first of them does. The last
    /// may be the one to HTTPS, which nothing has to match.
    let routes: [Route]
    private let redirection: Route?
    private let matcher: RouteMatcher

    /// - Parameter proxy: one without mistakes.
    init(_ proxy: HTTPProxyConfiguration) {
        let ranked = proxy.routes
            .flatMap { name, route in RankedMatch.all(of: route, named: name).map { (match: $0, route: route) } }
            .sorted { $0.match.precedes($1.match) }
        var routes: [Route] = []
        var places: [String: Int] = [:]
        for (match, route) in ranked where places[match.name] == nil {
            places[match.name] = routes.count
            routes.append(Route(match.name, route, index: routes.count, upstreams: proxy.upstreams.names))
        }
        matcher = RouteMatcher(ranked.map { ($0.match, places[$0.match.name] ?? 0) })
        redirection = proxy.redirectToHTTPS.map { port in
            Route(
                HTTPProxyConfiguration.redirectionName, Self.redirection(toPort: port), index: routes.count,
                upstreams: [])
        }
        self.routes = routes + [redirection].compactMap(\.self)
    }

    /// The route of a request, or nil if it has none.
    ///
    /// Throws for a path that programs read in ways which lead to different routes.
    ///
    /// - Parameter isSecure: whether the client came with TLS.
    func match(
        _ head: borrowing HTTPHeadScan, _ bytes: borrowing Span<UInt8>, isSecure: Bool
    ) throws(HTTPSyntaxError) -> Route? {
        if !isSecure, let redirection { return redirection }
        guard let place = try matcher.route(head, bytes) else { return nil }
        return routes[place]
    }

    private static func redirection(toPort port: Int) -> RouteConfiguration {
        var route = RouteConfiguration()
        route.redirect.scheme = .https
        route.redirect.port = port
        route.redirect.status = .movedPermanently
        return route
    }
}
