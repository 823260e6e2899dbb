// SPDX-License-Identifier: Apache-2.0

import WireHTTP

/// A path as programs may read it that decode, fold and cut it in different ways.
///
/// A proxy that reads `/public/%2e%2e/admin` otherwise than the server behind it can be led past a route. So a path
/// that has an escape, `;`, a backslash, two slashes in a row or a dotted segment is matched twice: `literal` is what
/// the most cautious program sees, `folded` what the most helpful one does. Whatever lies between them matches at least
/// what `literal` matches and at most what `folded` matches, because a route's own path has nothing that could be
/// folded (`PathPattern`). So if both lead to the same route, everything does; if they don't, the request is refused.
/// Dotted segments would break that order; clients resolve them before they ask, and they are refused.
struct PathReadings {
    /// Escapes are decoded, but for those of bytes that divide paths for somebody.
    private(set) var literal: ContiguousArray<UInt8> = []
    /// All escapes are decoded, a backslash is a slash, parameters (`;a=b`) are gone, and slashes in a row are one.
    private(set) var folded: ContiguousArray<UInt8> = []

    /// Whether all programs read a path alike: it has nothing that anybody decodes, folds or cuts.
    static func isPlain(_ path: borrowing Span<UInt8>) -> Bool {
        var isBehindSlash = false
        for index in path.indices {
            switch path[index] {
            case UInt8(ascii: "/"):
                if isBehindSlash { return false }
                isBehindSlash = true
            case UInt8(ascii: "."):
                if isBehindSlash { return false }
            case UInt8(ascii: "%"), UInt8(ascii: ";"), UInt8(ascii: "\\"): return false
            default: isBehindSlash = false
            }
        }
        return true
    }

    init(_ path: borrowing Span<UInt8>) throws(HTTPSyntaxError) {
        literal.reserveCapacity(path.count)
        folded.reserveCapacity(path.count)
        var isParameter = false
        var index = 0
        while index < path.count {
            let (byte, width) = path.decodedByte(at: index)
            guard byte >= 0x20, byte != 0x7F else { throw HTTPSyntaxError("the path has a control character") }
            if width == 1 || !byte.dividesPaths {
                literal.append(byte)
            } else {
                for offset in 0..<width { literal.append(path[index + offset]) }
            }
            index += width
            // Where a parameter ends at a slash that not everybody takes for one, programs end it in different places.
            if isParameter, byte == UInt8(ascii: "\\") || (byte == UInt8(ascii: "/") && width > 1) {
                throw HTTPSyntaxError("the path has a slash within a parameter")
            }
            switch byte {
            case UInt8(ascii: "/"), UInt8(ascii: "\\"):
                isParameter = false
                try endSegment()
                if folded.last != UInt8(ascii: "/") { folded.append(UInt8(ascii: "/")) }
            case UInt8(ascii: ";"): isParameter = true
            default: if !isParameter { folded.append(byte) }
            }
        }
        try endSegment()
    }

    /// Refuses a segment of one or two dots.
    private func endSegment() throws(HTTPSyntaxError) {
        var dots = 0
        for byte in folded.reversed() {
            if byte == UInt8(ascii: "/") { break }
            guard byte == UInt8(ascii: "."), dots < 2 else { return }
            dots += 1
        }
        if dots > 0 { throw HTTPSyntaxError("the path has a segment of dots, which leads elsewhere") }
    }
}

extension Span<UInt8> {
    /// The byte that an escape means, and how long that is; what is no escape means itself.
    func decodedByte(at index: Int) -> (byte: UInt8, width: Int) {
        guard self[index] == UInt8(ascii: "%"), index + 2 < count, let high = self[index + 1].hexDigit,
            let low = self[index + 2].hexDigit
        else { return (self[index], 1) }
        return (high << 4 | low, 3)
    }
}

extension UInt8 {
    /// Whether somebody divides a path where this byte stands, or decodes once more.
    fileprivate var dividesPaths: Bool {
        switch self {
        case UInt8(ascii: "/"), UInt8(ascii: "\\"), UInt8(ascii: ";"), UInt8(ascii: "%"): true
        default: false
        }
    }

    fileprivate var hexDigit: UInt8? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
