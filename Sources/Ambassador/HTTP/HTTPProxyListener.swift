// SPDX-License-Identifier: Apache-2.0

import Core
import NIOCore
import NIOPosix
import Proxying
import Synchronization

/// Where a proxy's clients come in, to be spread evenly over the event loops.
final class HTTPProxyListener: Sendable {
    /// What a client hasn't taken, in the channel's own buffer, before the server is read from no more.
    private static let unwrittenBytesMax = 256 << 10
    /// A client that hasn't agreed on TLS by then is let go.
    private static let handshakeTimeout = TimeAmount.seconds(10)

    private let configuration: HTTPProxyConfiguration
    private let group: any EventLoopGroup
    private let tls: TLSServer?
    private let channel = Mutex<(any Channel)?>(nil)
    private let open = SharedCount()

    init(_ configuration: HTTPProxyConfiguration, group: any EventLoopGroup, tls: TLSServer?) {
        self.configuration = configuration
        self.group = group
        self.tls = tls
    }

    /// Listens, and has a client made (on its loop) for each connection. Returns the port, or 0.
    func start(
        _ loop: @escaping @Sendable (any EventLoop) -> HTTPProxyLoop?
    ) async throws(ListenError) -> Int {
        let bootstrap = bootstrap(loop)
        let channel = try await configuration.listen.bind(bootstrap, sharesPort: configuration.sharesPort)
        self.channel.withLock { $0 = channel }
        return channel.localAddress?.port ?? 0
    }

    private func bootstrap(_ loop: @escaping @Sendable (any EventLoop) -> HTTPProxyLoop?) -> ServerBootstrap {
        let (tls, open) = (tls, open)
        var bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: Int32(configuration.backlog))
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.maxMessagesPerRead, value: 16)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(
                .writeBufferWaterMark, value: .init(low: Self.unwrittenBytesMax / 4, high: Self.unwrittenBytesMax))
        if case .network = configuration.listen {
            bootstrap = bootstrap.childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
        }
        let acceptance = configuration.proxyProtocol
        return bootstrap.childChannelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                guard let loop = loop(channel.eventLoop) else { throw ChannelError.ioOnClosedChannel }
                open.add(1)
                channel.closeFuture.whenComplete { _ in open.add(-1) }
                if tls == nil {
                    try channel.syncOptions?.setOption(.maxMessagesPerRead, value: 1)
                    try channel.syncOptions?.setOption(
                        .recvAllocator, value: ReadBufferAllocator(loop.relay.reading))
                }
                guard acceptance != .off else {
                    return try Self.admit(channel, channel.remoteAddress, tls, loop, open)
                }
                let entry = ProxyProtocolEntry(
                    isRequired: acceptance == .require, timeout: .nanoseconds(loop.settings.headTime),
                    reading: tls == nil ? loop.relay.reading : nil, counters: loop.counters
                ) { try Self.admit($0, $1, tls, loop, open) }
                try channel.pipeline.syncOperations.addHandler(entry)
            }
        }
    }

    /// Has a connection be a client's.
    private static func admit(
        _ channel: any Channel, _ address: SocketAddress?, _ tls: TLSServer?, _ loop: HTTPProxyLoop,
        _ open: SharedCount
    ) throws {
        if let tls {
            let counters = NIOLoopBound(loop.counters, eventLoop: channel.eventLoop)
            try tls.secure(channel, within: handshakeTimeout).whenComplete { result in
                switch result {
                case .success: counters.value.clients.handshakes += 1
                case .failure: counters.value.clients.handshakesFailed += 1
                }
            }
        }
        let client = HTTPProxyClient(loop: loop, isSecure: tls != nil, address: address)
        client.isSurplus = open.value > loop.settings.clientsMax
        try channel.pipeline.syncOperations.addHandler(client)
    }

    /// Takes no more connections; those that are there stay.
    func stop() async {
        guard let channel = channel.withLock({ $0 }) else { return }
        try? await channel.close()
    }
}
