// SPDX-License-Identifier: Apache-2.0

import Core
import NIOCore
import NIOPosix
import Proxying
import Synchronization

/// Where a pool's clients come in, to be spread evenly over the event loops.
final class PoolListener: Sendable {
    /// Replies that a client hasn't taken, in the socket's own buffer, before the loop holds the rest back.
    private static let unwrittenBytesMax = 256 << 10

    /// A client that hasn't agreed on TLS by then is let go.
    private static let handshakeTimeout = TimeAmount.seconds(10)

    private let name: String
    private let configuration: PoolConfiguration
    private let group: any EventLoopGroup
    private let tls: TLSServer?
    private let channel = Mutex<(any Channel)?>(nil)
    private let open = SharedCount()

    init(name: String, configuration: PoolConfiguration, group: any EventLoopGroup, tls: TLSServer?) {
        self.tls = tls
        self.name = name
        self.configuration = configuration
        self.group = group
    }

    /// Listens, and has `makeClient` (on the client's loop) answer each connection. Returns the port, or 0.
    func start(
        _ makeClient: @escaping @Sendable (any EventLoop) -> ShardClient?
    ) async throws(ListenError) -> Int {
        let bootstrap = bootstrap(makeClient)
        let channel = try await configuration.listen.bind(bootstrap, sharesPort: configuration.sharesPort)
        self.channel.withLock { $0 = channel }
        return channel.localAddress?.port ?? 0
    }

    private func bootstrap(_ makeClient: @escaping @Sendable (any EventLoop) -> ShardClient?) -> ServerBootstrap {
        let (clientsMax, open, tls) = (configuration.limits.clients, open, tls)
        return ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: Int32(configuration.backlog))
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.maxMessagesPerRead, value: 16)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(
                .writeBufferWaterMark, value: .init(low: Self.unwrittenBytesMax / 4, high: Self.unwrittenBytesMax)
            )
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard let client = makeClient(channel.eventLoop) else { throw ChannelError.ioOnClosedChannel }
                    open.add(1)
                    channel.closeFuture.whenComplete { _ in open.add(-1) }
                    if let tls {
                        try tls.secure(channel, within: Self.handshakeTimeout)
                    } else {
                        try channel.syncOptions?.setOption(.maxMessagesPerRead, value: 1)
                        try channel.syncOptions?.setOption(
                            .recvAllocator, value: ReadBufferAllocator(client.loop.reading))
                    }
                    try channel.pipeline.syncOperations.addHandler(client)
                    if open.value > clientsMax { client.refuseAsSurplus(limit: clientsMax) }
                }
            }
    }

    /// Takes no more connections; those that are there stay.
    func stop() async {
        guard let channel = channel.withLock({ $0 }) else { return }
        try? await channel.close()
    }
}

/// A count that several loops change.
final class SharedCount: Sendable {
    private let count = Atomic(0)

    var value: Int { count.load(ordering: .relaxed) }

    func add(_ change: Int) { count.add(change, ordering: .relaxed) }

    /// Counts on, from 1.
    func next() -> UInt64 { UInt64(count.add(1, ordering: .relaxed).newValue) }
}
