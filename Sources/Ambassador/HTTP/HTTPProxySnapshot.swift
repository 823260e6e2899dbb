// SPDX-License-Identifier: Apache-2.0

package import Core
package import Proxying

/// What a proxy is and how it does, of all event loops together.
package struct HTTPProxySnapshot: Sendable {
    /// One side of a route's split, or its only upstream.
    package struct Share: Sendable, Equatable {
        package var upstream: String
        package var weight: Int
        /// What the weights say, from 0 to 1.
        package var wanted: Double
        /// What the requests since the last change of the configuration say; nil if there were none.
        package var measured: Double?
        /// Since the start, as are the next.
        package var requests: UInt64
        package var failures: UInt64
    }

    package struct Route: Sendable, Equatable {
        package var name: String
        /// For people: `shop.example.com GET /checkout x-beta=1`.
        package var match: String
        /// What becomes of its requests where they go to no upstream: `302`, `answers 200`; else nil.
        package var answer: String?
        package var shares: [Share]
        /// The weights in the configuration, where others were set while running; nil: they count.
        package var written: NamedTable<Int>?
        /// Who gets copies, of which part.
        package var mirror: Mirror?
        /// The names of what goes wrong on purpose.
        package var faults: [String]
        /// Since the start, its own answers among them.
        package var requests: UInt64
    }

    package struct Mirror: Sendable, Equatable {
        package var upstream: String
        package var percent: Double
        package var isCompared: Bool
    }

    package var name: String
    package var listen: String
    package var isTLS: Bool
    package var counts: HTTPProxyCounts
    /// In the order in which they are tried.
    package var routes: [Route]
    package var upstreams: [UpstreamSnapshot]
    /// What comparisons of mirrored requests have found, by the route's name.
    package var comparisons: NamedTable<ComparisonReport> = [:]

    /// - Parameters:
    ///   - listen: the address, with the port that the kernel chose.
    ///   - order: the names of the routes in the order in which they are tried.
    package init(
        name: String, listen: String, _ configuration: HTTPProxyConfiguration, order: [String],
        counts: HTTPProxyCounts, upstreams: [UpstreamSnapshot]
    ) {
        self.name = name
        self.listen = listen
        isTLS = configuration.tls.certificate != nil || !configuration.tls.certificates.isEmpty
        self.counts = counts
        routes = order.compactMap { route in
            configuration.routes[route].map { Route(route, $0, counts) }
        }
        self.upstreams = upstreams
    }
}

extension HTTPProxySnapshot.Route {
    fileprivate init(_ name: String, _ route: RouteConfiguration, _ counts: HTTPProxyCounts) {
        self.name = name
        match = route.match.text
        answer = route.answerText
        let own = counts.exchanges.filter { $0.pair.route == name }
        requests = own.reduce(0) { $0 + $1.requests }
        let weights = route.shares
        let total = weights.reduce(0) { $0 + $1.value }
        let measured = weights.map { weight in own.first { $0.pair.upstream == weight.name } }
        let recent = measured.reduce(0) { $0 + ($1?.requestsOfConfiguration ?? 0) }
        shares = zip(weights, measured).map { weight, counted in
            HTTPProxySnapshot.Share(
                upstream: weight.name, weight: weight.value,
                wanted: total > 0 ? Double(weight.value) / Double(total) : 0,
                measured: recent > 0 ? Double(counted?.requestsOfConfiguration ?? 0) / Double(recent) : nil,
                requests: counted?.requests ?? 0, failures: counted?.requests(ofClass: 5) ?? 0)
        }
        mirror = route.mirror.to.map {
            HTTPProxySnapshot.Mirror(
                upstream: $0, percent: route.mirror.percent.value, isCompared: route.mirror.compare)
        }
        faults = route.faults.names
    }
}

extension RouteMatchConfiguration {
    /// Host, method, path, headers and parameters, as far as they are said.
    fileprivate var text: String {
        var words: [String] = []
        if !hosts.isEmpty { words.append(hosts.map(\.description).joined(separator: ",")) }
        if !methods.isEmpty { words.append(methods.joined(separator: ",")) }
        words.append(path.description)
        words += header.map { "\($0.name)=\($0.value)" }
        words += query.map { "?\($0.name)=\($0.value)" }
        return words.joined(separator: " ")
    }
}

extension RouteConfiguration {
    fileprivate var answerText: String? {
        if !redirect.isEmpty { return "redirects with \(redirect.status.rawValue)" }
        return respond.status.map { "answers \($0)" }
    }
}
