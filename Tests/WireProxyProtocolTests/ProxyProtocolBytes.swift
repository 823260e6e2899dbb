// SPDX-License-Identifier: Apache-2.0

import Core
import NIOCore
import WireProxyProtocol

/// Headers of the protocol, byte by byte.
enum ProxyProtocolBytes {
    typealias Ends = (source: String, sourcePort: UInt16, destination: String, destinationPort: UInt16)

    /// The first sixteen bytes of version 2.
    static func prefix(_ command: UInt8, _ transport: UInt8, _ length: UInt16) -> [UInt8] {
        [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A, command, transport]
            + [UInt8(length >> 8), UInt8(length & 0xFF)]
    }

    static let line = Array("PROXY TCP4 192.0.2.7 192.0.2.1 51532 443\r\n".utf8)

    /// The same ends as those of `line`, with extensions.
    static func v4(_ extensions: [UInt8] = []) -> [UInt8] {
        prefix(0x21, 0x11, 12 + UInt16(extensions.count)) + [192, 0, 2, 7, 192, 0, 2, 1, 0xC9, 0x4C, 0x01, 0xBB]
            + extensions
    }

    static func zeros(_ count: Int) -> [UInt8] { Array(repeating: 0, count: count) }

    static func addresses(_ ends: Ends) -> ProxyProtocolAddresses? {
        guard let source = IPAddress(text: ends.source), let destination = IPAddress(text: ends.destination) else {
            return nil
        }
        return .network(
            source: ProxyProtocolEndpoint(source, ends.sourcePort),
            destination: ProxyProtocolEndpoint(destination, ends.destinationPort))
    }

    static func read(_ bytes: [UInt8]) throws(ProxyProtocolError) -> ProxyProtocolHeader? {
        var buffer = ByteBuffer(bytes: bytes)
        var reader = ProxyProtocolReader()
        return try reader.read(from: &buffer)
    }

    static func written(_ header: ProxyProtocolHeader) -> [UInt8] {
        var buffer = ByteBuffer()
        buffer.writeProxyProtocol(header)
        return Array(buffer.readableBytesView)
    }

    /// CRC-32C by a table, where the reader goes bit by bit.
    static func checksum(of bytes: [UInt8]) -> [UInt8] {
        let table: [UInt32] = (0..<256).map { index in
            var word = UInt32(index)
            for _ in 0..<8 { word = word & 1 == 1 ? 0x82F6_3B78 ^ (word >> 1) : word >> 1 }
            return word
        }
        var value = UInt32.max
        for byte in bytes {
            let place = Int((value ^ UInt32(byte)) & 0xFF)
            value = table[place] ^ (value >> 8)
        }
        value = ~value
        return (0..<4).map { UInt8(truncatingIfNeeded: value >> UInt32(24 - 8 * $0)) }
    }
}
