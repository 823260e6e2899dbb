// SPDX-License-Identifier: Apache-2.0

import Core

/// What twemproxy's statistics port answers: one JSON object, with its fields and no others.
package struct NutcrackerStatistics: Sendable {
    /// The version whose behaviour this is, as monitors read it.
    package static let version = "0.5.0"

    /// The machine's name.
    package var source: String
    package var uptime: Duration
    /// Seconds since 1970.
    package var timestamp: Int
    package var pools: [PoolSnapshot]

    package init(source: String, uptime: Duration, timestamp: Int, pools: [PoolSnapshot]) {
        self.source = source
        self.uptime = uptime
        self.timestamp = timestamp
        self.pools = pools
    }

    package var json: [UInt8] {
        var json = JSONWriter(capacity: 4096)
        json.beginObject()
        json.field("service", "nutcracker")
        json.field("source", source)
        json.field("version", Self.version)
        json.field("uptime", Int(uptime.components.seconds))
        json.field("timestamp", timestamp)
        // twemproxy counts its listeners among the connections.
        let servers = pools.flatMap(\.servers).reduce(0) { $0 + $1.counters.connections }
        json.field("total_connections", pools.reduce(servers + pools.count) { $0 + Int($1.clients.accepted) })
        json.field("curr_connections", pools.reduce(servers + pools.count) { $0 + $1.clients.open })
        for pool in pools {
            json.key(pool.name)
            Self.write(pool, &json)
        }
        json.endObject()
        return json.bytes + [UInt8(ascii: "\n")]
    }

    private static func write(_ pool: PoolSnapshot, _ json: inout JSONWriter) {
        json.beginObject()
        json.field("client_eof", Int(pool.clients.ended))
        json.field("client_err", Int(pool.clients.errors + pool.clients.overOutput))
        json.field("client_connections", pool.clients.open)
        json.field("server_ejects", Int(pool.ejections))
        json.field("forward_error", Int(pool.clients.failed))
        json.field("fragments", Int(pool.clients.fragments))
        for server in pool.servers {
            json.key(server.name)
            write(server.counters, &json)
        }
        json.endObject()
    }

    private static func write(_ server: ShardCounters, _ json: inout JSONWriter) {
        json.beginObject()
        json.field("server_eof", Int(server.closes))
        json.field("server_err", Int(server.errors))
        json.field("server_timedout", Int(server.timeouts))
        json.field("server_connections", server.connections)
        json.field("server_ejected_at", 0)
        json.field("requests", Int(server.requests))
        json.field("request_bytes", Int(server.requestBytes))
        json.field("responses", Int(server.replies))
        json.field("response_bytes", Int(server.replyBytes))
        // What waits to be written there is waiting in one buffer here, whose commands aren't counted apart.
        json.field("in_queue", 0)
        json.field("in_queue_bytes", server.unsentBytes)
        json.field("out_queue", server.inFlight)
        json.field("out_queue_bytes", 0)
        json.endObject()
    }
}
