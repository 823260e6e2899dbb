// SPDX-License-Identifier: Apache-2.0

/// Follows the chunks of a body (RFC 9112, section 7.1) up to its trailer, however its bytes are cut.
///
/// Sizes and extensions are held to their grammar byte by byte: a line that one program ends where another goes on has
/// led to requests that only one of them saw.
struct HTTPChunkScan: Sendable {
    /// What comes next.
    private enum Place: UInt8, Sendable {
        case size, extensionStart, extensionName, valueStart, value, quoted, escaped, quotedEnd
        case sizeLineFeed, data, dataReturn, dataLineFeed, trailer
    }

    /// So many hexadecimal digits fit into Int64 whatever they are.
    private static let digitsMax = 15

    private let lineBytesMax: Int
    private var place = Place.size
    private var remaining = 0
    private var lineBytes = 0

    init(_ limits: HTTPSyntaxLimits) { lineBytesMax = limits.chunkLineBytesMax }

    /// Whether the last chunk has passed.
    var isAtTrailer: Bool { place == .trailer }

    /// The next bytes of the body itself from `index`, which moves behind them; nil if there are none before the end of
    /// `bytes` or the trailer.
    mutating func nextData(
        in bytes: borrowing Span<UInt8>, from index: inout Int
    ) throws(HTTPSyntaxError) -> Range<Int>? {
        while index < bytes.count, place != .trailer {
            if place == .data {
                let start = index
                let count = min(remaining, bytes.count - start)
                index += count
                remaining -= count
                if remaining == 0 { place = .dataReturn }
                return start..<index
            }
            try pass(bytes[index])
            index += 1
        }
        return nil
    }

    private mutating func pass(_ byte: UInt8) throws(HTTPSyntaxError) {
        switch place {
        case .dataReturn:
            guard byte == 0x0D else { throw Self.longChunk }
            place = .dataLineFeed
        case .dataLineFeed:
            guard byte == 0x0A else { throw Self.longChunk }
            place = .size
            lineBytes = 0
        case .sizeLineFeed:
            guard byte == 0x0A else { throw HTTPSyntaxError("a chunk's size has a control character") }
            place = remaining > 0 ? .data : .trailer
        default:
            lineBytes += 1
            guard lineBytes <= lineBytesMax else {
                throw HTTPSyntaxError("a chunk's size is longer than the limit of \(lineBytesMax) bytes")
            }
            place = place == .size ? try passSize(byte) : try passExtension(byte)
        }
    }

    private mutating func passSize(_ byte: UInt8) throws(HTTPSyntaxError) -> Place {
        if let digit = byte.hexadecimalValue {
            guard lineBytes <= Self.digitsMax else { throw Self.noSize }
            remaining = remaining << 4 | digit
            return .size
        }
        guard lineBytes > 1 else { throw Self.noSize }
        switch byte {
        case 0x0D: return .sizeLineFeed
        case UInt8(ascii: ";"): return .extensionStart
        default: throw byte == 0x0A ? Self.noReturn : Self.noSize
        }
    }

    /// `*( ";" NAME [ "=" ( TOKEN / QUOTED ) ] )`, and the end of the line. The blanks that may stand between
    /// these are what parsers differ about, and no sender is known that has them.
    private func passExtension(_ byte: UInt8) throws(HTTPSyntaxError) -> Place {
        switch place {
        case .quoted where byte == UInt8(ascii: "\""): return .quotedEnd
        case .quoted where byte == UInt8(ascii: "\\"): return .escaped
        case .quoted where byte.isFieldValue, .escaped where byte.isFieldValue: return .quoted
        case .extensionStart where byte.isToken, .extensionName where byte.isToken: return .extensionName
        case .extensionName where byte == UInt8(ascii: "="): return .valueStart
        case .valueStart where byte == UInt8(ascii: "\""): return .quoted
        case .valueStart where byte.isToken, .value where byte.isToken: return .value
        case .extensionName where byte == UInt8(ascii: ";"), .value where byte == UInt8(ascii: ";"),
            .quotedEnd where byte == UInt8(ascii: ";"):
            return .extensionStart
        case .extensionName where byte == 0x0D, .value where byte == 0x0D, .quotedEnd where byte == 0x0D:
            return .sizeLineFeed
        default: throw byte == 0x0A ? Self.noReturn : HTTPSyntaxError("a chunk's size is followed by no extension")
        }
    }

    private static var noSize: HTTPSyntaxError { HTTPSyntaxError("a chunk's size is no hexadecimal number") }
    private static var noReturn: HTTPSyntaxError { HTTPSyntaxError("a chunk's size ends without CR") }
    private static var longChunk: HTTPSyntaxError { HTTPSyntaxError("a chunk is longer than its size") }
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
