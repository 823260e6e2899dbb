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
}
