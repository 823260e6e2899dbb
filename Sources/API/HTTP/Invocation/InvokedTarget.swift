// SPDX-License-Identifier: Apache-2.0

/// The path and query with which a callee is called.
///
/// A callee decodes the path, and may take `%2e%2e` for `..` then; whoever judges the path before it (an access list, a
/// proxy) must see the same as it. So dotted segments are resolved here however they are written, also those that end
/// with an encoded slash. All else stays encoded as it came.
enum InvokedTarget {
    static func resolved(_ target: String) throws(RequestTarget.Failure) -> String {
        // Most paths have nothing to resolve: what isn't encoded has been resolved before.
        guard target.utf8.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "#") }) else { return target }
        let end = target.firstIndex(of: "?") ?? target.endIndex
        return try resolvedPath(target[..<end]) + withoutFragments(target[end...])
    }

    /// A `#` ends the path for some programs and doesn't for others, so it goes on encoded.
    private static func withoutFragments(_ text: Substring) -> String {
        text.split(separator: "#", omittingEmptySubsequences: false).joined(separator: "%23")
    }

    /// A segment with the slash before it, which may be an encoded one.
    private struct Segment {
        var slash: Substring
        var text: Substring

        /// How many dots it is, decoded; 0 if it is anything else.
        var dots: Int {
            var rest = text[...]
            var dots = 0
            while !rest.isEmpty {
                if rest.hasPrefix(".") {
                    rest = rest.dropFirst()
                } else if rest.prefix(3).lowercased() == "%2e" {
                    rest = rest.dropFirst(3)
                } else {
                    return 0
                }
                dots += 1
            }
            return dots
        }
    }

    private static func resolvedPath(_ path: Substring) throws(RequestTarget.Failure) -> String {
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
            kept.append(Segment(slash: "/", text: ""))
        }
        if kept.isEmpty { return "/" }
        // A path begins with a slash that everybody sees as one.
        kept[0].slash = "/"
        return kept.map { $0.slash + withoutFragments($0.text) }.joined()
    }

    private static func segments(of path: Substring) throws(RequestTarget.Failure) -> [Segment] {
        var segments: [Segment] = []
        var slash = path.prefix(1)
        var start = slash.endIndex
        var index = start
        let bytes = path.utf8
        while index < bytes.endIndex {
            var width = 1
            var isSlash = bytes[index] == UInt8(ascii: "/")
            if bytes[index] == UInt8(ascii: "%") {
                let escape = path[index...].utf8.prefix(3)
                guard escape.count == 3, escape.dropFirst().allSatisfy(\.isHexDigit) else { throw .encodingInvalid }
                width = 3
                isSlash = path[index...].hasPrefix("%2f") || path[index...].hasPrefix("%2F")
            }
            let next = bytes.index(index, offsetBy: width)
            if isSlash {
                segments.append(Segment(slash: slash, text: path[start..<index]))
                (slash, start) = (path[index..<next], next)
            }
            index = next
        }
        segments.append(Segment(slash: slash, text: path[start...]))
        return segments
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
