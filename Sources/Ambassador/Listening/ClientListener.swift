// SPDX-License-Identifier: Apache-2.0

import Core
import NIOCore
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
    private let group: EpollEventLoopGroup
    private let listener = Mutex<StreamListener?>(nil)
    private let open = SharedCount()

    /// - Parameters:
    ///   - backlog: connections that wait to be accepted.
    ///   - sharesPort: whether other processes may listen there too.
    init(_ address: PoolAddress, backlog: Int, sharesPort: Bool, group: EpollEventLoopGroup) {
        self.address = address
        self.backlog = backlog
        self.sharesPort = sharesPort
        self.group = group
    }

    /// Listens, and has `welcome` (on the client's loop) put handlers into each connection, with the number of those
    /// that are open, this one among them. Returns the port, or 0 for a socket's path.
    func start(
        _ welcome: @escaping @Sendable (EpollChannel, _ openCount: Int) throws -> Void
    ) async throws(ListenError) -> Int {
        let listener = try await listen { [open] channel in
            open.add(1)
            channel.closeFuture.whenComplete { _ in open.add(-1) }
            try welcome(channel, open.value)
        }
        self.listener.withLock { $0 = listener }
        return listener.port
    }

    private func listen(
        _ welcome: @escaping @Sendable (EpollChannel) throws -> Void
    ) async throws(ListenError) -> StreamListener {
        var rules = StreamListener.Rules()
        rules.backlog = backlog
        rules.sharesPort = sharesPort
        rules.connections.allowsHalfClosure = true
        rules.connections.unwrittenBytesMax = Self.unwrittenBytesMax
        do {
            switch address {
            case .network(let address):
                return try await StreamListener.bind(to: address, rules, group: group, welcome)
            case .unix(let path, let permissions):
                rules.permissions = permissions
                let address = try SocketAddress(unixDomainSocketPath: path)
                return try await StreamListener.bind(to: address, rules, group: group, welcome)
            }
        } catch { throw ListenError(address.listenAddress, cause: error) }
    }

    /// Takes no more connections; those that are there stay.
    func stop() async { await listener.withLock { $0 }?.close() }
}

extension PoolAddress {
    /// For errors: a path has no port.
    fileprivate var listenAddress: ListenAddress {
        switch self {
        case .network(let address): address
        case .unix(let path, _): ListenAddress(host: path, port: 0)
        }
    }
}
