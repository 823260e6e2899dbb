// SPDX-License-Identifier: Apache-2.0

/// The connections of one loop that no client has at the moment, kept for the next one that needs one of its own.
///
/// Only those are kept on which a command finds what it would find on a new one.
final class OwnConnectionStock {
    /// Connections that are kept.
    static let idleMax = 32

    private let pool: PoolLoop
    /// All that are open, of all loops, used or kept.
    private let open: SharedCount
    /// The one that was used last comes last.
    private var idle: [OwnConnection] = []

    init(pool: PoolLoop, open: SharedCount) {
        self.pool = pool
        self.open = open
    }

    /// A connection for `client`; one that isn't open is opened by the first command on it.
    func take(to server: Int, _ session: RedisSession, for client: RedisClient) -> OwnConnection {
        let redis = client.redis
        let place = idle.lastIndex { $0.server === redis.servers[server] && $0.session == session }
        let connection =
            place.map { idle.remove(at: $0) }
            ?? OwnConnection(stock: self, server: server, session: session, redis: redis)
        connection.client = client
        return connection
    }

    /// Takes back one that its client needs no more.
    func give(_ connection: OwnConnection) {
        guard connection.isClean, !connection.isStale else { return connection.abandon() }
        connection.client = nil
        if idle.count >= Self.idleMax { idle.removeFirst().abandon() }
        idle.append(connection)
    }

    /// Lets those go that don't lead to where their servers are now.
    func drop(where isStale: (OwnConnection) -> Bool) {
        for connection in idle where isStale(connection) { connection.abandon() }
    }

    /// One that was kept has ended.
    func forget(_ connection: OwnConnection) { idle.removeAll { $0 === connection } }

    func close() {
        for connection in idle { connection.abandon() }
        idle = []
    }

    /// Counts one more that opens, unless there are enough.
    func admit() -> Bool {
        if open.value >= pool.limits.own, let oldest = idle.first { oldest.abandon() }
        guard open.value < pool.limits.own else { return false }
        open.add(1)
        return true
    }

    func dismiss() { open.add(-1) }
}
