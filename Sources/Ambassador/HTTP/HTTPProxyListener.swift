// SPDX-License-Identifier: Apache-2.0

import Core
import NIOCore
import Proxying

/// Where a proxy's clients come in: behind the PROXY protocol, if it is spoken, and behind TLS.
final class HTTPProxyListener: Sendable {
    private let acceptance: ProxyProtocolAcceptance
    private let tls: TLSServer?
    private let clients: ClientListener

    init(_ configuration: HTTPProxyConfiguration, group: EpollEventLoopGroup, tls: TLSServer?) {
        acceptance = configuration.proxyProtocol
        self.tls = tls
        clients = ClientListener(
            configuration.listen, backlog: configuration.backlog, sharesPort: configuration.sharesPort, group: group)
    }

    /// Listens, and has a client made (on its loop) for each connection. Returns the port, or 0.
    func start(
        _ loop: @escaping @Sendable (any EventLoop) -> HTTPProxyLoop?
    ) async throws(ListenError) -> Int {
        try await clients.start { [tls, acceptance] channel, openCount in
            guard let loop = loop(channel.eventLoop) else { throw ChannelError.ioOnClosedChannel }
            let isSurplus = openCount > loop.settings.clientsMax
            guard acceptance != .off else {
                return try Self.admit(channel, channel.remoteAddress, tls, loop, isSurplus: isSurplus)
            }
            let entry = ProxyProtocolEntry(
                isRequired: acceptance == .require, timeout: .nanoseconds(loop.settings.headTime),
                counters: loop.counters
            ) { try Self.admit($0, $1, tls, loop, isSurplus: isSurplus) }
            try channel.pipeline.syncOperations.addHandler(entry)
        }
    }

    /// Has a connection be a client's.
    private static func admit(
        _ channel: any Channel, _ address: SocketAddress?, _ tls: TLSServer?, _ loop: HTTPProxyLoop, isSurplus: Bool
    ) throws {
        if let tls {
            let counters = NIOLoopBound(loop.counters, eventLoop: channel.eventLoop)
            try tls.secure(channel, within: ClientListener.handshakeTimeout).whenComplete { result in
                switch result {
                case .success: counters.value.clients.handshakes += 1
                case .failure: counters.value.clients.handshakesFailed += 1
                }
            }
        }
        let client = HTTPProxyClient(loop: loop, isSecure: tls != nil, address: address)
        client.isSurplus = isSurplus
        try channel.pipeline.syncOperations.addHandler(client)
    }

    /// Takes no more connections; those that are there stay.
    func stop() async { await clients.stop() }
}
