// SPDX-License-Identifier: Apache-2.0

extension ListenAddress {
    /// Reads `127.0.0.1:3500`, `[::1]:3500`, `localhost:3500`. Nil for anything else; a host must be there.
    package init?(text: String) {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        guard let host = Self.host(text: String(text[..<colon])) else { return nil }
        let digits = text[text.index(after: colon)...]
        guard digits.allSatisfy({ $0.isASCII && $0.isNumber }), let port = Int(digits), port <= 65_535 else {
            return nil
        }
        // An IPv6 address without brackets would hide where it ends.
        guard !host.contains(":") || text.hasPrefix("[") else { return nil }
        self.init(host: host, port: port)
    }

    /// Reads a host alone: a name, an IPv4 address, or an IPv6 address with or without brackets, which are removed.
    package static func host(text: String) -> String? {
        let isBracketed = text.hasPrefix("[") && text.hasSuffix("]")
        let host = isBracketed ? String(text.dropFirst().dropLast()) : text
        guard !host.isEmpty, isBracketed == false || host.contains(":") else { return nil }
        let isAddress6 = host.contains(":")
        let isKnown = host.allSatisfy { character in
            guard character.isASCII else { return false }
            return isAddress6
                ? character.isHexDigit || ":.%".contains(character) || character.isLetter
                : character.isLetter || character.isNumber || ".-_".contains(character)
        }
        return isKnown ? host : nil
    }
}
