// SPDX-License-Identifier: Apache-2.0

/// What a pool has counted, summed over its event loops.
package struct PoolSnapshot: Sendable {
    package struct Server: Sendable {
        package var name: String
        package var address: String
        /// Whether it has its part of the keys.
        package var isLive: Bool
        /// The part of all keys that it has, from 0 to 1.
        package var share: Double
        package var counters: ShardCounters
    }

    package var name: String
    package var clients = ClientCounters()
    package var latency = LatencyHistogram()
    package var servers: [Server] = []

    package init(name: String) { self.name = name }

    /// Adds what another loop has counted of the same pool.
    package mutating func add(_ other: PoolSnapshot) {
        clients += other.clients
        latency += other.latency
        for server in other.servers {
            if let index = servers.firstIndex(where: { $0.name == server.name }) {
                servers[index].counters += server.counters
            } else {
                servers.append(server)
            }
        }
    }
}
