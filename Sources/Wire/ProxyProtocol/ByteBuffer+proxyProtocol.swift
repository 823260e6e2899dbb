// SPDX-License-Identifier: Apache-2.0

package import NIOCore

extension ByteBuffer {
    /// Writes a header in its version, as the first bytes of a connection.
    ///
    /// Version 1 has no extensions, and calls sockets' paths unknown. Version 2 has as many extensions as fit 65,535
    /// bytes together with the addresses.
    package mutating func writeProxyProtocol(_ header: ProxyProtocolHeader) {
        switch header.version {
        case .v1: ProxyProtocolText.write(header, into: &self)
        case .v2: ProxyProtocolBinary.write(header, into: &self)
        }
    }
}
