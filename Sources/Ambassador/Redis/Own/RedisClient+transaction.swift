// SPDX-License-Identifier: Apache-2.0

import NIOCore
internal import Proxying
internal import WireRESP

// MULTI and WATCH, and what follows them, over a connection of this client's own. What each function returns is whether
// it was the command's turn.
extension RedisClient {
    var isInTransaction: Bool { own?.transaction?.isOpen ?? false }

    func takeTransaction(
        _ step: RedisTransactionCommand, _ found: RedisCommand, _ command: RESPCommand, _ bytes: borrowing Span<UInt8>
    ) throws(RedisRefusal) -> Bool {
        loseTransactionIfMoved()
        switch step {
        case .multi: return takeMulti(found, bytes)
        case .watch: return takeWatch(try server(of: found, command, bytes), found, bytes)
        case .exec:
            guard var transaction = own?.transaction else { return finish(.execAlone) }
            perform(transaction.exec(anywhere: redis.anyServer), found, bytes)
        case .discard:
            guard var transaction = own?.transaction else { return finish(.discardAlone) }
            perform(transaction.discard(), found, bytes)
        case .unwatch:
            guard let transaction = own?.transaction else { return finish(.ok) }
            if transaction.isOpen { return takeQueued(nil, found, bytes) }
            perform(transaction.unwatch(), found, bytes)
        }
        return true
    }

    /// A command behind MULTI.
    func takeInTransaction(
        _ found: RedisCommand, _ command: RESPCommand, _ bytes: borrowing Span<UInt8>
    ) throws(RedisRefusal) -> Bool {
        switch found.route {
        case .transaction(let step): return try takeTransaction(step, found, command, bytes)
        case .script(.load), .script(.flush): throw .notInTransaction
        case .byKey, .byKeyOrBlocking, .blocking, .script, .split:
            let keys = try RedisKeys(found.keys, of: command, bytes)
            // A random ring has no place for a key: any server will do for all of them.
            guard keys.total > 0, redis.ring.kind != .random else { return takeQueued(nil, found, bytes) }
            return takeQueued(
                try keys.server(command, bytes, ring: redis.ring, random: &redis.random), found, bytes)
        case .anyServer, .local(.echo), .local(.time): return takeQueued(nil, found, bytes)
        case .everyServer where command.name == Self.ping: return takeQueued(nil, found, bytes)
        case .local(.reset): return takeLocal(.reset, command, bytes)
        case .local(.quit): return takeLocal(.quit, command, bytes)
        case .refused(let refusal): throw refusal
        case .everyServer, .scan, .local, .pubSub, .container: throw .notInTransaction
        }
    }

    static let ping = RESPName("PING")

    private func takeQueued(_ place: Int?, _ found: RedisCommand, _ bytes: borrowing Span<UInt8>) -> Bool {
        loseTransactionIfMoved()
        perform(own?.transaction?.command(place, bytes: bytes.count) ?? .answer(.execAlone), found, bytes)
        return true
    }

    private func takeMulti(_ found: RedisCommand, _ bytes: borrowing Span<UInt8>) -> Bool {
        // Over the shared connections nothing may be left that the transaction could overtake.
        guard isTurn() else { return false }
        let use = useOwn()
        var transaction = use.transaction ?? Transaction()
        let step = transaction.multi()
        use.transaction = transaction
        perform(step, found, bytes)
        return true
    }

    private func takeWatch(_ place: Int, _ found: RedisCommand, _ bytes: borrowing Span<UInt8>) -> Bool {
        guard isTurn() else { return false }
        let use = useOwn()
        var transaction = use.transaction ?? Transaction()
        let step = transaction.watch(place)
        use.transaction = transaction
        perform(step, found, bytes)
        // What is read over the shared connections from here on must be read after the server watches.
        if case .forward = step { hold(.order) }
        return true
    }

    private func finish(_ reply: RedisReply) -> Bool {
        answer(reply.bytes)
        return true
    }

    private func perform(_ step: Transaction.Step, _ found: RedisCommand, _ bytes: borrowing Span<UInt8>) {
        switch step {
        case .answer(let reply): answer(reply.bytes)
        case .keep:
            own?.transaction?.keep(bytes)
            answer(RedisReply.queued.bytes)
        case .forward(let server, let opening): forward(bytes, to: server, found, opening: opening)
        case .finish(let server, let opening):
            forward(bytes, to: server, found, opening: opening)
            own?.transaction = nil
            hold(.order)
        case .drop(let reply, let undoing):
            if let undoing { tell(undoing) }
            own?.transaction = nil
            answer(reply.bytes)
        }
        seePlainness()
    }

    private func forward(_ bytes: borrowing Span<UInt8>, to server: Int, _ found: RedisCommand, opening: Bool) {
        let number = expectReply()
        let connection = ownConnection(to: server)
        own?.transactionServer = connection.server
        if let error = connection.open() {
            loseTransaction()
            return fail(number, part: 0, error, of: connection.server.name)
        }
        if opening, let transaction = own?.transaction {
            var opening = Self.multi
            opening.writeImmutableBuffer(transaction.kept)
            connection.sendUnanswered(opening, commands: transaction.keptCount + 1)
        }
        connection.send(bytes, of: self, number: number, family: found.family, command: found.id, expecting: .any)
    }

    /// Gives up what a server knows of the transaction, with the connection that it knows it of.
    func loseTransaction() {
        guard let own, own.transaction != nil else { return }
        own.transaction?.lose()
        let lost = own.connections.filter { $0.server === own.transactionServer }
        own.connections.removeAll { $0.server === own.transactionServer }
        if own.longLane != nil { leaveLongLane(own) }
        for connection in lost { connection.abandon() }
    }

    /// Gives the transaction up if its server isn't where it was: the servers have changed.
    private func loseTransactionIfMoved() {
        guard let own, let place = own.transaction?.server else { return }
        if place >= redis.servers.count || redis.servers[place] !== own.transactionServer { loseTransaction() }
    }

    private func tell(_ undoing: Transaction.Undoing) {
        let bytes = undoing.isUnwatch ? Self.unwatch : Self.discard
        ownConnection(to: undoing.server).sendUnanswered(bytes, commands: 1)
    }

    private static let multi = ByteBuffer(string: "*1\r\n$5\r\nMULTI\r\n")
    private static let discard = ByteBuffer(string: "*1\r\n$7\r\nDISCARD\r\n")
    private static let unwatch = ByteBuffer(string: "*1\r\n$7\r\nUNWATCH\r\n")
}
