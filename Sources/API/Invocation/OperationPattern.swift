// SPDX-License-Identifier: Apache-2.0

/// The path of a request as rules see it: decoded once, in small letters, without empty segments.
struct OperationPath: Equatable {
    var segments: [[UInt8]]

    /// Nil for a path that its readers may take for different ones.
    ///
    /// Some take a backslash for a slash, end the path at an encoded `?`, `#` or NUL, or cut off what is behind a
    /// semicolon before they resolve dots. What is behind a semicolon is no part of the operation here.
    init?(target: String) {
        guard target.utf8.first == UInt8(ascii: "/") else { return nil }
        let path = target.utf8.prefix { $0 != UInt8(ascii: "?") }
        guard let resolved = try? InvokedTarget.resolved(String(Substring(path))),
            let bytes = Self.decoded(resolved.utf8)
        else { return nil }
        segments = []
        for part in bytes.split(separator: UInt8(ascii: "/")) {
            let segment = Array(part.prefix { $0 != UInt8(ascii: ";") })
            guard segment != [UInt8(ascii: ".")], segment != [UInt8](repeating: UInt8(ascii: "."), count: 2) else {
                return nil
            }
            if !segment.isEmpty { segments.append(segment) }
        }
    }

    private static func decoded(_ path: String.UTF8View) -> [UInt8]? {
        var bytes: [UInt8] = []
        var rest = path[...]
        while let byte = rest.popFirst() {
            var decoded = byte
            if byte == UInt8(ascii: "%") {
                guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
                else { return nil }
                decoded = value
                rest = rest.dropFirst(2)
            }
            switch decoded {
            case 0..<0x20, 0x7F, UInt8(ascii: "?"), UInt8(ascii: "#"), UInt8(ascii: "\\"): return nil
            default: bytes.append(decoded)
            }
        }
        // A text that isn't UTF-8 may hide a slash or a dot from whoever reads it leniently.
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        return Array(text.lowercased().utf8)
    }
}

/// The name of an operation in a rule: `/orders`, `/orders/*`, `/orders/**`, `/order*`.
///
/// As in Dapr a name means what is below it too; `/*` means one segment or none behind it, `/**` any number, and a star
/// within a segment any characters of it.
package struct OperationPattern: Sendable, Equatable {
    private enum Segment: Equatable {
        /// Any segment.
        case any
        case star([UInt8])
        case literal([UInt8])

        /// The more specific, the higher.
        var rank: Int {
            switch self {
            case .any: 0
            case .star: 1
            case .literal: 2
            }
        }
    }

    private enum End: Equatable {
        /// Whatever is below.
        case below
        /// `/*` or `/**`: at most one segment more, or any number of them.
        case one
        case many
    }

    private var segments: [Segment]
    private var end: End

    /// Segments of a pattern; more have no meaning for anybody.
    package static let segmentsMax = 64

    /// Nil for a name with too many segments, or with `**` anywhere but at its end.
    package init?(_ name: String) {
        var parts = name.lowercased().utf8.split(separator: UInt8(ascii: "/")).map(Array.init)
        guard parts.count <= Self.segmentsMax else { return nil }
        end = .below
        switch parts.last.map({ String(decoding: $0, as: UTF8.self) }) {
        case "*": end = .one
        case "**": end = .many
        default: break
        }
        if end != .below { parts.removeLast() }
        guard !parts.contains(Array("**".utf8)) else { return nil }
        let star = UInt8(ascii: "*")
        segments = parts.map { $0 == [star] ? .any : $0.contains(star) ? .star($0) : .literal($0) }
    }

    func matches(_ path: OperationPath) -> Bool {
        let more = path.segments.count - segments.count
        guard more >= 0 else { return false }
        switch end {
        case .one where more > 1: return false
        // The root alone isn't above everything: that would be `/**`.
        case .below where segments.isEmpty && more > 0: return false
        default: break
        }
        return zip(segments, path.segments).allSatisfy { pattern, segment in
            switch pattern {
            case .any: true
            case .literal(let text): text == segment
            case .star(let text): Self.matches(segment[...], text[...])
            }
        }
    }

    /// Of two that match a path: the one that says more of it, from its beginning.
    func isMoreSpecific(than other: OperationPattern, on path: OperationPath) -> Bool {
        for (mine, its) in zip(segments, other.segments) where mine.rank != its.rank { return mine.rank > its.rank }
        if segments.count != other.segments.count { return segments.count > other.segments.count }
        let isWhole = segments.count == path.segments.count
        return rank(isWhole: isWhole) > other.rank(isWhole: isWhole)
    }

    /// - Parameter isWhole: whether the path ends with the segments; then a name without stars is what it says.
    private func rank(isWhole: Bool) -> Int {
        switch end {
        case .below: isWhole ? 2 : 0
        case .many: isWhole ? 0 : 1
        case .one: isWhole ? 1 : 2
        }
    }

    /// Whether a segment is what a pattern with stars says; each star is tried again only as far as the last one.
    private static func matches(_ text: ArraySlice<UInt8>, _ pattern: ArraySlice<UInt8>) -> Bool {
        var (text, pattern) = (text, pattern)
        var retry: (text: ArraySlice<UInt8>, pattern: ArraySlice<UInt8>)?
        while true {
            if pattern.first == UInt8(ascii: "*") {
                pattern.removeFirst()
                retry = (text, pattern)
            } else if let byte = text.first, byte == pattern.first {
                text.removeFirst()
                pattern.removeFirst()
            } else if text.isEmpty, pattern.isEmpty {
                return true
            } else {
                guard let last = retry, !last.text.isEmpty else { return false }
                (text, pattern) = (last.text.dropFirst(), last.pattern)
                retry = (text, pattern)
            }
        }
    }
}
