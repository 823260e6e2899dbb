// SPDX-License-Identifier: Apache-2.0

import Core
package import Logging
import NIOCore
package import Proxying
import Synchronization
package import Telemetry

/// The room's beginning and end: one address behind which HTTP servers stand.
///
/// A request's path: `HTTPProxyClient` reads it, `RouteTable` says what becomes of it, `WeightedSplit` which upstream
/// gets it, `Upstream` which of its servers, `RelayConnections` over which connection; the response goes back over the
/// same client. All of it happens on the event loop that the client came to.
package final class HTTPProxy: Sendable {
    package let name: String
    private let group: EpollEventLoopGroup
    private let listener: HTTPProxyListener
    private let tracer: Tracer
    private let logger: Logger
    let plan: Mutex<HTTPProxyPlan>
    let loops = ClientLoops<HTTPProxyLoop>()
    /// The change of configuration that was begun last.
    let changes = Mutex<Task<Void, Never>?>(nil)
    private let topologies: Mutex<[String: UpstreamTopology]>
    /// Nil: nothing is written down.
    let accessLog: AccessLogFile?
    private let port = Mutex(0)

    /// - Parameters:
    ///   - tls: ends TLS of clients; nil is plain.
    ///   - upstreamTLS: TLS towards upstreams, by their names; what isn't here is plain.
    ///   - accessLog: where requests are written down; it ends with the proxy.
    ///   - tracer: records what becomes of requests.
    package init(
        name: String, configuration: HTTPProxyConfiguration, tls: TLSServer? = nil,
        upstreamTLS: [String: TLSClient] = [:], accessLog: AccessLogFile? = nil, tracer: Tracer = .off,
        group: EpollEventLoopGroup, logger: Logger
    ) {
        self.name = name
        self.tracer = tracer
        self.accessLog = accessLog
        self.group = group
        self.logger = logger
        let plan = HTTPProxyPlan(configuration, upstreamTLS: upstreamTLS)
        self.plan = Mutex(plan)
        topologies = Mutex(
            Dictionary(
                uniqueKeysWithValues: configuration.upstreams.map { upstream in
                    let topology = UpstreamTopology(
                        name: upstream.name, configuration: upstream.value, tls: upstreamTLS[upstream.name],
                        logger: logger, eventLoopGroup: group)
                    return (upstream.name, topology)
                }))
        listener = HTTPProxyListener(configuration, group: group, tls: tls)
    }

    /// Takes the address and serves; returns the port (0 for a socket's path).
    @discardableResult
    package func start() async throws(ListenError) -> Int {
        let (plan, topologies) = (plan.withLock { $0 }, topologies.withLock { $0 })
        plan.faults.tell(of: name, after: nil, to: logger)
        await withTaskGroup { group in
            for topology in topologies.values { group.addTask { await topology.start() } }
        }
        await loops.start(group) { [name, accessLog, tracer, logger] eventLoop in
            HTTPProxyLoop(
                name: name, eventLoop, plan, topologies, accessLog: accessLog, tracer: tracer, logger: logger)
        }
        let port = try await listener.start { [loops] in loops.loop(on: $0) }
        self.port.withLock { $0 = port }
        return port
    }

    /// Where it listens, with the port that the kernel chose.
    var address: String { plan.withLock { $0.configuration.listen }.bound(to: port.withLock { $0 }) }

    /// The servers of all its upstreams.
    package var servers: [ServerAddress] {
        plan.withLock { $0.configuration }.upstreams.flatMap { $0.value.servers.map(\.value.address) }
    }

    /// TLS towards upstreams, by their names.
    package var upstreamTLS: [String: TLSClient] { plan.withLock { $0.upstreamTLS } }

    /// Has requests that begin from now on follow another configuration. Weights that were set while running stay where
    /// it says nothing else of their routes.
    ///
    /// - Parameter upstreamTLS: TLS towards upstreams, by their names; what isn't here is plain.
    package func apply(_ configuration: HTTPProxyConfiguration, upstreamTLS: [String: TLSClient]) {
        change { old in
            var (effective, overrides) = (configuration, old.overrides)
            for route in overrides.apply(to: &effective) {
                logger.emit(.splitOverrideEnded(proxy: name, route: route))
            }
            return HTTPProxyPlan(effective, upstreamTLS: upstreamTLS, overrides: overrides, after: old)
        }
    }

    /// Has requests that begin from now on follow another plan.
    func change<Failure>(_ make: (HTTPProxyPlan) throws(Failure) -> HTTPProxyPlan) throws(Failure) {
        try plan.withLock { plan throws(Failure) in
            let old = plan
            let new = try make(old)
            plan = new
            new.faults.tell(of: name, after: old.faults, to: logger)
            changes.withLock { before in
                before = Task { [before] in
                    // One after the other, in their order.
                    await before?.value
                    await follow(new)
                }
            }
        }
    }

    private func follow(_ plan: HTTPProxyPlan) async {
        let before = topologies.withLock { $0 }
        var after: [String: UpstreamTopology] = [:]
        for (name, upstream) in plan.configuration.upstreams {
            if let kept = before[name] {
                await kept.apply(upstream, tls: plan.upstreamTLS[name])
                after[name] = kept
            } else {
                let topology = UpstreamTopology(
                    name: name, configuration: upstream, tls: plan.upstreamTLS[name], logger: logger,
                    eventLoopGroup: group)
                await topology.start()
                after[name] = topology
            }
        }
        topologies.withLock { [after] in $0 = after }
        loops.tell { [after] in $0.apply(plan, after) }
        for (name, topology) in before where after[name] == nil { topology.end() }
    }

    /// What the mirrors have done up to now, of all loops together.
    package func mirrors() async -> [MirrorSnapshot] {
        let plan = plan.withLock { $0 }
        var snapshots: [MirrorSnapshot] = []
        let counts = await loops.ask { loop in
            loop.mirrors.compactMap { $0.map { ($0.route, $0.shadow.name, $0.counters) } }
        }
        for (route, upstream, counters) in counts.joined() {
            if let index = snapshots.firstIndex(where: { $0.route == route }) {
                snapshots[index].counters += counters
            } else {
                snapshots.append(
                    MirrorSnapshot(
                        route: route, upstream: upstream, counters: counters,
                        report: plan.comparators[route]?.report()))
            }
        }
        for index in snapshots.indices {
            let counters = snapshots[index].counters
            snapshots[index].report?.long = Int(counters.longResponses)
            snapshots[index].report?.repeated = Int(counters.repeated)
        }
        return snapshots
    }

    /// How many requests each fault on purpose has hit.
    package var faults: [(route: String, fault: String, count: Int)] { plan.withLock { $0.faults.hits } }

    /// Takes no more clients, lets those that are there have their responses, and closes what is left after `time`.
    package func drain(within time: Duration) async {
        await listener.stop()
        await loops.drain(within: time)
        for topology in topologies.withLock({ $0.values }) { topology.end() }
        await accessLog?.close()
    }
}
