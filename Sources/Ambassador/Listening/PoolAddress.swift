// SPDX-License-Identifier: Apache-2.0

package import Core
internal import Proxying

/// What a pool listens on: `127.0.0.1:6379`, or `/run/cache.sock` with the permissions of the socket's file.
package enum PoolAddress: Sendable, Hashable, CustomStringConvertible {
    case network(ListenAddress)
    /// Without permissions the file has those that the process's mask leaves.
    case unix(path: String, permissions: UInt16?)

    /// Reads an address, or a path and the permissions in octal after a space: `/run/cache.sock 0660`.
    package init?(text: String) {
        guard text.hasPrefix("/") else {
            guard let address = ListenAddress(text: text) else { return nil }
            self = .network(address)
            return
        }
        let words = text.split(separator: " ", omittingEmptySubsequences: true)
        guard let path = words.first, words.count <= 2, ServerAddress.isUsable(path: String(path)) else { return nil }
        let permissions = words.count == 2 ? UInt16(words[1], radix: 8) : nil
        guard words.count == 1 || permissions.map({ $0 <= 0o777 }) == true else { return nil }
        self = .unix(path: String(path), permissions: permissions)
    }

    /// The same for people, with the port that the kernel chose.
    package func bound(to port: Int) -> String {
        guard case .network(let address) = self else { return description }
        return ListenAddress(host: address.host, port: port).description
    }

    package var description: String {
        switch self {
        case .network(let address): address.description
        case .unix(let path, let permissions):
            permissions.map { "\(path) 0\(String($0, radix: 8))" } ?? path
        }
    }
}
