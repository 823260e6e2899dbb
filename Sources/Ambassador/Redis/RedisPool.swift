// SPDX-License-Identifier: Apache-2.0

import Core
package import Logging
import NIOCore
package import Proxying
internal import Telemetry

/// One address behind which many Redis servers stand.
///
/// `client → RedisClient (scan, key) → ServerRing → ShardConnection (pipeline) → ReplyQueue (order) → client`:
/// each event loop has all of it for its own clients, with connections of its own to every server, so that nothing
/// crosses between threads.
package final class RedisPool: Sendable {
    package let name: String
    private let configuration: RedisPoolConfiguration
    private let group: EpollEventLoopGroup
    private let logger: Logger
    private let topology: PoolTopology
    private let listener: PoolListener
    private let scripts = RedisScripts()
    private let clientID = SharedCount()
    private let ownCount = SharedCount()
    private let faults: RedisFaults?
    private let loops = ClientLoops<RedisLoop>()

    /// `tls` is spoken with the servers, `clientTLS` with the clients; nil is plain. `lookup` finds hosts by name.
    package init(
        name: String, configuration: RedisPoolConfiguration, tls: TLSClient? = nil, clientTLS: TLSServer? = nil,
        group: EpollEventLoopGroup, logger: Logger,
        lookup: @escaping @Sendable (String) async -> Result<Set<String>, NameLookupError> = NameLookup.addresses
    ) {
        topology = PoolTopology(name: name, configuration: configuration.pool, tls: tls, logger: logger, lookup: lookup)
        faults = RedisFaults(configuration.faults)
        self.name = name
        self.configuration = configuration
        self.group = group
        self.logger = logger
        listener = PoolListener(configuration.pool, group: group, tls: clientTLS)
    }

    /// Takes the address and serves; returns the port (0 for a socket's path).
    @discardableResult
    package func start() async throws(ListenError) -> Int {
        if !configuration.faults.isEmpty {
            logger.emit(.faultsConfigured(at: "redis.\(name)", configuration.faults.names))
        }
        await loops.start(group) { [self] in makeLoop(on: $0) }
        topology.start()
        return try await listener.start { [loops, clientID] eventLoop in
            loops.loop(on: eventLoop).map { RedisClient($0, id: clientID.next()) }
        }
    }

    private func makeLoop(on eventLoop: EpollEventLoop) -> RedisLoop {
        let loop = RedisLoop(
            pool: PoolLoop(name: name, eventLoop: eventLoop, limits: configuration.pool.limits, logger: logger) {
                RedisCommandTable.standard.names[Int($0)]
            },
            ring: topology.makeRing(), servers: topology.makeServers(),
            opening: RedisOpening(
                username: configuration.login.username, password: configuration.login.password,
                database: configuration.database),
            clientLogin: configuration.clientLogin, scripts: scripts, ownCount: ownCount,
            faults: faults, compatibility: configuration.compatibility)
        topology.add(loop)
        if configuration.pool.preconnect { loop.preconnect() }
        return loop
    }

    /// Takes changed servers, weights, times and limits, without any client being closed.
    package func apply(_ changed: RedisPoolConfiguration) { topology.apply(changed.pool) }

    /// Takes no more clients, lets those that are there have their replies, and closes what is left after `time`.
    package func drain(within time: Duration) async {
        topology.end()
        await listener.stop()
        await loops.drain(within: time)
    }

    /// The server that a key lives on, as the pool sees it now; nil if none is alive. A random ring has none for
    /// certain.
    package func server(of key: [UInt8]) async -> PoolSnapshot.Server? {
        let name = await loops.server(of: key)
        // By its name, as the servers may change while the loops are asked.
        return await snapshot().servers.first { $0.name == name }
    }

    /// What has been counted up to now, of all loops together.
    package func snapshot() async -> PoolSnapshot {
        var snapshot = await loops.snapshot(PoolSnapshot(name: name, listen: "\(configuration.pool.listen)"))
        snapshot.ejections = topology.ejections
        snapshot.faults = faults?.hits ?? []
        return snapshot
    }
}
