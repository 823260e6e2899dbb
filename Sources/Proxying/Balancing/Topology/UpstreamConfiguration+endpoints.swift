// SPDX-License-Identifier: Apache-2.0

import Core
package import NIOCore

extension UpstreamConfiguration {
    /// The most endpoints of one upstream; what names lead to beyond that is left out.
    static let endpointsMax = 4096

    /// The hosts that are found by name.
    var hostNames: [String] { Set(servers.values.compactMap(\.address.hostName)).sorted() }

    /// The endpoints of all servers, where names lead to these addresses. A name that leads nowhere has none.
    func endpoints(_ addresses: (_ host: String) -> Set<String>) -> [EndpointDescription] {
        let all = servers.flatMap { name, server in
            socketAddresses(of: server.address, addresses).map { address in
                EndpointDescription(
                    server: name, configured: server.address, address: address, weight: server.weight)
            }
        }
        return Array(all.prefix(Self.endpointsMax))
    }

    private func socketAddresses(
        of server: ServerAddress, _ addresses: (_ host: String) -> Set<String>
    ) -> [SocketAddress] {
        switch server {
        case .unix(let path): return [try? SocketAddress(unixDomainSocketPath: path)].compactMap { $0 }
        case .network(let host, let port):
            let texts = server.hostName.map { self.addresses.chosen(from: addresses($0)) } ?? [host]
            return texts.compactMap { try? SocketAddress(ipAddress: $0, port: port) }
        }
    }
}

extension AddressFamily {
    /// Of a name's addresses those that are endpoints, always in the same order.
    fileprivate func chosen(from addresses: Set<String>) -> [String] {
        let sorted = addresses.sorted()
        let (ipv6, ipv4) = (sorted.filter { $0.contains(":") }, sorted.filter { !$0.contains(":") })
        return switch self {
        case .all: sorted
        case .preferIPv4: ipv4.isEmpty ? ipv6 : ipv4
        case .preferIPv6: ipv6.isEmpty ? ipv4 : ipv6
        }
    }
}

extension NIODeadline {
    /// The time as upstreams are told it.
    package var nanoseconds: Int64 { Int64(clamping: uptimeNanoseconds) }
}
