// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Proxying

/// Finds out on a connection of its own whether a server answers, without any client's command at stake.
final class ShardProbe: ShardHealth {
    private let server: ShardServer
    private let connection: ShardConnection
    private let eventLoop: EpollEventLoop
    private var completed: ((Bool) -> Void)?

    /// The server is well when it has answered all of `opening`, none of it with an error.
    init(
        _ server: ShardServer, opening: ShardOpening, language: ReplyFraming.Language, pool: PoolLoop,
        _ completed: @escaping (Bool) -> Void
    ) {
        self.server = ShardServer(probing: server)
        self.completed = completed
        eventLoop = pool.eventLoop
        connection = ShardConnection(
            server: self.server, language: language, opening: opening, loop: pool, counters: ServerCounters())
    }

    func start() {
        server.health = self
        connection.connectIfIdle()
    }

    func failed(_ server: String) { complete(false) }

    func answered(_ server: String) { complete(true) }

    func close() {
        completed = nil
        connection.close()
    }

    /// Once; the connection is in the middle of something, and closed after it.
    private func complete(_ isWell: Bool) {
        guard let completed else { return }
        self.completed = nil
        eventLoop.assumeIsolated().execute {
            self.connection.close()
            completed(isWell)
        }
    }
}
