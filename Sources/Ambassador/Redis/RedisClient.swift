// SPDX-License-Identifier: Apache-2.0

import NIOCore
internal import Proxying
internal import WireRESP

/// One client of a Redis pool.
///
/// The path of a command, top to bottom: bytes are scanned (`receiveCommands`), looked up and routed by key (`take`), and
/// appended to what goes to the key's server at the end of the tick (`forward`). `RedisClient+route` has the commands that
/// aren't simply for the server of one key.
final class RedisClient: ShardClient {
    let redis: RedisLoop
    var dialogue: RedisDialogue
    var lane: ShardLane
    // Safe: as in ShardClient.
    @exclusivity(unchecked) private var scanner: RESPCommandScanner
    /// Whether every command may be looked at: the client has shown the password, or needs none.
    private var isAdmitted: Bool

    init(_ redis: RedisLoop, id: UInt64) {
        self.redis = redis
        dialogue = RedisDialogue(id: id, login: redis.clientLogin)
        lane = redis.lane(dialogue.session)
        isAdmitted = dialogue.isAuthenticated
        scanner = RESPCommandScanner(limits: isAdmitted ? redis.limits : .unauthenticated)
        super.init(loop: redis.pool)
    }

    override func receiveCommands(_ input: inout ByteBuffer) {
        while takesCommands, input.readableBytes > 0 {
            switch scanner.scan(input.readableBytesUInt8Span) {
            case .complete(let command):
                guard take(command, input.readableBytesUInt8Span.extracting(first: command.length)) else { return }
                input.moveReaderIndex(forwardBy: command.length)
            case .inline(let length):
                // Safe: the scanner has seen so many bytes.
                guard takeLine(input.getSlice(at: input.readerIndex, length: length)!) else { return }
                input.moveReaderIndex(forwardBy: length)
            case .incomplete(let missing): return reserve(missing, in: &input)
            case .malformed(let error): return refuse(error)
            }
        }
    }

    /// Sends a command on its way; `bytes` are its own. False if it has to wait until those before it are answered: then
    /// it is read again.
    @inline(__always)
    private func take(_ command: RESPCommand, _ bytes: borrowing Span<UInt8>) -> Bool {
        guard command.argumentCount > 0 else { return true }
        do {
            let found = try RedisCommandTable.standard.find(command, bytes)
            guard isAdmitted, case .byKey = found.route, let place = found.keys.place else {
                return try route(found, command, bytes)
            }
            let key = bytes.extracting(command[place].range)
            loop.hotKeys.see(key)
            let server = redis.ring.server(for: key, random: &redis.random)
            forward(bytes, to: server, found, KeyBeginning(key))
            return true
        } catch {
            refuse(error, command, bytes)
            return true
        }
    }

    @inline(__always)
    func forward(
        _ bytes: borrowing Span<UInt8>, to server: Int, _ found: RedisCommand, _ key: KeyBeginning = .none
    ) {
        let number = expectReply()
        guard server >= 0 else { return receive(reply: number, part: 0, RedisReplies.noServer, .refusal) }
        lane.connections[server].send(
            bytes, of: self, number: number, family: found.family, command: found.id, key: key, expecting: .any)
    }

    /// A command that somebody typed: it becomes the array that it stands for. False as for `take`.
    private func takeLine(_ line: ByteBuffer) -> Bool {
        do {
            let words = try RESPInline.split(line.readableBytesUInt8Span)
            guard !words.isEmpty else { return true }
            var array = ByteBuffer()
            array.writeCommand(words)
            guard case .complete(let command) = scanner.scan(array.readableBytesUInt8Span) else { return true }
            return take(command, array.readableBytesUInt8Span)
        } catch {
            refuse(error)
            return true
        }
    }

    // MARK: Sessions

    /// Answers a command that concerns nothing but this client.
    func converse(_ local: RedisLocalCommand, _ command: RESPCommand, _ bytes: borrowing Span<UInt8>) {
        var reply = ByteBuffer()
        let effect = dialogue.answer(local, command, bytes, login: redis.clientLogin, into: &reply)
        answer(reply)
        if isAdmitted != dialogue.isAuthenticated {
            isAdmitted = dialogue.isAuthenticated
            scanner.limits = isAdmitted ? redis.limits : .unauthenticated
        }
        switch effect {
        case .none: break
        case .session, .reset: lane = redis.lane(dialogue.session)
        case .end: end()
        }
    }

    // MARK: Refusals

    /// A command that goes to no server; the client stays.
    private func refuse(_ refusal: RedisRefusal, _ command: RESPCommand, _ bytes: borrowing Span<UInt8>) {
        loop.clients.failed += 1
        var reply = ByteBuffer()
        reply.writeRESPLine("-", refusal.text(command, bytes))
        answer(reply)
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
    static let unauthenticated = ByteBuffer(string: "-NOAUTH Authentication required.\r\n")
    static let invalidCursor = ByteBuffer(string: "-ERR invalid cursor\r\n")
}
