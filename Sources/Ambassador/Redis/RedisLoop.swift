// SPDX-License-Identifier: Apache-2.0

import Core
import NIOCore
import Proxying
import WireRESP

/// What the connections of clients have said about themselves that servers must know: clients that said the same share
/// connections.
struct RedisSession: Hashable {
    var database = 0
    /// RESP's.
    var version = 2
}

/// One connection to each server, for the clients of one session.
final class RedisLane {
    fileprivate(set) var connections: [ShardConnection] = []
}

/// One Redis pool on one event loop: the ring, the servers, and the connections to them.
final class RedisLoop {
    let pool: PoolLoop
    let opening: RedisOpening
    /// Of all loops of the pool.
    let scripts: RedisScripts
    /// What clients must say.
    let clientLogin: RedisLogin
    /// Of clients that may say everything.
    var limits: RESPLimits
    private(set) var ring: ServerRing
    var random = SmallGenerator()
    private(set) var servers: [ShardServer]
    private(set) var counters: [ServerCounters]
    private var lanes: [RedisSession: RedisLane] = [:]

    init(
        pool: PoolLoop, ring: ServerRing, servers: [ShardServer], opening: RedisOpening, clientLogin: RedisLogin,
        scripts: RedisScripts
    ) {
        self.scripts = scripts
        self.clientLogin = clientLogin
        limits = RESPLimits()
        limits.commandBytesMax = min(limits.commandBytesMax, pool.limits.command.bytes)
        self.pool = pool
        self.ring = ring
        self.servers = servers
        self.opening = opening
        counters = servers.map { _ in ServerCounters() }
    }

    /// The connections for clients of `session`; they are opened when they are used.
    func lane(_ session: RedisSession) -> RedisLane {
        if let lane = lanes[session] { return lane }
        let lane = RedisLane()
        lane.connections = servers.indices.map { connection(to: $0, session) }
        lanes[session] = lane
        return lane
    }

    /// A connection that no lane has: for the lanes, and for clients that need one for themselves.
    func connection(to server: Int, _ session: RedisSession) -> ShardConnection {
        ShardConnection(
            server: servers[server], language: .redis, opening: opening.bytes(for: session), loop: pool,
            counters: counters[server])
    }

    /// A server that lives, or -1.
    var anyServer: Int { ring.live.firstIndex(of: true) ?? -1 }

    /// Places keys as `ring` says from the next command on.
    func use(_ ring: ServerRing) { self.ring = ring }

    /// Opens the connections that most clients use.
    func preconnect() {
        for connection in lane(RedisSession()).connections { connection.connectIfIdle() }
    }

    func snapshot() -> PoolSnapshot {
        var snapshot = PoolSnapshot(name: pool.name)
        snapshot.language = "redis"
        snapshot.ring = ring.kind.rawValue
        snapshot.hash = ring.hash.rawValue
        snapshot.add(pool)
        let shares = ring.shares()
        snapshot.servers = servers.indices.map { index in
            PoolSnapshot.Server(
                name: servers[index].name, address: servers[index].addressText, weight: ring.servers[index].weight,
                isLive: ring.live[index], share: shares[index], counters: counters[index].sum)
        }
        for lane in lanes.values {
            for (index, connection) in lane.connections.enumerated() {
                connection.addWaiting(to: &snapshot.servers[index].counters)
            }
        }
        return snapshot
    }

    func close() {
        for lane in lanes.values {
            for connection in lane.connections { connection.close() }
        }
    }
}
