// SPDX-License-Identifier: Apache-2.0

import Core
import NIOCore
import Proxying

/// Where a pool's clients come in.
final class PoolListener: Sendable {
    private let tls: TLSServer?
    private let clients: ClientListener

    init(_ configuration: PoolConfiguration, group: EpollEventLoopGroup, tls: TLSServer?) {
        self.tls = tls
        clients = ClientListener(
            configuration.listen, backlog: configuration.backlog, sharesPort: configuration.sharesPort, group: group)
    }

    /// Listens, and has `makeClient` (on the client's loop) answer each connection. Returns the port, or 0.
    func start(
        _ makeClient: @escaping @Sendable (any EventLoop) -> ShardClient?
    ) async throws(ListenError) -> Int {
        try await clients.start { [tls] channel, openCount in
            guard let client = makeClient(channel.eventLoop) else { throw ChannelError.ioOnClosedChannel }
            try tls?.secure(channel, within: ClientListener.handshakeTimeout)
            try channel.pipeline.syncOperations.addHandler(client)
            let limit = client.loop.limits.clients
            if openCount > limit { client.refuseAsSurplus(limit: limit) }
        }
    }

    /// Takes no more connections; those that are there stay.
    func stop() async { await clients.stop() }
}
