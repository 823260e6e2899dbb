// SPDX-License-Identifier: Apache-2.0

/// Which hosts are meant: one, or with `*.` before it all names below one.
package enum HostPattern: Sendable, Hashable, CustomStringConvertible {
    case exact(String)
    /// What follows the star, with its dot: `.example.com`.
    case below(String)

    /// Reads `shop.example.com` or `*.example.com`, without a port; the case doesn't count.
    package init?(text: String) {
        let name = text.lowercased()
        if name.hasPrefix("*.") {
            let suffix = String(name.dropFirst())
            guard Self.isName(suffix.dropFirst()) else { return nil }
            self = .below(suffix)
        } else {
            guard Self.isName(name[...]) || Self.isAddress(name) else { return nil }
            self = .exact(name)
        }
    }

    package var description: String {
        switch self {
        case .exact(let name): name
        case .below(let suffix): "*" + suffix
        }
    }

    private static func isName(_ text: Substring) -> Bool {
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        return text.utf8.count <= 253
            && labels.allSatisfy { label in
                !label.isEmpty && label.utf8.allSatisfy { $0.isNameByte }
            }
    }

    /// An address of IPv6, in brackets as it stands in `Host`.
    private static func isAddress(_ text: String) -> Bool {
        text.hasPrefix("[") && text.hasSuffix("]") && text.utf8.count > 3
            && text.dropFirst().dropLast().utf8.allSatisfy { ($0.isNameByte && $0 < 0x67) || $0 == UInt8(ascii: ":") }
    }
}

extension UInt8 {
    /// Letters in lower case, digits, hyphens, and the underscores that some have in names.
    fileprivate var isNameByte: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
            UInt8(ascii: "_"), UInt8(ascii: "."):
            true
        default: false
        }
    }
}

/// Which paths are meant: `/x` is that path and all below it, `=/x` that path alone.
package enum PathPattern: Sendable, Hashable, CustomStringConvertible {
    /// Without a slash at its end, unless it is one.
    case prefix(String)
    case exact(String)

    /// Reads a path as people see it, decoded; nil for one that no request matches because programs could read it in
    /// two ways (`PathReadings`), and for one that has a query.
    package init?(text: String) {
        let isExact = text.hasPrefix("=")
        let path = isExact ? String(text.dropFirst()) : text
        guard path.hasPrefix("/"), path.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }),
            !path.contains(where: { "?#%;\\".contains($0) })
        else { return nil }
        var segments = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        if segments.last == "" { segments = segments.dropLast() }
        guard segments.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }) else { return nil }
        self = isExact ? .exact(path) : .prefix("/" + segments.joined(separator: "/"))
    }

    package var path: String {
        switch self {
        case .prefix(let path), .exact(let path): path
        }
    }

    package var description: String {
        switch self {
        case .prefix(let path): path
        case .exact(let path): "=" + path
        }
    }
}
