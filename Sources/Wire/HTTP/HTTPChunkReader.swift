// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Reads a chunked body (RFC 9112, section 7.1), as it comes.
struct HTTPChunkReader {
    private enum State {
        case size
        case data(remaining: Int)
        case dataEnd
        case trailer(HTTPHeadReader)
    }

    enum Step {
        case needsMore
        case data(ByteBuffer)
        case end(trailer: HTTPFields)
    }

    private let limits: HTTPSyntaxLimits
    private var state = State.size
    private var scanned = 0

    init(_ limits: HTTPSyntaxLimits) { self.limits = limits }

    mutating func next(_ buffer: inout ByteBuffer) throws(HTTPSyntaxError) -> Step {
        while true {
            switch state {
            case .size:
                guard let size = try readSize(&buffer) else { return .needsMore }
                state = size > 0 ? .data(remaining: size) : .trailer(HTTPHeadReader(limits, hasStartLine: false))
            case .data(let remaining):
                let count = min(remaining, buffer.readableBytes)
                guard count > 0, let part = buffer.readSlice(length: count) else { return .needsMore }
                state = count == remaining ? .dataEnd : .data(remaining: remaining - count)
                return .data(part)
            case .dataEnd:
                guard let end = buffer.readInteger(as: UInt16.self) else { return .needsMore }
                guard end == 0x0D0A else { throw HTTPSyntaxError("a chunk is longer than its size") }
                state = .size
            case .trailer(var reader):
                let isOver = try reader.read(buffer)
                guard isOver else {
                    state = .trailer(reader)
                    return .needsMore
                }
                return .end(trailer: try Self.checked(reader.takeFields(&buffer)))
            }
        }
    }

    /// Takes a line `SIZE [; extensions]` away, once it is complete.
    private mutating func readSize(_ buffer: inout ByteBuffer) throws(HTTPSyntaxError) -> Int? {
        let (size, length) = try sizeLine(buffer.readableBytesUInt8Span)
        guard let size else { return nil }
        buffer.moveReaderIndex(forwardBy: length)
        return size
    }

    private mutating func sizeLine(
        _ bytes: borrowing Span<UInt8>
    ) throws(HTTPSyntaxError) -> (size: Int?, length: Int) {
        while scanned < bytes.count, bytes[scanned] != 0x0A { scanned += 1 }
        guard scanned <= limits.chunkLineBytesMax else {
            throw HTTPSyntaxError("a chunk's size is longer than the limit of \(limits.chunkLineBytesMax) bytes")
        }
        guard scanned < bytes.count else { return (nil, 0) }
        let end = scanned - 1
        scanned = 0
        guard end >= 0, bytes[end] == 0x0D else { throw HTTPSyntaxError("a chunk's size ends without CR") }
        return (try Self.size(bytes.extracting(0..<end)), end + 2)
    }

    private static func size(_ line: borrowing Span<UInt8>) throws(HTTPSyntaxError) -> Int {
        var size = 0
        var index = 0
        while index < line.count, let digit = line[index].hexadecimalValue {
            size = size << 4 | digit
            index += 1
        }
        // 15 digits fit into Int64 whatever they are.
        guard (1...15).contains(index) else { throw HTTPSyntaxError("a chunk's size is no hexadecimal number") }
        let extensions = line.trimmed(index..<line.count)
        guard index == line.count || (!extensions.isEmpty && line[extensions.lowerBound] == UInt8(ascii: ";")) else {
            throw HTTPSyntaxError("a chunk's size is no hexadecimal number")
        }
        for index in extensions where !line[index].isFieldValue {
            throw HTTPSyntaxError("a chunk's extension has a control character")
        }
        return size
    }

    /// A trailer must not say what only a head may say (RFC 9110, section 6.5.1).
    private static func checked(_ trailer: HTTPFields) throws(HTTPSyntaxError) -> HTTPFields {
        for name in ["content-length", "transfer-encoding", "host", "trailer", "connection"]
        where trailer.contains(name) {
            throw HTTPSyntaxError("a trailer has the field \(name)")
        }
        return trailer
    }
}

extension UInt8 {
    fileprivate var hexadecimalValue: Int? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(self - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): Int(self - UInt8(ascii: "a")) + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): Int(self - UInt8(ascii: "A")) + 10
        default: nil
        }
    }
}
