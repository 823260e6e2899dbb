// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
internal import WireRESP

/// The elements of a reply that is an array, one after another, as they are written.
struct ReplyElements {
    /// The type that the server gave it: an array, a set or a map.
    let type: UInt8
    /// The values that are still to come; a map has two for each of its pairs.
    private(set) var count: Int
    /// The bytes of the values that are still to come.
    private(set) var bytes: ByteBuffer
    private var scanner = RESPReplyScanner()

    /// Nil for what has no elements. A scanner has found the reply to be whole.
    init?(_ reply: ByteBuffer) {
        bytes = reply
        guard let type: UInt8 = bytes.readInteger() else { return nil }
        self.type = type
        var count = 0
        while let byte: UInt8 = bytes.readInteger(), byte != 0x0D {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte), count < Self.countMax else { return nil }
            count = count * 10 + Int(byte - UInt8(ascii: "0"))
        }
        guard bytes.readInteger(as: UInt8.self) == 0x0A else { return nil }
        switch type {
        case UInt8(ascii: "*"), UInt8(ascii: "~"): self.count = count
        case UInt8(ascii: "%"): self.count = count * 2
        default: return nil
        }
    }

    /// Keeps the count from overflowing, far over what a scanner lets pass.
    private static let countMax = 1 << 40

    /// The next element's bytes.
    mutating func next() -> ByteBuffer? { nextLength().flatMap { bytes.readSlice(length: $0) } }

    /// Appends the next element to `output`; false if there is none.
    mutating func move(into output: inout ByteBuffer) -> Bool {
        guard let length = nextLength() else { return false }
        bytes.readBytes(length, into: &output)
        return true
    }

    private mutating func nextLength() -> Int? {
        let bytes = bytes
        guard count > 0, case .complete(let element) = scanner.scan(bytes.readableBytesUInt8Span) else { return nil }
        count -= 1
        return element.length
    }
}
