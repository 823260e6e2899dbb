// SPDX-License-Identifier: Apache-2.0

import Ambassador
import Core
import Logging
import NIOCore
import Proxying
import ServiceLifecycle
import Sidecar
import Telemetry

/// A pool of whatever protocol.
protocol ServedPool: Sendable {
    var name: String { get }
    /// Takes the address and serves; returns the port (0 for a socket's path).
    @discardableResult func start() async throws(ListenError) -> Int
    /// Takes no more clients, lets those that are there have their replies, and closes what is left after `time`.
    func drain(within time: Duration) async
    func snapshot() async -> PoolSnapshot
    /// The server that a key lives on.
    func server(of key: [UInt8]) async -> PoolSnapshot.Server?
    /// Takes what changes while running, without a client being closed.
    func apply(_ configuration: AmbassadorConfiguration)
}

extension RedisPool: ServedPool {
    func apply(_ configuration: AmbassadorConfiguration) {
        if let changed = configuration.redis[name] { apply(changed) }
    }
}

extension MemcachedPool: ServedPool {
    func apply(_ configuration: AmbassadorConfiguration) {
        if let changed = configuration.memcached[name] { apply(changed) }
    }
}

/// The ambassador's pools, and the event loops that are theirs alone.
struct AmbassadorService: Service {
    private(set) var pools: [any ServedPool] = []
    private(set) var proxies: [HTTPProxy] = []
    /// Where each pool is found, for people: `cache 127.0.0.1:6379`.
    private(set) var addresses: [String] = []
    /// What changes with its files and was made at the start.
    private var tlsOfStart: [any TLSFromFiles] = []
    let descriptors: DescriptorLimit
    private let eventLoops: EpollEventLoopGroup
    private let grace: Duration
    private let tracer: Tracer
    private let origin: @Sendable (String) -> SourceLocation?
    private let logger: Logger

    private init(
        _ configuration: AmbassadorConfiguration, descriptors: DescriptorLimit, grace: Duration, tracer: Tracer,
        origin: @escaping @Sendable (String) -> SourceLocation?, logger: Logger
    ) {
        self.descriptors = descriptors
        self.grace = grace
        self.tracer = tracer
        self.origin = origin
        self.logger = logger
        eventLoops = EpollEventLoopGroup(count: configuration.loops, name: "ambassador")
    }

    /// Opens every pool, or none; nil if there are none to open.
    ///
    /// - Parameters:
    ///   - namespace: the app's, for metrics that have one.
    ///   - tracer: records what becomes of HTTP requests.
    ///   - origin: where a key of the configuration was given.
    static func start(
        _ configuration: AmbassadorConfiguration, grace: Duration, namespace: String = "",
        tracer: Tracer = .off, origin: @escaping @Sendable (String) -> SourceLocation? = { _ in nil },
        _ instruments: Instruments
    ) async throws -> AmbassadorService? {
        guard !configuration.isEmpty else { return nil }
        let descriptors = DescriptorLimit.raise()
        descriptors.tell(wanted: configuration.descriptorsMax, instruments.logger)
        var service = AmbassadorService(
            configuration, descriptors: descriptors, grace: grace, tracer: tracer, origin: origin,
            logger: instruments.logs.logger("outrigger.ambassador"))
        do {
            try await service.open(configuration)
        } catch {
            await service.stop()
            throw error
        }
        let (pools, proxies) = (service.pools, service.proxies)
        instruments.registry.collect {
            var metrics: [CollectedMetric] = []
            for pool in pools { metrics += await pool.snapshot().metrics }
            for proxy in proxies { metrics += await proxy.metrics(namespace: namespace) }
            return metrics
        }
        return service
    }

    private mutating func open(_ configuration: AmbassadorConfiguration) async throws {
        for (name, redis) in configuration.redis {
            let tls = try PoolTLS(redis.pool, key: "ambassador.redis.\(name)", origin: origin)
            tls.report(to: logger)
            tlsOfStart += tls.fromFiles
            let pool = RedisPool(
                name: name, configuration: redis, tls: tls.servers, clientTLS: tls.clients, group: eventLoops,
                logger: logger)
            try await open(pool, at: redis.pool.listen)
        }
        for (name, memcached) in configuration.memcached {
            let tls = try PoolTLS(memcached.pool, key: "ambassador.memcached.\(name)", origin: origin)
            tls.report(to: logger)
            tlsOfStart += tls.fromFiles
            let pool = MemcachedPool(
                name: name, configuration: memcached, tls: tls.servers, clientTLS: tls.clients, group: eventLoops,
                logger: logger)
            try await open(pool, at: memcached.pool.listen)
        }
        for (name, http) in configuration.http {
            let key = configuration.key(ofProxy: name)
            let tls = try HTTPProxyTLS(http, key: key, origin: origin)
            tls.report(to: logger)
            if let clients = tls.clients { tlsOfStart.append(clients) }
            let proxy = HTTPProxy(
                name: name, configuration: http, tls: tls.clients, upstreamTLS: tls.upstreams,
                accessLog: try accessLog(of: http, named: name, key: key), tracer: tracer, group: eventLoops,
                logger: logger)
            // Before it listens, so that what fails half-way is ended, too.
            proxies.append(proxy)
            let port = try await proxy.start()
            addresses.append("\(name) \(http.listen.bound(to: port))")
        }
    }

    /// Nil if there is to be none.
    private func accessLog(
        of http: HTTPProxyConfiguration, named name: String, key: String
    ) throws(Problems) -> AccessLogFile? {
        guard let path = http.accessLog.path else { return nil }
        do throws(AccessLogError) {
            return try AccessLogFile(path: path, proxy: name, buffer: http.accessLog.buffer, logger: logger)
        } catch {
            let key = key + ".access-log.path"
            throw Problems([Problem(origin(key) ?? .builtIn, key: key, error.description)])
        }
    }

    /// Opens access logs again, whose files may have been moved away.
    func reopenLogs() {
        for proxy in proxies { proxy.reopenAccessLog() }
    }

    private mutating func open(_ pool: any ServedPool, at address: PoolAddress) async throws(ListenError) {
        let port = try await pool.start()
        pools.append(pool)
        addresses.append("\(pool.name) \(address.bound(to: port))")
    }

    /// What changes with its files now: TLS towards a proxy's upstreams comes and goes with the configuration.
    var tls: [any TLSFromFiles] { tlsOfStart + proxies.flatMap { Array($0.upstreamTLS.values) as [any TLSFromFiles] } }

    /// Takes what changes while running, or nothing of it if a file that it names can't be used.
    func apply(_ configuration: AmbassadorConfiguration) throws(Problems) {
        var problems: [Problem] = []
        var changes: [(proxy: HTTPProxy, configuration: HTTPProxyConfiguration, tls: [String: TLSClient])] = []
        for proxy in proxies {
            guard let http = configuration.http[proxy.name] else { continue }
            do throws(Problems) {
                let key = configuration.key(ofProxy: proxy.name)
                let tls = try HTTPProxyTLS.upstreams(http, key: key, keeping: proxy.upstreamTLS, origin: origin)
                changes.append((proxy, http, tls))
            } catch {
                problems += error.all
            }
        }
        guard problems.isEmpty else { throw Problems(problems) }
        for pool in pools { pool.apply(configuration) }
        for (proxy, http, tls) in changes {
            for (name, client) in tls where proxy.upstreamTLS[name] !== client { client.report(to: logger) }
            proxy.apply(http, upstreamTLS: tls)
        }
    }

    func run() async throws {
        try? await gracefulShutdown()
        await stop()
    }

    /// Ends the proxies through which clients reach the app, as it may be stopped only after their requests; what the
    /// app itself reaches others through stays.
    func drain(inFrontOf app: AppConfiguration) async {
        guard let address = app.listen else { return }
        await drain([], proxies.filter { $0.servers.contains { $0.isSame(as: address) } })
    }

    /// Lets clients have the replies that are due to them, but no longer than the grace period.
    func stop() async {
        await drain(pools, proxies)
        await eventLoops.shutdownGracefully()
    }

    private func drain(_ pools: [any ServedPool], _ proxies: [HTTPProxy]) async {
        await withTaskGroup(of: Void.self) { group in
            for pool in pools { group.addTask { await pool.drain(within: grace) } }
            for proxy in proxies { group.addTask { await proxy.drain(within: grace) } }
        }
    }
}

extension ServerAddress {
    /// Whether it is where an app of this machine listens.
    func isSame(as app: ListenAddress) -> Bool {
        guard case .network(let host, let port) = self, port == app.port else { return false }
        return host == app.host || app.isLoopback && ListenAddress(host: host, port: port).isLoopback
    }
}
