// SPDX-License-Identifier: Apache-2.0

package import Logging
package import NIOCore
import NIOPosix
package import Proxying
internal import Synchronization
internal import Telemetry

/// One address behind which many Redis servers stand.
///
/// `client → RedisClient (scan, key) → ServerRing → ShardConnection (pipeline) → ReplyQueue (order) → client`:
/// each event loop has all of it for its own clients, with connections of its own to every server, so that nothing
/// crosses between threads.
package final class RedisPool: Sendable {
    package let name: String
    private let configuration: RedisPoolConfiguration
    private let group: any EventLoopGroup
    private let logger: Logger
    private let topology: PoolTopology
    private let listener: PoolListener
    private let scripts = RedisScripts()
    private let clientID = SharedCount()
    private let ownCount = SharedCount()

    /// `tls` is spoken with the servers, `clientTLS` with the clients; nil is plain. `lookup` finds hosts by name.
    package init(
        name: String, configuration: RedisPoolConfiguration, tls: TLSClient? = nil, clientTLS: TLSServer? = nil,
        group: any EventLoopGroup, logger: Logger,
        lookup: @escaping @Sendable (String) async -> Result<Set<String>, NameLookupError> = NameLookup.addresses
    ) {
        topology = PoolTopology(name: name, configuration: configuration.pool, tls: tls, logger: logger, lookup: lookup)
        self.name = name
        self.configuration = configuration
        self.group = group
        self.logger = logger
        listener = PoolListener(name: name, configuration: configuration.pool, group: group, tls: clientTLS)
    }

    /// Takes the address and serves; returns the port (0 for a socket's path).
    @discardableResult
    package func start() async throws(ListenError) -> Int {
        let loops = await makeLoops()
        if configuration.pool.preconnect {
            for loop in loops.values { loop.eventLoop.execute { loop.value.preconnect() } }
        }
        self.loops.withLock { $0 = Array(loops.values) }
        topology.start()
        return try await listener.start { [clientID] eventLoop in
            loops[ObjectIdentifier(eventLoop)].map { RedisClient($0.value, id: clientID.next()) }
        }
    }

    private let loops = Mutex<[NIOLoopBound<RedisLoop>]>([])

    private func makeLoops() async -> [ObjectIdentifier: NIOLoopBound<RedisLoop>] {
        var loops: [ObjectIdentifier: NIOLoopBound<RedisLoop>] = [:]
        for eventLoop in group.makeIterator() {
            let made = eventLoop.submit { NIOLoopBound(self.makeLoop(on: eventLoop), eventLoop: eventLoop) }
            // A loop of a group that is shut down makes nothing; then nothing listens either.
            if let loop = try? await made.get() { loops[ObjectIdentifier(eventLoop)] = loop }
        }
        return loops
    }

    private func makeLoop(on eventLoop: any EventLoop) -> RedisLoop {
        let loop = RedisLoop(
            pool: PoolLoop(name: name, eventLoop: eventLoop, limits: configuration.pool.limits, logger: logger) {
                RedisCommandTable.standard.names[Int($0)]
            },
            ring: topology.makeRing(), servers: topology.makeServers(),
            opening: RedisOpening(
                username: configuration.login.username, password: configuration.login.password,
                database: configuration.database),
            clientLogin: configuration.clientLogin, scripts: scripts, ownCount: ownCount)
        topology.add(loop)
        return loop
    }

    /// Takes changed servers, weights, times and limits, without any client being closed.
    package func apply(_ changed: RedisPoolConfiguration) { topology.apply(changed.pool) }

    /// Takes no more clients, lets those that are there have their replies, and closes what is left after `deadline`.
    package func drain(within time: Duration) async {
        let loops = loops.withLock { $0 }
        topology.end()
        await listener.stop()
        for loop in loops { loop.eventLoop.execute { loop.value.pool.drainClients() } }
        let end = ContinuousClock.now + time
        while await openClients() > 0, ContinuousClock.now < end {
            try? await Task.sleep(for: .milliseconds(20))
        }
        for loop in loops {
            try? await loop.eventLoop.submit {
                loop.value.pool.closeClients()
                loop.value.close()
            }.get()
        }
    }

    private func openClients() async -> Int {
        var count = 0
        for loop in loops.withLock({ $0 }) {
            count += (try? await loop.eventLoop.submit { loop.value.pool.clients.open }.get()) ?? 0
        }
        return count
    }

    /// The server that a key lives on, as the pool sees it now; nil if none is alive. A random ring has none for
    /// certain.
    package func server(of key: [UInt8]) async -> PoolSnapshot.Server? {
        guard let loop = loops.withLock({ $0.first }) else { return nil }
        let name = try? await loop.eventLoop.submit {
            let index = loop.value.ring.server(for: key.span, random: &loop.value.random)
            return index >= 0 ? loop.value.ring.servers[index].name : nil
        }.get()
        // By its name, as the servers may change while the loops are asked.
        return await snapshot().servers.first { $0.name == name }
    }

    /// What has been counted up to now, of all loops together.
    package func snapshot() async -> PoolSnapshot {
        var snapshot = PoolSnapshot(name: name, listen: "\(configuration.pool.listen)")
        for loop in loops.withLock({ $0 }) {
            if let part = try? await loop.eventLoop.submit({ loop.value.snapshot() }).get() { snapshot.add(part) }
        }
        return snapshot
    }
}
