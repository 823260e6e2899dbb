// SPDX-License-Identifier: Apache-2.0

package import Logging
import NIOCore
package import Proxying
internal import WireMemcached

/// One address behind which many memcached servers stand.
///
/// `client → MemcachedClient (scan, key) → ServerRing → ShardConnection (pipeline) → ReplyQueue (order) → client`, on
/// each event loop for its own clients, as in `RedisPool`.
package final class MemcachedPool: Sendable {
    package let name: String
    private let configuration: MemcachedPoolConfiguration
    private let group: EpollEventLoopGroup
    private let logger: Logger
    private let topology: PoolTopology
    private let listener: PoolListener
    private let loops = ClientLoops<MemcachedLoop>()

    /// `tls` is spoken with the servers, `clientTLS` with the clients; nil is plain. `lookup` finds hosts by name.
    package init(
        name: String, configuration: MemcachedPoolConfiguration, tls: TLSClient? = nil, clientTLS: TLSServer? = nil,
        group: EpollEventLoopGroup, logger: Logger,
        lookup: @escaping @Sendable (String) async -> Result<Set<String>, NameLookupError> = NameLookup.addresses
    ) {
        topology = PoolTopology(name: name, configuration: configuration.pool, tls: tls, logger: logger, lookup: lookup)
        self.name = name
        self.configuration = configuration
        self.group = group
        self.logger = logger
        listener = PoolListener(configuration.pool, group: group, tls: clientTLS)
    }

    /// Takes the address and serves; returns the port (0 for a socket's path).
    @discardableResult
    package func start() async throws(ListenError) -> Int {
        let (name, pool, logger, topology) = (name, configuration.pool, logger, topology)
        await loops.start(group) { eventLoop in
            let loop = MemcachedLoop(
                pool: PoolLoop(name: name, eventLoop: eventLoop, limits: pool.limits, logger: logger) {
                    MemcachedVerb.names[Int($0)]
                },
                ring: topology.makeRing(), servers: topology.makeServers())
            topology.add(loop)
            if pool.preconnect { loop.preconnect() }
            return loop
        }
        topology.start()
        return try await listener.start { [loops] eventLoop in loops.loop(on: eventLoop).map { MemcachedClient($0) } }
    }

    /// Takes changed servers, weights, times and limits, without any client being closed.
    package func apply(_ changed: MemcachedPoolConfiguration) { topology.apply(changed.pool) }

    /// Takes no more clients, lets those that are there have their replies, and closes what is left after `time`.
    package func drain(within time: Duration) async {
        topology.end()
        await listener.stop()
        await loops.drain(within: time)
    }

    /// The server that a key lives on, as the pool sees it now; nil if none is alive.
    package func server(of key: [UInt8]) async -> PoolSnapshot.Server? {
        let name = await loops.server(of: key)
        // By its name, as the servers may change while the loops are asked.
        return await snapshot().servers.first { $0.name == name }
    }

    /// What has been counted up to now, of all loops together.
    package func snapshot() async -> PoolSnapshot {
        var snapshot = await loops.snapshot(PoolSnapshot(name: name, listen: "\(configuration.pool.listen)"))
        snapshot.ejections = topology.ejections
        return snapshot
    }
}
