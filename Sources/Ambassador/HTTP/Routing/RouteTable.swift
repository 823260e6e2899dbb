// SPDX-License-Identifier: Apache-2.0

internal import Proxying
package import WireHTTP

/// The routes of a proxy, made ready. It never changes; another configuration makes another table.
package final class RouteTable: Sendable {
    /// In the order in which they are tried; a route with several hosts stands where the first of them does.
    package let routes: [Route]
    /// For the answers that the proxy itself gives because something is wrong.
    package let responseEdits: FieldEdits
    package let configuration: HTTPProxyConfiguration
    private let matcher: RouteMatcher

    /// - Parameters:
    ///   - proxy: one without mistakes.
    ///   - isEncrypted: whether clients come with TLS; nil: if there is a certificate.
    package init(_ proxy: HTTPProxyConfiguration, isEncrypted: Bool? = nil) {
        let isEncrypted = isEncrypted ?? (proxy.tls.certificate != nil || !proxy.tls.certificates.isEmpty)
        let context = RouteContext(proxy, isEncrypted: isEncrypted)
        let configured = isEncrypted ? nil : proxy.redirectToHTTPS.map(Self.redirection)
        let ranked = (configured ?? proxy.routes.map { ($0.name, $0.value) })
            .flatMap { name, route in RankedMatch.all(of: route, named: name).map { (match: $0, route: route) } }
            .sorted { $0.match.precedes($1.match) }
        var routes: [Route] = []
        var places: [String: Int] = [:]
        for (match, route) in ranked where places[match.name] == nil {
            places[match.name] = routes.count
            routes.append(Route(match.name, route, index: routes.count, in: context))
        }
        self.routes = routes
        matcher = RouteMatcher(ranked.map { ($0.match, places[$0.match.name] ?? 0) })
        responseEdits = FieldEdits([context.responseHeaders])
        configuration = proxy
    }

    /// The route of a request, or nil if it has none.
    ///
    /// Throws for a path that programs read in ways which lead to different routes.
    package func match(
        _ head: borrowing HTTPHeadScan, _ bytes: borrowing Span<UInt8>
    ) throws(HTTPSyntaxError) -> Route? {
        guard let place = try matcher.route(head, bytes) else { return nil }
        return routes[place]
    }

    /// The one route of those who should have come with TLS.
    private static func redirection(toPort port: Int) -> [(String, RouteConfiguration)] {
        var route = RouteConfiguration()
        route.redirect.scheme = .https
        route.redirect.port = port
        route.redirect.status = .movedPermanently
        return [("redirect-to-https", route)]
    }
}
