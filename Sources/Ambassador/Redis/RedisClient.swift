// SPDX-License-Identifier: Apache-2.0

import NIOCore
internal import Proxying
internal import WireRESP

/// One client of a Redis pool.
///
/// The path of a command, top to bottom: bytes are scanned (`receiveCommands`), looked up (`take`), routed by key
/// (`forward`), and appended to what goes to the key's server at the end of the tick (`ShardConnection.send`).
final class RedisClient: ShardClient {
    let redis: RedisLoop
    private(set) var session = RedisSession()
    private var lane: RedisLane
    // Safe: as in ShardClient.
    @exclusivity(unchecked) private var scanner: RESPCommandScanner

    init(_ redis: RedisLoop) {
        self.redis = redis
        lane = redis.lane(session)
        scanner = RESPCommandScanner()
        super.init(loop: redis.pool)
    }

    override func receiveCommands(_ input: inout ByteBuffer) {
        while takesCommands, input.readableBytes > 0 {
            switch scanner.scan(input.readableBytesUInt8Span) {
            case .complete(let command):
                if command.argumentCount > 0 { take(command, input.readableBytesUInt8Span.extracting(first: command.length)) }
                input.moveReaderIndex(forwardBy: command.length)
            case .inline(let length):
                receiveLine(&input, length)
            case .incomplete(let missing): return reserve(missing, in: &input)
            case .malformed(let error): return refuse(error)
            }
        }
    }

    /// Sends a command on its way. `bytes` are those of the command.
    @inline(__always)
    private func take(_ command: RESPCommand, _ bytes: borrowing Span<UInt8>) {
        if command.argumentCount == 1 { return answer(ByteBuffer(string: "+PONG\r\n")) }
        forward(command, bytes, key: command[1])
    }

    @inline(__always)
    private func forward(_ command: RESPCommand, _ bytes: borrowing Span<UInt8>, key: RESPPlace) {
        let number = expectReply()
        let server = redis.ring.server(for: bytes.extracting(key.range), random: &redis.random)
        guard server >= 0 else { return receive(reply: number, part: 0, RedisReplies.noServer, .refusal) }
        lane.connections[server].send(
            bytes, of: self, number: number, family: .other, expecting: .any)
    }

    /// A command that somebody typed: it becomes the array that it stands for.
    private func receiveLine(_ input: inout ByteBuffer, _ length: Int) {
        // Safe: the scanner has seen so many bytes.
        let line = input.readSlice(length: length)!
        do {
            let words = try RESPInline.split(line.readableBytesUInt8Span)
            guard !words.isEmpty else { return }
            var array = ByteBuffer()
            array.writeCommand(words)
            guard case .complete(let command) = scanner.scan(array.readableBytesUInt8Span) else { return }
            take(command, array.readableBytesUInt8Span)
        } catch {
            refuse(error)
        }
    }

    /// What follows has no meaning; replies that are due still arrive.
    private func refuse(_ error: RESPSyntaxError) {
        loop.clients.errors += 1
        answer(ByteBuffer(string: "-ERR \(error)\r\n"))
        end()
    }

    override func surplusReply(limit: Int) -> ByteBuffer {
        ByteBuffer(string: "-ERR max number of clients reached\r\n")
    }

    override func reply(to error: ShardError, of server: String) -> ByteBuffer {
        ByteBuffer(string: "-ERR server \(server): \(error.reason)\r\n")
    }
}

/// Replies of the proxy's own.
enum RedisReplies {
    static let noServer = ByteBuffer(string: "-ERR no server is available\r\n")
}
