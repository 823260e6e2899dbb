// SPDX-License-Identifier: Apache-2.0

import Core
import Proxying

/// A proxy's configuration, made ready: the same value is given to every event loop.
struct HTTPProxyPlan: Sendable {
    let configuration: HTTPProxyConfiguration
    let settings: HTTPProxySettings
    let table: RouteTable
    /// What of a request chooses its server, for each upstream that is balanced by hash.
    let balanceKeys: [RequestKey?]
    /// For counting; in the order of `Route.index`.
    let names: HTTPProxyNames
    let comparators: MirrorComparators
    let faults: RouteFaults
    /// TLS towards upstreams, by their names; what isn't here is plain.
    let upstreamTLS: [String: TLSClient]
    /// Weights in `configuration` that nobody has written down.
    let overrides: SplitOverrides

    /// - Parameter old: the plan before: what is known of mirrors and faults that didn't change stays known.
    init(
        _ configuration: HTTPProxyConfiguration, upstreamTLS: [String: TLSClient],
        overrides: SplitOverrides = SplitOverrides(), after old: HTTPProxyPlan? = nil
    ) {
        self.overrides = overrides
        comparators = MirrorComparators(configuration, after: old?.comparators)
        faults = RouteFaults(configuration, after: old?.faults)
        self.configuration = configuration
        self.upstreamTLS = upstreamTLS
        balanceKeys = configuration.upstreams.values.map { $0.balance.isByHash ? RequestKey($0.hash) : nil }
        settings = HTTPProxySettings(configuration)
        table = RouteTable(configuration)
        names = HTTPProxyNames(routes: table.routes.map(\.name), upstreams: configuration.upstreams.names)
    }
}
