// SPDX-License-Identifier: Apache-2.0

internal import Core
package import Settings

/// Where a server listens: `redis-0.redis:6379`, `10.0.0.5:11211`, `[::1]:6379`, `/run/redis.sock`.
package enum ServerAddress: Sendable, Hashable, CustomStringConvertible {
    /// A host name or an IP address without brackets.
    case network(host: String, port: Int)
    case unix(path: String)

    /// Nil for a text that is no address, and for port 0, on which nothing listens.
    package init?(text: String) {
        if text.hasPrefix("/") {
            guard Self.isUsable(path: text) else { return nil }
            self = .unix(path: text)
        } else {
            guard let address = ListenAddress(text: text), address.port > 0 else { return nil }
            self = .network(host: address.host, port: address.port)
        }
    }

    /// Reads an address with what is said of the server behind it: `redis-0.redis:6379 weight=2`. Nil unless each of
    /// those is `NAME=VALUE`, and no name is there twice.
    package static func reading(
        _ text: String
    ) -> (address: ServerAddress, options: [(name: String, value: String)])? {
        let words = text.split(separator: " ", omittingEmptySubsequences: true).map(String.init)
        guard let first = words.first, let address = ServerAddress(text: first) else { return nil }
        var options: [(name: String, value: String)] = []
        for word in words.dropFirst() {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, !parts[1].isEmpty, !options.contains(where: { $0.name == parts[0] }) else {
                return nil
            }
            options.append((parts[0], parts[1]))
        }
        return (address, options)
    }

    package var description: String {
        switch self {
        case .network(let host, let port): ListenAddress(host: host, port: port).description
        case .unix(let path): path
        }
    }

    /// The host's name; nil for an address that needs no lookup.
    package var hostName: String? {
        guard case .network(let host, _) = self, !NameLookup.isAddress(host) else { return nil }
        return host
    }

    /// The most bytes that `sockaddr_un` holds, without the zero at its end.
    private static let pathBytesMax = 107

    /// Whether a socket can have this path.
    package static func isUsable(path: String) -> Bool {
        path.utf8.count <= pathBytesMax && !path.utf8.contains(0)
    }
}

extension SettingType where Value == ServerAddress {
    package static var serverAddress: Self {
        SettingType(
            expectation: "HOST:PORT, such as redis-0.redis:6379, or the path of a socket", placeholder: "HOST:PORT",
            schema: .string(pattern: "^(.+:[0-9]+|/.*)$"), parse: ServerAddress.init(text:), text: \.description)
    }
}
