// SPDX-License-Identifier: Apache-2.0

import NIOCore
internal import Proxying
internal import WireRESP

/// Commands that aren't simply for the server of one key.
extension RedisClient {
    /// Sends a command where its row of the table says. False if it has to wait for those before it.
    func route(
        _ found: RedisCommand, _ command: RESPCommand, _ bytes: borrowing Span<UInt8>
    ) throws(RedisRefusal) -> Bool {
        if !dialogue.isAuthenticated, !found.isOpenToAll {
            answer(RedisReply.unauthenticated.bytes)
            return true
        }
        if isInTransaction { return try takeInTransaction(found, command, bytes) }
        if isConfined { return takeConfined(found, command, bytes) }
        switch found.route {
        case .script(.evalSHA):
            takeByHash(found, command, bytes, to: try server(of: found, command, bytes))
        case .script(.load): takeLoad(found, command, bytes)
        case .script(.flush):
            redis.scripts.removeAll()
            takeEverywhere(.same, found, bytes)
        case .byKey, .script: forward(bytes, to: try server(of: found, command, bytes), found)
        case .byKeyOrBlocking, .blocking: return try takeBlocking(found, command, bytes)
        case .anyServer: forward(bytes, to: redis.anyServer, found)
        case .split(let split): return try takeSplit(split, found, command, bytes)
        case .everyServer(let merge): takeEverywhere(merge, found, bytes)
        case .scan: takeScan(found, command, bytes)
        case .local(let local): return takeLocal(local, command, bytes)
        case .transaction(let step): return try takeTransaction(step, found, command, bytes)
        case .pubSub(let step): return takeSubscription(step, command, bytes)
        case .refused(let refusal): throw refusal
        case .container: throw .unknownSubcommand
        }
        return true
    }

    func server(
        of found: RedisCommand, _ command: RESPCommand, _ bytes: borrowing Span<UInt8>
    ) throws(RedisRefusal) -> Int {
        let keys = try RedisKeys(found.keys, of: command, bytes)
        return try keys.server(command, bytes, ring: redis.ring, random: &redis.random)
    }

    // MARK: Several servers

    /// False if it has to wait for those before it.
    private func takeSplit(
        _ split: RedisSplit, _ found: RedisCommand, _ command: RESPCommand, _ bytes: borrowing Span<UInt8>
    ) throws(RedisRefusal) -> Bool {
        let keys = try RedisKeys(found.keys, of: command, bytes)
        if RedisSlice.largest.isLess(than: keys, bytes.count),
            keys.areSpread(command, bytes, ring: redis.ring, random: &redis.random)
        {
            guard isTurn() else { return false }
            begin(SlicedCommand(split, found, keys, command, bytes))
            return true
        }
        let parts = RedisParts(command, bytes, keys: keys, ring: redis.ring, random: &redis.random)
        guard parts.parts.count > 1 else {
            forward(bytes, to: parts.parts.first?.server ?? -1, found)
            return true
        }
        guard parts.parts.allSatisfy({ $0.server >= 0 }) else {
            answer(RedisReply.noServer.bytes)
            return true
        }
        send(parts, found, number: expectReply(split.replies(parts)))
        return true
    }

    /// Sends each server its part of a command.
    func send(_ parts: RedisParts, _ found: RedisCommand, number: UInt32) {
        for (index, part) in parts.parts.enumerated() {
            guard part.server >= 0 else {
                receive(reply: number, part: UInt16(index), RedisReply.noServer.bytes, .refusal)
                continue
            }
            lane.connections[part.server].send(
                part.command.readableBytesUInt8Span, of: self, number: number, part: UInt16(index),
                family: found.family, command: found.id, expecting: .any)
        }
    }

    private func takeEverywhere(_ merge: RedisMerge, _ found: RedisCommand, _ bytes: borrowing Span<UInt8>) {
        sendEverywhere(found, bytes) { merge.replies(parts: $0) }
    }

    /// Sends a command to all servers that are alive.
    func sendEverywhere(_ found: RedisCommand, _ bytes: borrowing Span<UInt8>, _ replies: (Int) -> FanOut) {
        let servers = redis.ring.live.indices.filter { redis.ring.live[$0] }
        guard !servers.isEmpty else { return answer(RedisReply.noServer.bytes) }
        let number = expectReply(replies(servers.count))
        for (part, server) in servers.enumerated() {
            lane.connections[server].send(
                bytes, of: self, number: number, part: UInt16(part), family: found.family, command: found.id,
                expecting: .any)
        }
    }

    /// Goes on with a scan at the server that the cursor names; one that is gone is passed over.
    private func takeScan(_ found: RedisCommand, _ command: RESPCommand, _ bytes: borrowing Span<UInt8>) {
        let servers = redis.primaries.count
        guard let position = RedisScanCursor(bytes.extracting(command[1].range), servers: servers) else {
            return answer(RedisReply.invalidCursor.bytes)
        }
        let number = expectReply(ScanReply(position, servers: servers))
        lane.connections[redis.primaries[position.server]].send(
            position.command(command, bytes).readableBytesUInt8Span, of: self, number: number, family: found.family,
            command: found.id, expecting: .any)
    }
}

extension RedisCommand {
    /// Whether a client that hasn't shown the password may say it.
    fileprivate var isOpenToAll: Bool {
        switch route {
        case .local(.auth), .local(.hello), .local(.quit), .local(.reset), .refused, .container: true
        default: false
        }
    }
}
