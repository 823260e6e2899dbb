// SPDX-License-Identifier: Apache-2.0

/// A server as a ring sees it.
package struct RingServer: Sendable, Hashable {
    /// The weights that a server may have.
    package static let weights = 1...1_000_000

    /// What is hashed to find its places: a server that keeps its name keeps its keys, whatever its address.
    package let name: String
    package let weight: Int

    package init(name: String, weight: Int = 1) {
        self.name = name
        self.weight = weight
    }

    /// The name that twemproxy hashes for a server without one: `host:port` as written, only the host for memcached's
    /// port, and a socket's path with a colon behind it.
    package static func twemproxyName(ofAddress address: String) -> String {
        if address.hasPrefix("/") { return address + ":" }
        guard let colon = address.lastIndex(of: ":") else { return address }
        return Int(address[address.index(after: colon)...]) == 11211 ? String(address[..<colon]) : address
    }
}
