// SPDX-License-Identifier: Apache-2.0

package import Core
package import NIOCore

/// Where connections to a server go.
package enum StreamTarget: Sendable {
    case address(SocketAddress)
    /// A name, which is looked up for each connection.
    case host(String, port: Int)

    /// A host that is an IP address needs no look-up.
    package init(_ address: ListenAddress) {
        let fixed = try? SocketAddress(ipAddress: address.host, port: address.port)
        self = fixed.map(Self.address) ?? .host(address.host, port: address.port)
    }

    /// - Throws: an error of NIO's if a path is too long for a socket's.
    package init(_ address: ServerAddress) throws {
        switch address {
        case .network(let host, let port): self = StreamTarget(ListenAddress(host: host, port: port))
        case .unix(let path): self = .address(try SocketAddress(unixDomainSocketPath: path))
        }
    }
}
