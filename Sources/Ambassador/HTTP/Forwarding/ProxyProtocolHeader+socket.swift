// SPDX-License-Identifier: Apache-2.0

import Core
import NIOCore
import WireProxyProtocol

extension ProxyProtocolHeader {
    /// What a server is told of a client's connection.
    ///
    /// - Parameters:
    ///   - client: the client's address; nil if it isn't known.
    ///   - local: the address that it connected to.
    init(_ version: ProxyProtocolVersion, client: SocketAddress?, local: SocketAddress?) {
        guard let source = client?.endpoint, let destination = local?.endpoint else {
            self.init(version, nil)
            return
        }
        self.init(version, .network(source: source, destination: destination))
    }
}

extension SocketAddress {
    /// Nil for what is no address of a network.
    fileprivate var endpoint: ProxyProtocolEndpoint? {
        guard let address = ipAddress.flatMap({ IPAddress(text: $0) }) else { return nil }
        return ProxyProtocolEndpoint(address, UInt16(clamping: port ?? 0))
    }
}
