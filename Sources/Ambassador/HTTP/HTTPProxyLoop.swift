// SPDX-License-Identifier: Apache-2.0

import Core
import Logging
import NIOCore
import Proxying
import Telemetry
import WireHTTP

/// One HTTP proxy on one event loop. Everything in it belongs to the loop's thread.
final class HTTPProxyLoop: ClientLoop {
    let name: String
    let relay: RelayLoop
    let deadlines: LoopDeadlines
    let logger: Logger
    // Safe: belongs to the loop's thread.
    @exclusivity(unchecked) private(set) var settings: HTTPProxySettings
    private(set) var table: RouteTable
    private(set) var upstreams: [Upstream]
    private(set) var balanceKeys: [RequestKey?]
    /// By the routes' places; nil for a route without one.
    @exclusivity(unchecked) private(set) var mirrors: [Mirror?] = []
    @exclusivity(unchecked) private(set) var faults: [FaultInjector?] = []
    private var upstreamTLS: [String: TLSClient]
    // Safe: each is used up before anything else of the loop runs.
    @exclusivity(unchecked) var requestScan: HTTPHeadScan
    @exclusivity(unchecked) var sequences: [SplitSequence]
    let counters: HTTPProxyCounters
    /// Nil: nothing is written down.
    let accessLog: AccessLog?
    /// Nil: this proxy takes no part in traces.
    let tracer: Tracer?
    private(set) var isDraining = false
    private var clients: [ObjectIdentifier: HTTPProxyClient] = [:]
    @exclusivity(unchecked) var random = SmallGenerator()

    init(
        name: String, _ eventLoop: EpollEventLoop, _ plan: HTTPProxyPlan, _ topologies: [String: UpstreamTopology],
        accessLog file: AccessLogFile?, tracer: Tracer, logger: Logger
    ) {
        self.name = name
        self.logger = logger
        self.tracer = tracer.isOn ? tracer : nil
        settings = plan.settings
        table = plan.table
        balanceKeys = plan.balanceKeys
        counters = HTTPProxyCounters(plan.names)
        accessLog = file.map {
            AccessLog(plan.configuration.accessLog, proxy: name, file: $0, eventLoop: eventLoop)
        }
        upstreamTLS = plan.upstreamTLS
        upstreams = plan.configuration.upstreams.compactMap { topologies[$0.name]?.makeUpstream(on: eventLoop) }
        relay = RelayLoop(eventLoop, limits: plan.settings.syntax)
        requestScan = HTTPHeadScan(plan.settings.syntax)
        sequences = plan.table.routes.map { _ in SplitSequence() }
        deadlines = LoopDeadlines(eventLoop)
        closeRemoved()
        apply(routesOf: plan)
        deadlines.look = { [unowned self] in expireClients(now: $0) }
    }

    /// Nanoseconds of a clock that only goes forward; of what is read at the moment, when it came.
    @inline(__always)
    func now() -> Int64 { relay.clock.now }

    /// The value of `Date`, made once for each second in which somebody asks.
    func date() -> String { DateHeader.now }

    /// The connections to a server, made with the first request that goes there.
    @inline(__always)
    func connections(to endpoint: Endpoint, of upstream: Upstream) -> RelayConnections {
        if let connections = endpoint.connections { return connections }
        let connections = RelayConnections(relay, to: .address(endpoint.address), rules(endpoint, upstream))
        endpoint.connections = connections
        return connections
    }

    private func rules(_ endpoint: Endpoint, _ upstream: Upstream) -> RelayConnectionRules {
        var rules = RelayConnectionRules(upstream.configuration)
        rules.tls = upstreamTLS[upstream.name]
        rules.host = endpoint.identity.configured.hostName ?? endpoint.address.ipAddress ?? ""
        return rules
    }

    /// Connections to endpoints that are no part of their upstream any more end.
    private func closeRemoved() {
        for upstream in upstreams {
            upstream.removed = { endpoint in endpoint.connections?.end() }
        }
    }

    // MARK: - Clients

    func add(_ client: HTTPProxyClient) {
        counters.clients.accepted += 1
        counters.clients.open += 1
        clients[ObjectIdentifier(client)] = client
    }

    func remove(_ client: HTTPProxyClient) {
        counters.clients.open -= 1
        clients[ObjectIdentifier(client)] = nil
    }

    var clientCount: Int { clients.count }

    /// Tells the clients whose time is over; the earliest deadline of the others.
    private func expireClients(now: Int64) -> Int64 {
        var earliest = Int64.max
        for client in Array(clients.values) {
            if client.deadline <= now { client.expired() }
            earliest = min(earliest, client.deadline)
        }
        return earliest
    }

    /// Takes a new plan: requests that begin from now on follow it.
    func apply(_ plan: HTTPProxyPlan, _ topologies: [String: UpstreamTopology]) {
        let (old, before) = (table, upstreams)
        upstreams = plan.configuration.upstreams.compactMap { upstream in
            before.first { $0.name == upstream.name } ?? topologies[upstream.name]?.makeUpstream(on: relay.eventLoop)
        }
        for upstream in before where !upstreams.contains(where: { $0 === upstream }) { retire(upstream) }
        let tellsOtherwise = settings.forwarding != plan.settings.forwarding
        settings = plan.settings
        if tellsOtherwise { for client in clients.values { client.followForwarding() } }
        relay.limits = plan.settings.syntax
        requestScan = HTTPHeadScan(plan.settings.syntax)
        table = plan.table
        balanceKeys = plan.balanceKeys
        counters.apply(plan.names)
        upstreamTLS = plan.upstreamTLS
        closeRemoved()
        apply(routesOf: plan)
        for upstream in upstreams {
            for endpoint in upstream.endpoints {
                endpoint.connections?.rules = rules(endpoint, upstream)
            }
        }
        sequences = plan.table.routes.map { route in
            old.routes.first { $0.name == route.name && $0.sharesSplit(with: route) }.map { sequences[$0.index] }
                ?? SplitSequence()
        }
    }

    /// What is with an upstream that isn't configured any more ends as it began: by its rules, on its connections.
    private func retire(_ upstream: Upstream) {
        for endpoint in upstream.endpoints { connections(to: endpoint, of: upstream).end() }
    }

    /// Makes what single routes have beside their requests' way. A mirror that didn't change stays as it is.
    private func apply(routesOf plan: HTTPProxyPlan) {
        let old = mirrors
        faults = plan.table.routes.map { plan.faults[$0.name] }
        mirrors = plan.table.routes.map { route in
            guard let configuration = plan.configuration.routes[route.name]?.mirror,
                let shadow = upstreams.first(where: { $0.name == configuration.to })
            else { return nil }
            let before = old.first { $0?.route == route.name } ?? nil
            if let before, before.configuration == configuration, before.shadow === shadow { return before }
            let mirror = Mirror(
                configuration, of: route.name, to: shadow, on: relay, comparator: plan.comparators[route.name],
                isBusy: { [unowned self] in counters.inFlight > 0 }
            ) { [unowned self] in connections(to: $0, of: $1) }
            if let before { mirror.counters = before.counters }
            return mirror
        }
    }

    /// Has each client end after the response that it waits for.
    func drain() {
        isDraining = true
        for client in clients.values { client.drain() }
    }

    func close() {
        for client in Array(clients.values) { client.close() }
        accessLog?.flush()
        for upstream in upstreams { for endpoint in upstream.endpoints { endpoint.connections?.end() } }
    }
}
