// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
internal import WireRESP

/// Where a SCAN over all servers is: they are walked one after another, and the client's cursor holds the server's
/// number in its low bits and that server's own cursor above them. Nothing is kept between two calls.
struct RedisScanCursor: Equatable {
    /// Enough for so many servers. A server's cursor is smaller than its table of keys, so that 52 bits are plenty.
    static let serverBits = 12
    static let serversMax = 1 << serverBits

    let server: Int
    let cursor: UInt64

    /// Where a scan begins, or goes on at the next server.
    init(server: Int) {
        self.server = server
        cursor = 0
    }

    /// Reads what a client sent. Nil if it is no cursor of a scan over so many servers.
    init?(_ text: borrowing Span<UInt8>, servers: Int) {
        guard let number = Self.number(text), servers <= Self.serversMax else { return nil }
        server = Int(number & UInt64(Self.serversMax - 1))
        cursor = number >> UInt64(Self.serverBits)
        guard server < servers else { return nil }
    }

    /// What a server answered.
    private init(server: Int, cursor: UInt64) {
        self.server = server
        self.cursor = cursor
    }

    /// Where the scan goes on after this server answered `cursor`; nil if that is more than fits.
    func next(_ cursor: UInt64, servers: Int) -> UInt64? {
        if cursor == 0 { return server + 1 < servers ? UInt64(server + 1) : 0 }
        guard cursor >> UInt64(64 - Self.serverBits) == 0 else { return nil }
        return cursor << UInt64(Self.serverBits) | UInt64(server)
    }

    /// The command for the server: the client's, with the server's own cursor.
    func command(_ command: RESPCommand, _ bytes: borrowing Span<UInt8>) -> ByteBuffer {
        var arguments = RESPArguments(command)
        _ = arguments.next(bytes)
        let cursorBegin = arguments.nextHeader
        _ = arguments.next(bytes)
        let rest = arguments.nextHeader
        var buffer = ByteBuffer()
        buffer.writeBytes(bytes.extracting(0..<cursorBegin).bytes)
        buffer.writeRESPBulk("\(cursor)")
        buffer.writeBytes(bytes.extracting(rest..<command.length).bytes)
        return buffer
    }

    /// At most twenty digits, and nothing else.
    fileprivate static func number(_ text: borrowing Span<UInt8>) -> UInt64? {
        guard (1...20).contains(text.count) else { return nil }
        var number: UInt64 = 0
        for index in text.indices {
            let digit = UInt64(text[index]) ^ 0x30
            let (product, overflow) = number.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(digit)
            guard digit <= 9, !overflow, !carry else { return nil }
            number = sum
        }
        return number
    }
}

/// The one server's reply to SCAN, with the client's cursor in the place of the server's.
final class ScanReply: KeptReplies {
    private let position: RedisScanCursor
    private let servers: Int

    init(_ position: RedisScanCursor, servers: Int) {
        self.position = position
        self.servers = servers
        super.init(parts: 1)
    }

    override func merge(into output: inout ByteBuffer) -> Bool {
        guard var elements = ReplyElements(replies[0]), elements.count == 2, let cursor = elements.next(),
            case .bulk(let text)? = try? RESPValue.decode(cursor),
            let number = RedisScanCursor.number(text.readableBytesUInt8Span),
            let next = position.next(number, servers: servers)
        else { return false }
        output.writeRESP("*", 2)
        output.writeRESPBulk("\(next)")
        output.writeImmutableBuffer(elements.bytes)
        return true
    }
}
