// SPDX-License-Identifier: Apache-2.0

import Core
import NIOCore

/// Version 2: sixteen bytes that tell command, transport and length, then addresses, then extensions.
enum ProxyProtocolBinary {
    static let signature: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A]
    static let prefixBytes = 16

    private static let local: UInt8 = 0x20
    private static let proxy: UInt8 = 0x21
    private enum Transport {
        static let unspecified: UInt8 = 0x00
        static let tcp4: UInt8 = 0x11
        static let tcp6: UInt8 = 0x21
        static let unix: UInt8 = 0x31
    }
    /// A path of a socket, filled up with zeros.
    private static let pathBytes = 108

    // MARK: - Reading

    /// The length of what follows the prefix; nil if that isn't whole. What has come of it must be right.
    static func bodyLength(_ bytes: borrowing Span<UInt8>) throws(ProxyProtocolError) -> Int? {
        guard bytes.count > 12 else { return nil }
        guard bytes[12] >> 4 == 2 else { throw .unknownVersion(bytes[12] >> 4) }
        guard bytes[12] == local || bytes[12] == proxy else { throw .unknownCommand(bytes[12] & 0x0F) }
        guard bytes.count >= prefixBytes else { return nil }
        return Int(bytes[14]) << 8 | Int(bytes[15])
    }

    /// Reads a whole header, of which `bodyLength` has seen the beginning.
    static func header(_ bytes: borrowing Span<UInt8>) throws(ProxyProtocolError) -> ProxyProtocolHeader {
        // Of a connection of the proxy's own nothing that follows counts.
        if bytes[12] == local { return ProxyProtocolHeader(.v2, nil) }
        let (addresses, end) = try addresses(bytes)
        var extensions: [ProxyProtocolExtension] = []
        var index = end
        while index < bytes.count {
            guard index + 3 <= bytes.count else { throw .malformedExtensions }
            let start = index + 3
            index = start + (Int(bytes[index + 1]) << 8 | Int(bytes[index + 2]))
            guard index <= bytes.count else { throw .malformedExtensions }
            switch bytes[start - 3] {
            case ProxyProtocolExtension.filler: continue
            case ProxyProtocolExtension.checksum: try check(bytes, start..<index)
            case let type: extensions.append(ProxyProtocolExtension(type, (start..<index).map { bytes[$0] }))
            }
        }
        return ProxyProtocolHeader(.v2, addresses, extensions: extensions)
    }

    private static func addresses(
        _ bytes: borrowing Span<UInt8>
    ) throws(ProxyProtocolError) -> (ProxyProtocolAddresses?, end: Int) {
        func room(_ count: Int) throws(ProxyProtocolError) -> Int {
            guard bytes.count >= prefixBytes + count else { throw .tooShort }
            return prefixBytes + count
        }
        switch bytes[13] {
        case Transport.unspecified: return (nil, prefixBytes)
        case Transport.tcp4:
            let end = try room(12)
            let source = IPAddress(v4: UInt32(bytes.number(16, 4)))
            return (network(bytes, source, IPAddress(v4: UInt32(bytes.number(20, 4))), end), end)
        case Transport.tcp6:
            let end = try room(36)
            let source = IPAddress(high: bytes.number(16, 8), low: bytes.number(24, 8))
            return (network(bytes, source, IPAddress(high: bytes.number(32, 8), low: bytes.number(40, 8)), end), end)
        case Transport.unix:
            let end = try room(2 * pathBytes)
            let paths = [prefixBytes, prefixBytes + pathBytes].map { start in
                Array((start..<start + pathBytes).map { bytes[$0] }.prefix { $0 != 0 })
            }
            return (.unix(source: paths[0], destination: paths[1]), end)
        default: throw .unknownTransport(bytes[13])
        }
    }

    /// The ports stand behind both addresses.
    private static func network(
        _ bytes: borrowing Span<UInt8>, _ source: IPAddress, _ destination: IPAddress, _ end: Int
    ) -> ProxyProtocolAddresses {
        .network(
            source: ProxyProtocolEndpoint(source, UInt16(bytes.number(end - 4, 2))),
            destination: ProxyProtocolEndpoint(destination, UInt16(bytes.number(end - 2, 2))))
    }

    /// The checksum is that of the whole header with zeros in its own place.
    private static func check(_ bytes: borrowing Span<UInt8>, _ place: Range<Int>) throws(ProxyProtocolError) {
        guard place.count == 4 else { throw .malformedExtensions }
        var checksum = CRC32C()
        for index in bytes.indices { checksum.add(place.contains(index) ? 0 : bytes[index]) }
        guard checksum.value == UInt32(bytes.number(place.lowerBound, 4)) else { throw .wrongChecksum }
    }

    // MARK: - Writing

    static func write(_ header: ProxyProtocolHeader, into buffer: inout ByteBuffer) {
        buffer.writeBytes(signature)
        guard let addresses = header.addresses else {
            buffer.writeMultipleIntegers(local, Transport.unspecified, UInt16(0))
            return
        }
        buffer.writeInteger(proxy)
        var body = ByteBuffer()
        buffer.writeInteger(writeAddresses(addresses, into: &body))
        for one in header.extensions where body.readableBytes + 3 + one.value.count <= UInt16.max {
            body.writeMultipleIntegers(one.type, UInt16(one.value.count))
            body.writeBytes(one.value)
        }
        buffer.writeInteger(UInt16(body.readableBytes))
        buffer.writeImmutableBuffer(body)
    }

    /// Writes them and returns what kind they are.
    private static func writeAddresses(_ addresses: ProxyProtocolAddresses, into body: inout ByteBuffer) -> UInt8 {
        switch addresses {
        case .network(let source, let destination) where source.address.isV4 && destination.address.isV4:
            body.writeMultipleIntegers(source.address.v4, destination.address.v4, source.port, destination.port)
            return Transport.tcp4
        case .network(let source, let destination):
            body.writeMultipleIntegers(source.address.high, source.address.low)
            body.writeMultipleIntegers(destination.address.high, destination.address.low)
            body.writeMultipleIntegers(source.port, destination.port)
            return Transport.tcp6
        case .unix(let source, let destination):
            for path in [source, destination] {
                let shown = path.prefix(pathBytes)
                body.writeBytes(shown)
                body.writeRepeatingByte(0, count: pathBytes - shown.count)
            }
            return Transport.unix
        }
    }
}

extension Span<UInt8> {
    /// The first byte is the highest.
    fileprivate func number(_ offset: Int, _ count: Int) -> UInt64 {
        var number: UInt64 = 0
        for index in offset..<offset + count { number = number << 8 | UInt64(self[index]) }
        return number
    }
}

/// The checksum of RFC 3720, appendix B.4 (Castagnoli's polynomial), bit by bit: it is that of a short header, once for
/// a connection, and mostly not there.
private struct CRC32C {
    private var state = UInt32.max

    var value: UInt32 { ~state }

    mutating func add(_ byte: UInt8) {
        state ^= UInt32(byte)
        for _ in 0..<8 { state = state >> 1 ^ (state & 1 == 1 ? 0x82F6_3B78 : 0) }
    }
}
