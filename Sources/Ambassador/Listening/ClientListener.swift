// SPDX-License-Identifier: Apache-2.0

import Core
import NIOCore
import NIOPosix
import Proxying
import Synchronization

/// Where clients come in, of a pool or a proxy, to be spread evenly over the event loops.
final class ClientListener: Sendable {
    /// What a client hasn't taken, in the channel's own buffer, before the loop holds the rest back.
    private static let unwrittenBytesMax = 256 << 10
    /// A client that hasn't agreed on TLS by then is let go.
    static let handshakeTimeout = TimeAmount.seconds(10)

    private let address: PoolAddress
    private let backlog: Int
    private let sharesPort: Bool
    private let group: any EventLoopGroup
    private let channel = Mutex<(any Channel)?>(nil)
    private let open = SharedCount()

    /// - Parameters:
    ///   - backlog: connections that wait to be accepted.
    ///   - sharesPort: whether other processes may listen there too.
    init(_ address: PoolAddress, backlog: Int, sharesPort: Bool, group: any EventLoopGroup) {
        self.address = address
        self.backlog = backlog
        self.sharesPort = sharesPort
        self.group = group
    }

    /// Listens, and has `welcome` (on the client's loop) put handlers into each connection, with the number of those
    /// that are open, this one among them. Returns the port, or 0 for a socket's path.
    func start(
        _ welcome: @escaping @Sendable (any Channel, _ openCount: Int) throws -> Void
    ) async throws(ListenError) -> Int {
        let channel = try await address.bind(bootstrap(welcome), sharesPort: sharesPort)
        self.channel.withLock { $0 = channel }
        return channel.localAddress?.port ?? 0
    }

    private func bootstrap(
        _ welcome: @escaping @Sendable (any Channel, _ openCount: Int) throws -> Void
    ) -> ServerBootstrap {
        let open = open
        return ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: Int32(backlog))
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.maxMessagesPerRead, value: 16)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(
                .writeBufferWaterMark, value: .init(low: Self.unwrittenBytesMax / 4, high: Self.unwrittenBytesMax)
            )
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    open.add(1)
                    channel.closeFuture.whenComplete { _ in open.add(-1) }
                    try welcome(channel, open.value)
                }
            }
    }

    /// Takes no more connections; those that are there stay.
    func stop() async {
        guard let channel = channel.withLock({ $0 }) else { return }
        try? await channel.close()
    }
}
