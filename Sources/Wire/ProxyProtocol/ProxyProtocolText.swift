// SPDX-License-Identifier: Apache-2.0

import Core
import NIOCore

/// Version 1: `PROXY TCP4 192.0.2.7 192.0.2.1 51532 443` and the end of a line.
enum ProxyProtocolText {
    static let signature = Array("PROXY ".utf8)

    /// Reads a line with its end.
    static func header(_ line: borrowing Span<UInt8>) throws(ProxyProtocolError) -> ProxyProtocolHeader {
        let end = line.count - 2
        guard end >= signature.count, line[end] == 0x0D else { throw .malformedLine }
        let text = String(decoding: (signature.count..<end).map { line[$0] }, as: UTF8.self)
        // What follows is to be ignored, whatever it is.
        if text == "UNKNOWN" || text.hasPrefix("UNKNOWN ") { return ProxyProtocolHeader(.v1, nil) }
        let words = text.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 5, words[0] == "TCP4" || words[0] == "TCP6",
            let source = endpoint(words[1], words[3], isV4: words[0] == "TCP4"),
            let destination = endpoint(words[2], words[4], isV4: words[0] == "TCP4")
        else { throw .malformedLine }
        return ProxyProtocolHeader(.v1, .network(source: source, destination: destination))
    }

    private static func endpoint(_ address: Substring, _ port: Substring, isV4: Bool) -> ProxyProtocolEndpoint? {
        guard address.contains(":") != isV4, let address = IPAddress(text: String(address)),
            let number = UInt16(port), port == "\(number)"
        else { return nil }
        return ProxyProtocolEndpoint(address, number)
    }

    static func write(_ header: ProxyProtocolHeader, into buffer: inout ByteBuffer) {
        buffer.writeBytes(signature)
        guard case .network(let source, let destination) = header.addresses else {
            buffer.writeStaticString("UNKNOWN\r\n")
            return
        }
        let isV4 = source.address.isV4 && destination.address.isV4
        buffer.writeString(isV4 ? "TCP4 " : "TCP6 ")
        for address in [source.address, destination.address] {
            buffer.writeString(address.isV4 && !isV4 ? "::ffff:\(address) " : "\(address) ")
        }
        buffer.writeString("\(source.port) \(destination.port)\r\n")
    }
}
