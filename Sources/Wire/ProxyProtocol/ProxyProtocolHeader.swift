// SPDX-License-Identifier: Apache-2.0

package import Core

/// What a proxy says at the beginning of a connection: on whose behalf it has opened it.
package struct ProxyProtocolHeader: Sendable, Hashable {
    package var version: ProxyProtocolVersion
    /// Nil: the connection is the proxy's own (`LOCAL`, as for health checks), or it doesn't know (`UNKNOWN`). Then the
    /// connection's own addresses count.
    package var addresses: ProxyProtocolAddresses?
    /// Only version 2 has any, in the order in which they came; what fills gaps and the checksum aren't among them.
    package var extensions: [ProxyProtocolExtension] = []

    package init(
        _ version: ProxyProtocolVersion, _ addresses: ProxyProtocolAddresses?, extensions: [ProxyProtocolExtension] = []
    ) {
        self.version = version
        self.addresses = addresses
        self.extensions = extensions
    }
}

/// The two ends of the connection that the proxy took.
package enum ProxyProtocolAddresses: Sendable, Hashable {
    case network(source: ProxyProtocolEndpoint, destination: ProxyProtocolEndpoint)
    /// The sockets' paths, which may be empty.
    case unix(source: [UInt8], destination: [UInt8])
}

package struct ProxyProtocolEndpoint: Sendable, Hashable {
    package var address: IPAddress
    package var port: UInt16

    package init(_ address: IPAddress, _ port: UInt16) {
        self.address = address
        self.port = port
    }
}

/// Something that version 2 says beside the addresses (a TLV), such as the name that the client asked for by SNI.
package struct ProxyProtocolExtension: Sendable, Hashable {
    package var type: UInt8
    package var value: [UInt8]

    package init(_ type: UInt8, _ value: [UInt8]) {
        self.type = type
        self.value = value
    }

    /// The protocol that the client speaks above TLS.
    package static let alpn: UInt8 = 0x01
    /// The host that the client asked for.
    package static let authority: UInt8 = 0x02
    static let checksum: UInt8 = 0x03
    static let filler: UInt8 = 0x04
    package static let uniqueID: UInt8 = 0x05
    package static let tls: UInt8 = 0x20
}

/// Why the beginning of a connection is no header of the protocol. Nothing that follows can be trusted then.
package enum ProxyProtocolError: Error, Sendable, Equatable {
    /// There is something else.
    case missing
    /// A first line that isn't over after 107 bytes.
    case lineTooLong
    case malformedLine
    /// Neither 2 nor a command of it.
    case unknownVersion(UInt8)
    case unknownCommand(UInt8)
    /// No family of addresses, or no stream.
    case unknownTransport(UInt8)
    case tooLong(limit: Int)
    /// Less than the addresses take.
    case tooShort
    case malformedExtensions
    case wrongChecksum
}
