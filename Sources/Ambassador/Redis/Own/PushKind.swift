// SPDX-License-Identifier: Apache-2.0

internal import WireRESP

/// What a server says of its own accord, by its first word.
enum PushKind {
    /// Something was published.
    case message
    /// A subscription has begun or ended.
    case confirmation
    case other

    /// `bytes` are those of one whole push.
    init(_ bytes: borrowing Span<UInt8>) {
        let name = Self.firstWord(bytes)
        if name == Self.published || name == Self.patternPublished || name == Self.shardPublished {
            self = .message
        } else {
            self = Self.confirmations.contains(name) ? .confirmation : .other
        }
    }

    private static let published = RESPName("message")
    private static let patternPublished = RESPName("pmessage")
    private static let shardPublished = RESPName("smessage")
    private static let confirmations = Set(
        Subscriptions.Kind.allCases.flatMap { [RESPName($0.subscribe), RESPName($0.unsubscribe)] })

    /// `>N CRLF $L CRLF WORD …`; the scanner has checked the headers.
    private static func firstWord(_ bytes: borrowing Span<UInt8>) -> RESPName {
        var offset = 0
        while offset < bytes.count, bytes[offset] != 0x0A { offset += 1 }
        guard offset + 1 < bytes.count, bytes[offset + 1] == UInt8(ascii: "$") else { return .none }
        offset += 2
        var length = 0
        while offset < bytes.count, bytes[offset] != 0x0D {
            length = length * 10 + Int(bytes[offset] & 0x0F)
            offset += 1
        }
        offset += 2
        guard length > 0, offset + length <= bytes.count else { return .none }
        return RESPName(bytes, at: offset, length: length)
    }
}
