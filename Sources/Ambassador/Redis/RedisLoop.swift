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

/// One Redis pool on one event loop: the ring, the servers, and the connections to them.
final class RedisLoop: ServingLoop {
    let pool: PoolLoop
    let opening: RedisOpening
    /// Of all loops of the pool.
    let scripts: RedisScripts
    /// What clients must say.
    let clientLogin: RedisLogin
    let shards: ShardSet
    private(set) var ring: ServerRing
    var random = SmallGenerator()
    let own: OwnConnectionStock
    /// What goes wrong on purpose; nil is nothing.
    let faults: RedisFaults?
    let compatibility: RedisCompatibility
    /// Clients with connections of their own, which have to know when servers change.
    var ownUsers: [ObjectIdentifier: RedisClient] = [:]
    private var lanes: [RedisSession: ShardLane] = [:]

    init(
        pool: PoolLoop, ring: ServerRing, servers: [ShardServer], opening: RedisOpening, clientLogin: RedisLogin,
        scripts: RedisScripts, ownCount: SharedCount, faults: RedisFaults? = nil,
        compatibility: RedisCompatibility = .none
    ) {
        self.compatibility = compatibility
        self.faults = faults
        self.scripts = scripts
        self.clientLogin = clientLogin
        self.pool = pool
        self.ring = ring
        self.opening = opening
        own = OwnConnectionStock(pool: pool, open: ownCount)
        shards = ShardSet(servers, language: .redis, pool: pool)
        replicas = Self.replicas(servers)
    }

    var servers: [ShardServer] { shards.servers }

    /// Of clients that may say everything.
    var limits: RESPLimits {
        var limits = RESPLimits()
        limits.commandBytesMax = min(limits.commandBytesMax, pool.limits.command.bytes)
        return limits
    }

    /// The connections for clients of `session`; they are opened when they are used.
    func lane(_ session: RedisSession) -> ShardLane {
        if let lane = lanes[session] { return lane }
        let lane = shards.makeLane(opening.bytes(for: session))
        lanes[session] = lane
        return lane
    }

    /// The servers that have keys of their own.
    var primaries: [Int] { servers.indices.filter { servers[$0].replicaOf == nil } }

    /// A server that lives, or -1.
    var anyServer: Int { ring.live.firstIndex(of: true) ?? -1 }

    var probeOpening: ShardOpening { opening.bytesOfProbe() }

    /// Places keys as `ring` says from the next command on.
    func use(_ ring: ServerRing) {
        self.ring = ring
        replicas = Self.replicas(servers)
        leaveOwn { connection in !servers.contains { $0 === connection.server } }
    }

    func follow(_ host: String, to addresses: Set<String>) {
        shards.moved(host, to: addresses)
        leaveOwn { connection in
            // One that isn't open looks the name up when it opens.
            connection.server.address.hostName == host && connection.isReady && !connection.leads(to: addresses)
        }
    }

    /// Has connections of clients' own be replaced that don't lead to where their servers are.
    private func leaveOwn(where isStale: (OwnConnection) -> Bool) {
        own.drop(where: isStale)
        for client in ownUsers.values { client.followServers(leaving: isStale) }
    }

    // MARK: Replicas

    /// The replicas of each server, by index; nil if the pool has none.
    private var replicas: [[Int]]?
    private var nextReplica = 0

    @inline(__always)
    var hasReplicas: Bool { replicas != nil }

    private static func replicas(_ servers: [ShardServer]) -> [[Int]]? {
        guard servers.contains(where: { $0.replicaOf != nil }) else { return nil }
        return servers.map { server in servers.indices.filter { servers[$0].replicaOf == server.name } }
    }

    /// Where a read of a key of `server` goes: to its replicas in turn, or to the server itself if none can be reached.
    func reader(of server: Int, in lane: ShardLane) -> Int {
        guard let candidates = replicas?[server], !candidates.isEmpty else { return server }
        nextReplica = (nextReplica + 1) % Int(Int32.max)
        for offset in candidates.indices {
            let replica = candidates[(nextReplica + offset) % candidates.count]
            if lane.connections[replica].isReachable { return replica }
        }
        return server
    }

    func server(of key: Span<UInt8>) -> Int { ring.server(for: key, random: &random) }

    func preconnect() {
        for connection in lane(RedisSession()).connections { connection.connectIfIdle() }
    }

    func closeServers() {
        shards.close()
        own.close()
    }
}
