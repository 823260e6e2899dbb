// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// Finds the header of the PROXY protocol at the beginning of a connection.
///
/// It takes nothing that lies behind the header, and nothing at all while the header isn't whole: what has come stays
/// in the buffer, and more is put behind it.
package struct ProxyProtocolReader: Sendable {
    /// The longest first line of version 1, its end included.
    package static let lineBytesMax = 107
    /// Addresses and extensions of version 2: what a client's certificate and some more need.
    package static let bodyBytesMax = 4096

    /// How much of a line has been searched for its end.
    private var searched = 0
    private let bodyBytesMax: Int

    package init(bodyBytesMax: Int = Self.bodyBytesMax) { self.bodyBytesMax = bodyBytesMax }

    /// The header, or nil if more bytes are needed.
    ///
    /// `missing` is thrown with the first byte that no header has there, and nothing has been taken then: a listener to
    /// which clients come directly as well may go on with the buffer.
    package mutating func read(
        from buffer: inout ByteBuffer
    ) throws(ProxyProtocolError) -> ProxyProtocolHeader? {
        guard let (header, end) = try read(buffer.readableBytesUInt8Span) else { return nil }
        buffer.moveReaderIndex(forwardBy: end)
        return header
    }

    private mutating func read(
        _ bytes: borrowing Span<UInt8>
    ) throws(ProxyProtocolError) -> (header: ProxyProtocolHeader, end: Int)? {
        guard bytes.count > 0 else { return nil }
        let isText = bytes[0] == ProxyProtocolText.signature[0]
        let signature = isText ? ProxyProtocolText.signature : ProxyProtocolBinary.signature
        for index in 0..<min(bytes.count, signature.count) where bytes[index] != signature[index] {
            throw .missing
        }
        guard bytes.count >= signature.count else { return nil }
        guard let end = isText ? try endOfLine(bytes) : try endOfBody(bytes) else { return nil }
        let whole = bytes.extracting(0..<end)
        return (isText ? try ProxyProtocolText.header(whole) : try ProxyProtocolBinary.header(whole), end)
    }

    private mutating func endOfLine(_ bytes: borrowing Span<UInt8>) throws(ProxyProtocolError) -> Int? {
        while searched < min(bytes.count, Self.lineBytesMax) {
            searched += 1
            if bytes[searched - 1] == 0x0A { return searched }
        }
        guard searched < Self.lineBytesMax else { throw .lineTooLong }
        return nil
    }

    private func endOfBody(_ bytes: borrowing Span<UInt8>) throws(ProxyProtocolError) -> Int? {
        guard let length = try ProxyProtocolBinary.bodyLength(bytes) else { return nil }
        guard length <= bodyBytesMax else { throw .tooLong(limit: bodyBytesMax) }
        let end = ProxyProtocolBinary.prefixBytes + length
        return bytes.count >= end ? end : nil
    }
}
