// SPDX-License-Identifier: Apache-2.0

internal import Proxying
internal import WireRESP

extension RedisClient {
    /// Sends a command that may block over a connection of this client's own; what follows waits for its reply, as it
    /// does in Redis. False if it isn't its turn yet.
    func takeBlocking(
        _ found: RedisCommand, _ command: RESPCommand, _ bytes: borrowing Span<UInt8>
    ) throws(RedisRefusal) -> Bool {
        let keys = try RedisKeys(found.keys, of: command, bytes)
        let server = try keys.server(command, bytes, ring: redis.ring, random: &redis.random)
        guard found.route == .blocking || keys.blocks, server >= 0 else {
            forward(bytes, to: server, found)
            return true
        }
        guard isTurn() else { return false }
        let connection = ownConnection(to: server)
        connection.isBlocking = true
        connection.send(
            bytes, of: self, number: expectReply(), family: .blocking, command: found.id, expecting: .any)
        hold(.order)
        return true
    }

    /// Whether every command has been answered; if not, the next one waits until then. Commands over two connections
    /// have no order but that.
    func isTurn() -> Bool {
        guard waiting > 0 else { return true }
        hold(.order)
        return false
    }
}
