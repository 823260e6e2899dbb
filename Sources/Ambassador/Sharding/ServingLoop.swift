// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Proxying

/// One pool on one event loop, as the pool has it serve.
protocol ServingLoop: ShardingLoop, ClientLoop {
    var pool: PoolLoop { get }
    var ring: ServerRing { get }

    /// Opens the connections that most clients use.
    func preconnect()
    /// The index of the server that a key lives on, or -1.
    func server(of key: Span<UInt8>) -> Int
    /// Closes the connections to servers.
    func closeServers()
}

extension ServingLoop {
    var clientCount: Int { pool.clients.open }

    func drain() { pool.drainClients() }

    func close() {
        pool.closeClients()
        closeServers()
    }

    /// What has been counted here.
    func snapshot() -> PoolSnapshot {
        var snapshot = PoolSnapshot(name: pool.name)
        snapshot.language = shards.language.rawValue
        snapshot.ring = ring.kind.rawValue
        snapshot.hash = ring.hash.rawValue
        snapshot.add(pool)
        snapshot.servers = shards.snapshot(ring)
        return snapshot
    }
}

extension ClientLoops where Loop: ServingLoop {
    /// The name of the server that a key lives on, as the first loop sees it; nil if none is alive. A random ring has
    /// none for certain.
    func server(of key: [UInt8]) async -> String? {
        let names = await ask { loop in
            let index = loop.server(of: key.span)
            return index >= 0 ? loop.ring.servers[index].name : nil
        }
        return names.first ?? nil
    }

    /// Adds to an empty snapshot what has been counted up to now, on all loops.
    func snapshot(_ empty: PoolSnapshot) async -> PoolSnapshot {
        var snapshot = empty
        for part in await ask({ $0.snapshot() }) { snapshot.add(part) }
        return snapshot
    }
}
