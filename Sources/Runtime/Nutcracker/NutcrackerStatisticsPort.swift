// SPDX-License-Identifier: Apache-2.0

import Ambassador
import Core
import NIOCore
import Proxying
import Synchronization

/// twemproxy's statistics port: whoever connects is sent one JSON object, and the connection is closed.
final class NutcrackerStatisticsPort: Sendable {
    /// The most connections at a time; more are closed at once.
    private static let connectionsMax = 64
    /// The longest that a reader may take.
    private static let patience = TimeAmount.seconds(5)

    private let address: ListenAddress
    private let pools: [any ServedPool]
    private let began = ContinuousClock.now
    private let group = EpollEventLoopGroup(count: 1, name: "statistics")
    private let open = Atomic(0)

    init(_ address: ListenAddress, pools: [any ServedPool]) {
        self.address = address
        self.pools = pools
    }

    func start() async throws(ListenError) {
        do {
            _ = try await StreamListener.bind(to: address, StreamListener.Rules(), group: group) { [self] channel in
                try channel.pipeline.syncOperations.addHandler(Connection(self))
            }
        } catch {
            throw ListenError(address, cause: error)
        }
    }

    func stop() async { await group.shutdownGracefully() }

    private func statistics() async -> [UInt8] {
        var snapshots: [PoolSnapshot] = []
        for pool in pools { snapshots.append(await pool.snapshot()) }
        return NutcrackerStatistics(
            source: HostName.current ?? "unknown", uptime: .now - began, timestamp: Int(UTCTime.now().seconds),
            pools: snapshots
        ).json
    }

    /// One that asks.
    private final class Connection: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let port: NutcrackerStatisticsPort

        init(_ port: NutcrackerStatisticsPort) { self.port = port }

        func channelActive(context: ChannelHandlerContext) {
            let (channel, port) = (context.channel, port)
            let count = port.open.add(1, ordering: .relaxed).newValue
            channel.closeFuture.whenComplete { _ in port.open.subtract(1, ordering: .relaxed) }
            guard count <= NutcrackerStatisticsPort.connectionsMax else { return channel.close(promise: nil) }
            channel.eventLoop.scheduleTask(in: NutcrackerStatisticsPort.patience) { channel.close(promise: nil) }
            Task {
                let json = await port.statistics()
                try? await channel.writeAndFlush(ByteBuffer(bytes: json))
                channel.close(promise: nil)
            }
        }
    }
}
