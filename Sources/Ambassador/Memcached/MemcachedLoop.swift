// SPDX-License-Identifier: Apache-2.0

import Core
import NIOCore
import Proxying
internal import WireMemcached

/// One memcached pool on one event loop: the ring, the servers, and the connections to them.
final class MemcachedLoop: ServingLoop {
    let pool: PoolLoop
    let shards: ShardSet
    let lane: ShardLane
    private(set) var ring: ServerRing
    var random = SmallGenerator()

    /// The most that memcached can be set to hold in one item.
    private static let valueBytesMax = 1 << 30

    init(pool: PoolLoop, ring: ServerRing, servers: [ShardServer]) {
        self.pool = pool
        self.ring = ring
        shards = ShardSet(servers, language: .memcached, pool: pool)
        lane = shards.makeLane(ShardOpening())
    }

    /// Of clients.
    var limits: MemcachedLimits {
        var limits = MemcachedLimits()
        limits.valueBytesMax = min(pool.limits.command.bytes, Self.valueBytesMax)
        return limits
    }

    var probeOpening: ShardOpening {
        ShardOpening(bytes: ByteBuffer(string: "version\r\n"), replies: 1, expectation: ReplyShape(.version))
    }

    /// The server of a key in base64: that of the key that it stands for.
    func server(ofEncoded key: MemcachedPlace, _ bytes: borrowing Span<UInt8>) -> Int {
        var decoded = ByteBuffer()
        MemcachedBase64.decode(bytes, key, into: &decoded)
        return ring.server(for: decoded.readableBytesUInt8Span, random: &random)
    }

    func server(of key: Span<UInt8>) -> Int { ring.server(for: key, random: &random) }

    func use(_ ring: ServerRing) { self.ring = ring }

    func preconnect() {
        for connection in lane.connections { connection.connectIfIdle() }
    }

    func closeServers() { shards.close() }
}
