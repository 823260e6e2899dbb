// SPDX-License-Identifier: Apache-2.0

import NIOCore
internal import Proxying
internal import WireMemcached

/// One client of a memcached pool.
///
/// The path of a command, top to bottom: bytes are scanned (`receiveCommands`), sorted by what they ask for (`take`),
/// routed by key (`forward`), and appended to what goes to the key's server at the end of the tick
/// (`ShardConnection.send`).
final class MemcachedClient: ShardClient {
    let memcached: MemcachedLoop
    // Safe: as in ShardClient.
    @exclusivity(unchecked) private var scanner: MemcachedCommandScanner
    /// Bytes of a refused command that haven't come yet.
    private var dropping = 0

    init(_ memcached: MemcachedLoop) {
        self.memcached = memcached
        scanner = MemcachedCommandScanner(limits: memcached.limits)
        super.init(loop: memcached.pool)
    }

    override func receiveCommands(_ input: inout ByteBuffer) {
        while takesCommands {
            if dropping > 0 { drop(&input) }
            guard input.readableBytes > 0 else { return }
            switch scanner.scan(input.readableBytesUInt8Span) {
            case .complete(let command):
                take(command, input.readableBytesUInt8Span.extracting(first: command.length))
                input.moveReaderIndex(forwardBy: command.length)
            case .incomplete(let missing): return reserve(missing, in: &input)
            case .refused(let refusal):
                refuse(refusal.reason.text, isSilent: refusal.isSilent)
                dropping = refusal.length
            case .malformed(let error):
                loop.clients.errors += 1
                refuse("CLIENT_ERROR \(error)")
                return end()
            }
        }
    }

    override func limitsChanged() { scanner.limits = memcached.limits }

    private func drop(_ input: inout ByteBuffer) {
        let count = min(dropping, input.readableBytes)
        input.moveReaderIndex(forwardBy: count)
        dropping -= count
    }

    private func refuse(_ text: String, isSilent: Bool = false) {
        loop.clients.failed += 1
        if !isSilent { answer(ByteBuffer(string: text + "\r\n")) }
    }

    // MARK: Commands

    /// Sends a command on its way. `bytes` are those of the command.
    @inline(__always)
    private func take(_ command: MemcachedCommand, _ bytes: borrowing Span<UInt8>) {
        if command.keyCount == 1 {
            loop.hotKeys.see(bytes.extracting(command.key.range))
            forward(command, bytes, to: server(of: command.key, bytes, isEncoded: command.isKeyEncoded))
        } else if command.keyCount > 1 {
            split(command, bytes)
        } else {
            takeKeyless(command, bytes)
        }
    }

    @inline(__always)
    private func server(of key: MemcachedPlace, _ bytes: borrowing Span<UInt8>, isEncoded: Bool = false) -> Int {
        if isEncoded { return memcached.server(ofEncoded: key, bytes) }
        return memcached.ring.server(for: bytes.extracting(key.range), random: &memcached.random)
    }

    @inline(__always)
    private func forward(_ command: MemcachedCommand, _ bytes: borrowing Span<UInt8>, to server: Int) {
        let number = expectReply()
        let shape = ReplyShape(command.verb.replyShape, command.silence)
        guard server >= 0 else {
            return receive(reply: number, part: 0, MemcachedReplies.noServer, shape.isSilent ? .hidden : .refusal)
        }
        memcached.lane.connections[server].send(
            bytes, leavingOut: command.silencer.range, of: self, number: number,
            family: command.verb.isWrite ? .write : .read, command: UInt16(command.verb.rawValue),
            key: KeyBeginning(bytes.extracting(command.key.range)), expecting: shape)
    }

    private func takeKeyless(_ command: MemcachedCommand, _ bytes: borrowing Span<UInt8>) {
        let count = memcached.lane.connections.count
        switch command.verb {
        case .metaNoOp: answer(MemcachedReplies.noOp)
        case .quit: end()
        case .version: broadcast(command, bytes, MemcachedVersion(parts: count))
        case .statistics:
            broadcast(command, bytes, MemcachedStatistics(servers: memcached.shards.servers.map(\.name)))
        default:
            broadcast(command, bytes, MemcachedAcknowledgement(parts: count, isSilent: command.silence == .everything))
        }
    }

    /// Sends a command to every server.
    private func broadcast(_ command: MemcachedCommand, _ bytes: borrowing Span<UInt8>, _ parts: FanOut) {
        guard !parts.isComplete else {
            return refuse(MemcachedReplies.noServerText, isSilent: command.silence == .everything)
        }
        let number = expectReply(parts)
        for (index, connection) in memcached.lane.connections.enumerated() {
            connection.send(
                bytes, leavingOut: command.silencer.range, of: self, number: number, part: UInt16(index),
                family: .other, command: UInt16(command.verb.rawValue), expecting: ReplyShape(command.verb.replyShape))
        }
    }

    /// Sends each server of the keys a command with those that live there.
    private func split(_ command: MemcachedCommand, _ bytes: borrowing Span<UInt8>) {
        var keys = MemcachedKeys(command)
        var retrieval = MemcachedRetrieval.Plan(command, bytes)
        while let key = keys.next(in: bytes) {
            loop.hotKeys.see(bytes.extracting(key.range))
            let server = server(of: key, bytes)
            guard server >= 0 else { return refuse(MemcachedReplies.noServerText) }
            retrieval.add(key, bytes, server: server)
        }
        guard retrieval.lines.count > 1 else { return forward(command, bytes, to: retrieval.lines[0].server) }
        let lines = retrieval.finish()
        let number = expectReply(MemcachedRetrieval(retrieval))
        for (part, line) in lines.enumerated() {
            memcached.lane.connections[line.server].send(
                line.bytes.readableBytesUInt8Span, of: self, number: number, part: UInt16(part), family: .read,
                command: UInt16(command.verb.rawValue), key: KeyBeginning(bytes.extracting(command.key.range)),
                expecting: ReplyShape(.values))
        }
    }

    // MARK: Replies

    override func surplusReply(limit: Int) -> ByteBuffer {
        ByteBuffer(string: "ERROR Too many open connections\r\n")
    }

    override func reply(to error: ShardError, of server: String) -> ByteBuffer {
        ByteBuffer(string: "SERVER_ERROR server \(server): \(error.reason)\r\n")
    }
}

/// Replies of the proxy's own.
enum MemcachedReplies {
    static let noServerText = "SERVER_ERROR no server is available"
    static let noServer = ByteBuffer(string: noServerText + "\r\n")
    static let notUnderstood = ByteBuffer(string: "SERVER_ERROR a server's reply isn't understood\r\n")
    static let noOp = ByteBuffer(string: "MN\r\n")
}
