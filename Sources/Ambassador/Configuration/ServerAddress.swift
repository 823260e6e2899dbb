// SPDX-License-Identifier: Apache-2.0

package import Core

/// Where a server listens: `redis-0.redis:6379`, `10.0.0.5:11211`, `[::1]:6379`, `/run/redis.sock`.
package enum ServerAddress: Sendable, Hashable, CustomStringConvertible {
    /// A host name or an IP address without brackets.
    case network(host: String, port: Int)
    case unix(path: String)

    /// Nil for a text that is no address, and for port 0, on which nothing listens.
    package init?(text: String) {
        if text.hasPrefix("/") {
            guard UnixPath.isUsable(text) else { return nil }
            self = .unix(path: text)
        } else {
            guard let address = ListenAddress(text: text), address.port > 0 else { return nil }
            self = .network(host: address.host, port: address.port)
        }
    }

    package var description: String {
        switch self {
        case .network(let host, let port): ListenAddress(host: host, port: port).description
        case .unix(let path): path
        }
    }
}

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
        guard let path = words.first, words.count <= 2, UnixPath.isUsable(String(path)) else { return nil }
        let permissions = words.count == 2 ? UInt16(words[1], radix: 8) : nil
        guard words.count == 1 || permissions.map({ $0 <= 0o777 }) == true else { return nil }
        self = .unix(path: String(path), permissions: permissions)
    }

    package var description: String {
        switch self {
        case .network(let address): address.description
        case .unix(let path, let permissions):
            permissions.map { "\(path) 0\(String($0, radix: 8))" } ?? path
        }
    }
}

private enum UnixPath {
    /// The most bytes that `sockaddr_un` holds, without the zero at its end.
    static let bytesMax = 107

    static func isUsable(_ path: String) -> Bool { path.utf8.count <= bytesMax && !path.utf8.contains(0) }
}
