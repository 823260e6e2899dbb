// SPDX-License-Identifier: Apache-2.0

/// What a pool is and what it has counted, summed over its event loops.
package struct PoolSnapshot: Sendable {
    package struct Server: Sendable {
        package var name: String
        package var address: String
        package var weight: Int
        /// The server whose keys it has a copy of, for reads.
        package var replicaOf: String?
        /// Whether it has its part of the keys.
        package var isLive: Bool
        /// The part of all keys that it has, from 0 to 1.
        package var share: Double
        package var counters: ShardCounters
    }

    package var name: String
    /// What its servers speak: `redis`, `memcached`.
    package var language = ""
    package var listen = ""
    package var ring = ""
    package var hash = ""
    package var clients = ClientCounters()
    package var latency = LatencyHistogram()
    package var servers: [Server] = []
    /// How many times a server has been ejected.
    package var ejections: UInt64 = 0
    /// How many commands each fault on purpose has hit, by its name.
    package var faults: [(fault: String, count: Int)] = []
    package var hotKeys = HotKeysSnapshot()
    /// The latest commands that took long, newest first.
    package var slowCommands: [SlowCommand] = []
    /// All that took long since the start.
    package var slowCount: UInt64 = 0

    package init(name: String, listen: String = "") {
        self.name = name
        self.listen = listen
    }

    /// What one loop has counted, whatever its servers speak.
    mutating func add(_ loop: PoolLoop) {
        clients = loop.clients
        latency = loop.latency
        hotKeys = HotKeysSnapshot(loop.hotKeys)
        slowCommands = loop.slowLog.entries.sorted { $0.endedAt > $1.endedAt }
        slowCount = loop.slowLog.count
    }

    /// Adds what another loop has counted of the same pool.
    package mutating func add(_ other: PoolSnapshot) {
        (language, ring, hash) = (other.language, other.ring, other.hash)
        clients += other.clients
        latency += other.latency
        hotKeys += other.hotKeys
        slowCommands = (slowCommands + other.slowCommands).sorted { $0.endedAt > $1.endedAt }
        slowCount += other.slowCount
        for server in other.servers {
            if let index = servers.firstIndex(where: { $0.name == server.name }) {
                servers[index].counters += server.counters
            } else {
                servers.append(server)
            }
        }
    }
}

/// The keys that are asked for most, of all loops.
package struct HotKeysSnapshot: Sendable {
    package struct Key: Sendable {
        let bytes: [UInt8]
        fileprivate(set) var count: UInt64
        fileprivate(set) var surplus: UInt64
        fileprivate(set) var samples: UInt64

        package var text: String { String(decoding: bytes, as: UTF8.self) }
        /// Of all commands with keys; an estimate that is never too low.
        package var share: Double { Double(count) / Double(max(samples, 1)) }
        package var shareAtLeast: Double { Double(count - surplus) / Double(max(samples, 1)) }
    }

    /// Most asked first.
    package private(set) var keys: [Key] = []
    package private(set) var samples: UInt64 = 0

    init() {}

    init(_ hot: HotKeys) {
        samples = hot.samples
        keys = hot.keys.map { Key(bytes: $0.bytes, count: $0.count, surplus: $0.surplus, samples: hot.samples) }
            .sorted { $0.count > $1.count }
    }

    static func += (sum: inout HotKeysSnapshot, other: HotKeysSnapshot) {
        sum.samples += other.samples
        for key in other.keys {
            if let index = sum.keys.firstIndex(where: { $0.bytes == key.bytes }) {
                sum.keys[index].count += key.count
                sum.keys[index].surplus += key.surplus
            } else {
                sum.keys.append(key)
            }
        }
        for index in sum.keys.indices { sum.keys[index].samples = sum.samples }
        sum.keys = Array(sum.keys.sorted { $0.count > $1.count }.prefix(HotKeys.keysMax))
    }
}
