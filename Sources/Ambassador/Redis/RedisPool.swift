// SPDX-License-Identifier: Apache-2.0

package import Logging
package import NIOCore
import NIOPosix
package import Proxying
internal import Synchronization
internal import Telemetry

/// One address behind which many Redis servers stand.
///
/// `client → RedisClient (scan, look up, key) → ServerRing → ShardConnection (pipeline) → ReplyQueue (order) → client`:
/// each event loop has all of it for its own clients, with connections of its own to every server, so that nothing
/// crosses between threads.
package final class RedisPool: Sendable {
    package let name: String
    private let configuration: RedisPoolConfiguration
    private let group: any EventLoopGroup
    private let logger: Logger
    private let tls: TLSClient?
    private let listener: PoolListener
    private let scripts = RedisScripts()
    private let clientID = SharedCount()

    /// `tls` is spoken with the servers, `clientTLS` with the clients; nil is plain.
    package init(
        name: String, configuration: RedisPoolConfiguration, tls: TLSClient? = nil, clientTLS: TLSServer? = nil,
        group: any EventLoopGroup, logger: Logger
    ) {
        self.tls = tls
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
        let pool = configuration.pool
        let servers = pool.servers.enumerated().map { index, server in
            ShardServer(
                index: index, name: server.name, address: server.value.address, timeout: TimeAmount(pool.timeout),
                connectTimeout: TimeAmount(pool.connectTimeout), keepalive: pool.keepalive, tls: tls)
        }
        return RedisLoop(
            pool: PoolLoop(name: name, eventLoop: eventLoop, limits: pool.limits, logger: logger) {
                RedisCommandTable.standard.names[Int($0)]
            },
            ring: ServerRing(
                kind: pool.ring, hash: pool.hash, tag: pool.hashTag,
                servers: pool.servers.map { RingServer(name: $0.name, weight: $0.value.weight) }),
            servers: servers,
            opening: RedisOpening(
                username: configuration.login.username, password: configuration.login.password,
                database: configuration.database),
            clientLogin: configuration.clientLogin, scripts: scripts)
    }

    /// Takes no more clients, lets those that are there have their replies, and closes what is left after `deadline`.
    package func drain(within time: Duration) async {
        let loops = loops.withLock { $0 }
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

    /// The server that a key lives on, as the pool sees it now; nil if none is alive. A random ring has none for certain.
    package func server(of key: [UInt8]) async -> PoolSnapshot.Server? {
        guard let loop = loops.withLock({ $0.first }) else { return nil }
        let index = try? await loop.eventLoop.submit {
            loop.value.ring.server(for: key.span, random: &loop.value.random)
        }.get()
        guard let index, index >= 0 else { return nil }
        return await snapshot().servers[index]
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
