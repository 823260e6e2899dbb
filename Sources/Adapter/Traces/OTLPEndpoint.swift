// SPDX-License-Identifier: Apache-2.0

package import Core

/// Where spans are sent to.
package struct OTLPEndpoint: Sendable, Equatable, CustomStringConvertible {
    package let address: ListenAddress
    /// With the query, if there is one.
    package let path: String

    /// OTLP's path for traces.
    package static let defaultPath = "/v1/traces"

    /// Reads an `http://` URL; its port is 80 if it names none, its path that of OTLP. A URL with credentials or a
    /// fragment isn't one that requests can be sent to.
    package init?(url: String) {
        guard let end = url.firstRange(of: "://")?.upperBound, url[..<end].lowercased() == "http://" else { return nil }
        let authority = url[end...].prefix { $0 != "/" && $0 != "?" }
        let rest = url[authority.endIndex...]
        guard rest.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "#") }) else { return nil }
        let hasPort = authority.last != "]" && authority.contains(":")
        guard let address = ListenAddress(text: hasPort ? String(authority) : "\(authority):80"), address.port > 0
        else {
            return nil
        }
        self.address = address
        switch rest.first {
        case nil: path = Self.defaultPath
        case "?": path = Self.defaultPath + rest
        default: path = rest == "/" ? Self.defaultPath : String(rest)
        }
    }

    package var description: String { "http://\(address)\(path)" }
}

/// A field that is sent with each request to the collector.
package struct OTLPHeader: Sendable, Equatable {
    package let name: String
    package let value: String

    /// Reads `NAME=VALUE`; the value is percent-encoded, as OpenTelemetry writes it in the environment.
    package init?(text: String) {
        guard let equals = text.firstIndex(of: "=") else { return nil }
        let name = text[..<equals].trimmingSpaces
        guard !name.isEmpty, name.utf8.allSatisfy(Self.isTokenByte) else { return nil }
        guard let value = Self.decoded(text[text.index(after: equals)...].trimmingSpaces),
            value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
        else { return nil }
        self.name = String(name)
        self.value = value
    }

    /// The characters of a field's name (RFC 9110, section 5.6.2).
    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }

    private static func decoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = rest.prefix(2)
            guard digits.count == 2, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
                let value = UInt8(Substring(digits), radix: 16)
            else { return nil }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}

extension Substring {
    fileprivate var trimmingSpaces: Substring {
        var text = drop { $0 == " " }
        while text.last == " " { text.removeLast() }
        return text
    }
}
