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
}
