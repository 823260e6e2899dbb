// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// What one client has for itself at the moment: connections, at most one to each server, and what they are for.
final class OwnUse {
    var connections: [OwnConnection] = []
    var transaction: Transaction?
    /// The server that the transaction's is.
    var transactionServer: ShardServer?

    /// The command that goes on as it comes.
    var upload: Upload?
    /// Connections for all commands of the client, as long as it moves long values.
    var longLane: ShardLane?
    /// Until then it is taken to.
    var longUntil: NIODeadline?

    var subscriber: Subscriber?
    /// The command that goes to its servers in slices.
    var sliced: SlicedCommand?

    /// Whether the connections may go when every command has been answered.
    var isOver: Bool { transaction == nil && upload == nil && longUntil == nil && subscriber == nil && sliced == nil }
}

extension RedisClient {
    /// The connection to a server that this client has for itself; it gets one if it has none.
    func ownConnection(to server: Int) -> OwnConnection {
        let use = useOwn()
        let held = use.connections.first { $0.server === redis.servers[server] && $0.session == session }
        if let held { return held }
        let connection = redis.own.take(to: server, session, for: self)
        use.connections.append(connection)
        return connection
    }

    func useOwn() -> OwnUse {
        if let own { return own }
        let use = OwnUse()
        own = use
        hearsWrites = true
        redis.ownUsers[ObjectIdentifier(self)] = self
        return use
    }

    /// A connection of this client's own has ended; the commands on it have been answered.
    func lost(_ connection: OwnConnection, _ error: ShardError) {
        if connection.unasked != nil { return lostSubscription(connection, error) }
        if own?.upload?.connection === connection { own?.upload?.connection = nil }
        if own?.transaction?.server != nil, own?.transactionServer === connection.server { loseTransaction() }
    }

    /// The pool's servers, where they are, or their parts of the keys are others from now on. Connections that don't
    /// lead to where their servers are end when every command has been answered, and a transaction is over.
    func followServers(leaving isStale: (OwnConnection) -> Bool) {
        guard let own else { return }
        for connection in own.connections + (own.subscriber?.connections ?? []) where isStale(connection) {
            connection.isStale = true
        }
        moveSubscriptions()
        guard let lane = own.longLane else { return }
        let isCurrent = lane.connections.elementsEqual(redis.servers) { $0.server === $1 }
        if !isCurrent || own.connections.contains(where: \.isStale) { leaveLongLane(own) }
    }

    /// Gives the connections back when what they are for is over. Every command has been answered.
    func settleOwn() {
        guard let own else { return }
        for connection in own.connections where connection.isBlocking { connection.isBlocking = false }
        if own.transaction == nil { giveStale(own) }
        settleLong(own)
        guard own.isOver else { return }
        endOwn()
        for connection in own.connections { redis.own.give(connection) }
    }

    private func giveStale(_ own: OwnUse) {
        let stale = own.connections.filter(\.isStale)
        guard !stale.isEmpty else { return }
        own.connections.removeAll(where: \.isStale)
        for connection in stale { redis.own.give(connection) }
    }

    /// The client is gone: what its connections know of it must not reach the next one.
    func abandonOwn() {
        guard let own else { return }
        let isClean = own.isOver
        abandonSubscriber()
        endOwn()
        for connection in own.connections {
            if isClean { redis.own.give(connection) } else { connection.abandon() }
        }
    }

    private func endOwn() {
        own = nil
        hearsWrites = false
        redis.ownUsers[ObjectIdentifier(self)] = nil
    }
}
