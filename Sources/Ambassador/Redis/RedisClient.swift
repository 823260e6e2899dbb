// SPDX-License-Identifier: Apache-2.0

import Core
import NIOCore
internal import Proxying
internal import WireRESP

/// One client of a Redis pool.
///
/// The path of a command, top to bottom: bytes are scanned (`receiveCommands`), looked up and routed by key (`take`),
/// and appended to what goes to the key's server at the end of the tick (`forward`). `RedisClient+route` has the
/// commands that aren't simply for the server of one key.
final class RedisClient: ShardClient {
    let redis: RedisLoop
    var dialogue: RedisDialogue
    var lane: ShardLane
    /// What this client has for itself; nil for most, always.
    var own: OwnUse?
    // Safe: as in ShardClient.
    @exclusivity(unchecked) var scanner: RESPCommandScanner
    /// Whether commands mean what their rows of the table say: the client has shown the password, or needs none, and is
    /// neither within a transaction nor bound to its subscriptions.
    private(set) var isPlain: Bool
    /// It is settled that no fault hits the next command any more.
    var isPastFaults = false

    init(_ redis: RedisLoop, id: UInt64) {
        self.redis = redis
        dialogue = RedisDialogue(id: id, login: redis.clientLogin)
        lane = redis.lane(dialogue.session)
        isPlain = dialogue.isAuthenticated
        scanner = RESPCommandScanner(limits: isPlain ? redis.limits : .unauthenticated)
        super.init(loop: redis.pool)
    }

    override func receiveCommands(_ input: inout ByteBuffer) {
        if own?.upload != nil {
            receiveUpload(&input)
            // What is left is a part of it, and no command.
            guard own?.upload == nil else { return }
        }
        while takesCommands, input.readableBytes > 0 {
            switch scanner.scan(input.readableBytesUInt8Span) {
            case .complete(let command):
                guard take(command, input.readableBytesUInt8Span.extracting(first: command.length)) else { return }
                input.moveReaderIndex(forwardBy: command.length)
            case .inline(let length):
                // Safe: the scanner has seen so many bytes.
                guard takeLine(input.getSlice(at: input.readerIndex, length: length)!) else { return }
                input.moveReaderIndex(forwardBy: length)
            case .incomplete(let missing):
                if missing > loop.limits.shared.bytes, takeLong(scanner.partial, &input) { return }
                return reserve(missing, in: &input)
            case .malformed(let error): return refuse(error)
            }
        }
    }

    /// Sends a command on its way; `bytes` are its own. False if it has to wait until those before it are answered:
    /// then it is read again.
    @inline(__always)
    private func take(_ command: RESPCommand, _ bytes: borrowing Span<UInt8>) -> Bool {
        guard command.argumentCount > 0 else { return true }
        do {
            let found = try RedisCommandTable.standard.find(command, bytes)
            return redis.faults == nil
                ? try send(found, command, bytes) : try sendUnlessFault(found, command, bytes)
        } catch {
            refuse(error, command, bytes)
            return true
        }
    }

    /// Sends a command to the server of its key, or where else it belongs. False as for `take`.
    @inline(__always)
    func send(
        _ found: RedisCommand, _ command: RESPCommand, _ bytes: borrowing Span<UInt8>
    ) throws(RedisRefusal) -> Bool {
        guard isPlain, case .byKey = found.route, let place = found.keys.place else {
            return try route(found, command, bytes)
        }
        let key = bytes.extracting(command[place].range)
        loop.hotKeys.see(key)
        var server = redis.ring.server(for: key, random: &redis.random)
        if redis.hasReplicas, found.isReadOnly, server >= 0 { server = redis.reader(of: server, in: lane) }
        forward(bytes, to: server, found, KeyBeginning(key))
        return true
    }

    @inline(__always)
    func forward(
        _ bytes: borrowing Span<UInt8>, to server: Int, _ found: RedisCommand, _ key: KeyBeginning = .none
    ) {
        let number = expectReply()
        guard server >= 0 else { return receive(reply: number, part: 0, RedisReply.noServer.bytes, .refusal) }
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

    /// Answers a command that concerns nothing but this client. False if it has to wait for those before it: commands
    /// of two sessions go over two connections, which have no order, and a session that ends takes its own with it.
    func takeLocal(_ local: RedisLocalCommand, _ command: RESPCommand, _ bytes: borrowing Span<UInt8>) -> Bool {
        if local == .select || local == .hello || local == .reset, !isTurn() { return false }
        converse(local, command, bytes)
        return true
    }

    private func converse(_ local: RedisLocalCommand, _ command: RESPCommand, _ bytes: borrowing Span<UInt8>) {
        var reply = ByteBuffer()
        let effect = dialogue.answer(local, command, bytes, login: redis.clientLogin, into: &reply)
        answer(reply)
        limitsChanged()
        switch effect {
        case .none: break
        case .session:
            lane = redis.lane(session)
            // What a server watches it watches for the session of before.
            loseTransaction()
        case .reset:
            abandonOwn()
            lane = redis.lane(session)
        case .end: end()
        }
        seePlainness()
    }

    override func limitsChanged() {
        scanner.limits = dialogue.isAuthenticated ? redis.limits : .unauthenticated
    }

    var session: RedisSession { dialogue.session }

    /// Has `isPlain` follow what it depends on.
    func seePlainness() { isPlain = dialogue.isAuthenticated && !isInTransaction && !isConfined }

    // MARK: Refusals

    /// A command that goes to no server; the client stays, unless it is to be as it is with twemproxy.
    private func refuse(_ refusal: RedisRefusal, _ command: RESPCommand, _ bytes: borrowing Span<UInt8>) {
        guard redis.compatibility != .twemproxy else {
            loop.clients.failed += 1
            return end()
        }
        var reply = ByteBuffer()
        reply.writeRESPLine("-", refusal.text(command, bytes))
        refuse(reply)
    }

    /// Answers a command with an error of the proxy's own.
    func refuse(_ reply: ByteBuffer) {
        loop.clients.failed += 1
        own?.transaction?.spoil()
        answer(reply)
    }

    /// What follows has no meaning; replies that are due still arrive.
    func refuse(_ error: RESPSyntaxError) {
        loop.clients.errors += 1
        answer(ByteBuffer(string: "-ERR \(error)\r\n"))
        end()
    }

    // MARK: Connections of its own

    override func answeredAll() {
        release(.order)
        if own != nil { settleOwn() }
    }

    override func wrote() {
        guard let own else { return }
        for connection in own.connections { connection.clientWrote() }
        if own.subscriber != nil { relayDeferred() }
        if own.sliced != nil { sendSlice(own) }
    }

    override func receivesLongReply() { expectLong() }

    /// A subscriber waits for what others publish. A command that is on its way waits for its client.
    override var awaitsServers: Bool {
        own?.upload == nil && (super.awaitsServers || own?.subscriber != nil)
    }

    /// A client that ends while a command of it blocks takes nothing any more: the server must not give it anything. A
    /// command of which a part is missing is never answered.
    override func inputEnded() {
        guard let own else { return endAfterInput() }
        if own.upload != nil || own.connections.contains(where: \.isBlocking) { close() } else { endAfterInput() }
    }

    override func closed() { abandonOwn() }

    override func surplusReply(limit: Int) -> ByteBuffer {
        ByteBuffer(string: "-ERR max number of clients reached\r\n")
    }

    override func reply(to error: ShardError, of server: String) -> ByteBuffer {
        ByteBuffer(string: "-ERR server \(server): \(error.reason)\r\n")
    }
}
