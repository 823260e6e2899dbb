// SPDX-License-Identifier: Apache-2.0

/// The path and query with which a callee is called.
///
/// A callee decodes the path, and may take `%2e%2e` for `..` then; whoever judges the path before it (an access list, a
/// proxy) must see the same as it. So dotted segments are resolved here however they are written, also those that end
/// with an encoded slash. All else stays encoded as it came. Everything is bytes here, because a character may be more
/// than one of them: a slash with an accent behind it.
package enum InvokedTarget {
    /// An escape in a path that isn't `%` and two hexadecimal digits.
    package struct EncodingInvalid: Error {}

    private typealias Bytes = ArraySlice<UInt8>

    /// The target as the callee gets it.
    package static func resolved(_ target: String) throws(EncodingInvalid) -> String {
        // Most paths have nothing to resolve: what isn't encoded has been resolved before.
        guard target.utf8.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "#") }) else { return target }
        let bytes = Array(target.utf8)
        let end = bytes.firstIndex(of: UInt8(ascii: "?")) ?? bytes.endIndex
        let resolved = try resolvedPath(bytes[..<end]) + bytes[end...]
        return String(decoding: withoutFragments(resolved), as: UTF8.self)
    }

    /// A `#` ends the path for some programs and doesn't for others, so it goes on encoded.
    private static func withoutFragments(_ bytes: [UInt8]) -> [UInt8] {
        bytes.flatMap { $0 == UInt8(ascii: "#") ? Array("%23".utf8) : [$0] }
    }

    /// A segment with the slash before it, which may be an encoded one.
    private struct Segment {
        var slash: Bytes
        var text: Bytes

        /// How many dots it is, decoded; 0 if it is anything else.
        var dots: Int {
            var rest = text
            var dots = 0
            while let byte = rest.first {
                if byte == UInt8(ascii: ".") {
                    rest = rest.dropFirst()
                } else if rest.isEscape(of: UInt8(ascii: "e")) {
                    rest = rest.dropFirst(3)
                } else {
                    return 0
                }
                dots += 1
            }
            return dots
        }
    }

    private static func resolvedPath(_ path: Bytes) throws(EncodingInvalid) -> [UInt8] {
        let segments = try segments(of: path)
        var kept: [Segment] = []
        for segment in segments {
            switch segment.dots {
            case 1: continue
            case 2: _ = kept.popLast()
            default: kept.append(segment)
            }
        }
        // Behind dots at the end a folder is meant (RFC 3986, section 5.2.4).
        if let last = segments.last, (1...2).contains(last.dots), !kept.isEmpty {
            kept.append(Segment(slash: [UInt8(ascii: "/")], text: []))
        }
        // A path begins with a slash that everybody sees as one.
        if kept.isEmpty { return [UInt8(ascii: "/")] }
        kept[0].slash = [UInt8(ascii: "/")]
        return kept.flatMap { $0.slash + $0.text }
    }

    private static func segments(of path: Bytes) throws(EncodingInvalid) -> [Segment] {
        var segments: [Segment] = []
        var slash = path.prefix(1)
        var start = slash.endIndex
        var index = start
        while index < path.endIndex {
            var width = 1
            var isSlash = path[index] == UInt8(ascii: "/")
            if path[index] == UInt8(ascii: "%") {
                let digits = path[index...].dropFirst().prefix(2)
                guard digits.count == 2, digits.allSatisfy(\.isHexDigit) else { throw EncodingInvalid() }
                width = 3
                isSlash = path[index...].isEscape(of: UInt8(ascii: "f"))
            }
            if isSlash {
                segments.append(Segment(slash: slash, text: path[start..<index]))
                (slash, start) = (path[index..<(index + width)], index + width)
            }
            index += width
        }
        segments.append(Segment(slash: slash, text: path[start...]))
        return segments
    }
}

extension ArraySlice<UInt8> {
    /// Whether it begins with `%2` and this digit, in either case: `%2e` is a dot, `%2f` a slash.
    fileprivate func isEscape(of digit: UInt8) -> Bool {
        // A letter's small form has one bit more.
        starts(with: "%2".utf8) && dropFirst(2).first.map { $0 | 0x20 } == digit
    }
}

extension UInt8 {
    fileprivate var isHexDigit: Bool {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"):
            true
        default: false
        }
    }
}
