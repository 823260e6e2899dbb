// SPDX-License-Identifier: Apache-2.0

package import Core
import Logging

// What the ambassador's pools can say.
extension LogEvent {
    /// `commands`: those that were on the connection, and failed with it.
    package static func shardFailed(
        pool: String, server: String, address: String, reason: String, commands: Int
    ) -> LogEvent {
        LogEvent(
            "ambassador.server.failed", .warning, "A connection to a server ended.",
            [
                "pool": .string(pool), "server": .string(server), "address": .string(address),
                "reason": .string(reason), "commands": .stringConvertible(commands),
            ])
    }

    package static func clientOverOutput(pool: String, client: String, limit: ByteCount) -> LogEvent {
        LogEvent(
            "ambassador.client.closed", .warning, "A client that doesn't read its replies was closed.",
            ["pool": .string(pool), "client": .string(client), "limit": .stringConvertible(limit)])
    }

    /// `keys` says what each server got of the sample, by its name.
    package static func ringSkewed(
        pool: String, ring: String, hash: String, sample: String, keys: [(server: String, count: Int)]
    ) -> LogEvent {
        LogEvent(
            "ambassador.ring.skewed", .warning,
            "This hash doesn't spread keys evenly over the servers; the default, xxh3, does.",
            [
                "pool": .string(pool), "ring": .string(ring), "hash": .string(hash), "sample": .string(sample),
                "keys": .string(keys.map { "\($0.server)=\($0.count)" }.joined(separator: " ")),
            ])
    }

    /// `live`: the servers that are left.
    package static func serverEjected(pool: String, server: String, live: Int) -> LogEvent {
        LogEvent(
            "ambassador.server.ejected", live > 0 ? .warning : .error,
            live > 0
                ? "A server that fails gave its keys to the others for a while."
                : "The last server that answered fails; commands are refused until one answers again.",
            ["pool": .string(pool), "server": .string(server), "live": .stringConvertible(live)])
    }

    package static func serverReturned(pool: String, server: String, live: Int) -> LogEvent {
        LogEvent(
            "ambassador.server.returned", .notice, "A server that had been ejected answers, and has its keys again.",
            ["pool": .string(pool), "server": .string(server), "live": .stringConvertible(live)])
    }

    /// Said once, not at each attempt.
    package static func serverNameLost(pool: String, host: String, reason: String) -> LogEvent {
        LogEvent(
            "ambassador.name.lost", .warning, "The name of a server's host isn't known; what is connected stays.",
            ["pool": .string(pool), "host": .string(host), "reason": .string(reason)])
    }

    package static func serverNameFound(pool: String, host: String, addresses: [String]) -> LogEvent {
        LogEvent(
            "ambassador.name.found", .notice, "The name of a server's host is known.",
            ["pool": .string(pool), "host": .string(host), "addresses": .string(addresses.joined(separator: " "))])
    }

    package static func serverMoved(pool: String, host: String, from: [String], to: [String]) -> LogEvent {
        LogEvent(
            "ambassador.name.moved", .notice, "The name of a server's host leads elsewhere; connections follow it.",
            [
                "pool": .string(pool), "host": .string(host), "from": .string(from.joined(separator: " ")),
                "to": .string(to.joined(separator: " ")),
            ])
    }

    package static func poolServersChanged(pool: String, servers: [String]) -> LogEvent {
        LogEvent(
            "ambassador.pool.changed", .notice, "A pool's servers are those of the changed configuration.",
            ["pool": .string(pool), "servers": .string(servers.joined(separator: " "))])
    }

    /// `count`: the channels and patterns of one client on that server.
    package static func subscriptionsLost(pool: String, server: String, reason: String, count: Int) -> LogEvent {
        LogEvent(
            "ambassador.subscriptions.lost", .warning,
            "A client's subscriptions were lost with a connection to a server; they are made anew.",
            [
                "pool": .string(pool), "server": .string(server), "reason": .string(reason),
                "count": .stringConvertible(count),
            ])
    }

    package static func subscriptionsRestored(pool: String, server: String) -> LogEvent {
        LogEvent(
            "ambassador.subscriptions.restored", .info, "A client's subscriptions were made anew.",
            ["pool": .string(pool), "server": .string(server)])
    }
}
