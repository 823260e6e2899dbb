// SPDX-License-Identifier: Apache-2.0

/// An address that a listener binds: an IP address or a host name, and a port (0: any free one).
package struct ListenAddress: Sendable, Hashable, CustomStringConvertible {
    package var host: String
    package var port: Int

    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Whether only this machine reaches it.
    package var isLoopback: Bool { host.hasPrefix("127.") || host == "::1" || host == "localhost" }

    /// `127.0.0.1:3500`, `[::1]:3500`.
    package var description: String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}
