// SPDX-License-Identifier: Apache-2.0

internal import Settings
internal import WireHTTP

extension SettingType where Value == HostPattern {
    static var hostPattern: Self {
        SettingType(
            expectation: "a host without a port, such as example.com or *.example.com", placeholder: "HOST",
            schema: .string(pattern: nil), parse: HostPattern.init(text:), text: \.description)
    }
}

extension SettingType where Value == PathPattern {
    static var pathPattern: Self {
        SettingType(
            expectation: "a path such as /shop, or =/shop for that one alone, without escapes, dots, ; and a query",
            placeholder: "PATH", schema: .string(pattern: "^=?/[^?#%;\\\\]*$"), parse: PathPattern.init(text:),
            text: \.description)
    }
}

extension SettingType where Value == RedirectConfiguration.Status {
    static var redirectStatus: Self {
        let codes = Value.allCases.map { "\($0.rawValue)" }
        return SettingType(
            expectation: codes.alternatives, placeholder: codes.joined(separator: "|"), schema: .integer(301...308),
            parse: { text in Int(text).flatMap(Value.init(rawValue:)) }, text: { "\($0.rawValue)" })
    }
}

extension SettingType where Value == String {
    static var httpMethod: Self {
        SettingType(
            expectation: "a method in capitals, such as GET", placeholder: "METHOD",
            schema: .string(pattern: "^[A-Z][A-Z-]*$"),
            parse: { text in
                let isMethod = text.utf8.allSatisfy { (0x41...0x5A).contains($0) || $0 == UInt8(ascii: "-") }
                return isMethod && !text.isEmpty && !text.hasPrefix("-") ? text : nil
            }, text: { $0 })
    }

    /// What may stand behind a header's name.
    static var fieldValue: Self {
        SettingType(
            expectation: "text in one line", placeholder: "TEXT", schema: .string(pattern: nil),
            parse: { text in
                let isTrimmed = text.first != " " && text.last != " " && text.first != "\t" && text.last != "\t"
                return isTrimmed && HTTPFields.isValue(text) ? text : nil
            }, text: { $0 })
    }

    /// A path that is sent as it is, escaped where that has to be.
    static var urlPath: Self {
        SettingType(
            expectation: "a path that begins with /, without a query", placeholder: "PATH",
            schema: .string(pattern: "^/[!-~]*$"), parse: { $0.isSentPath ? $0 : nil }, text: { $0 })
    }

    /// A host with or without a port.
    static var authority: Self {
        SettingType(
            expectation: "a host with or without a port, such as shop.internal:8080", placeholder: "HOST",
            schema: .string(pattern: nil), parse: { $0.isAuthority ? $0 : nil }, text: { $0 })
    }

    /// Where a redirect leads.
    static var location: Self {
        SettingType(
            expectation: "a URL such as https://example.com/new, or a path", placeholder: "URL",
            schema: .string(pattern: "^(https?://|/)[!-~]*$"), parse: { $0.isLocation ? $0 : nil }, text: { $0 })
    }
}

extension String {
    /// Visible ASCII, as a target or a location is made of.
    private var isVisible: Bool { utf8.allSatisfy { (0x21...0x7E).contains($0) } }

    fileprivate var isSentPath: Bool { hasPrefix("/") && isVisible && !utf8.contains { $0 == 0x3F || $0 == 0x23 } }

    fileprivate var isAuthority: Bool {
        !isEmpty && isVisible && !contains(where: { "/?#@\\,\"<>^`{|}".contains($0) })
    }

    fileprivate var isLocation: Bool {
        guard isVisible else { return false }
        if hasPrefix("/") { return !hasPrefix("//") }
        for scheme in ["http://", "https://"] where hasPrefix(scheme) { return utf8.count > scheme.utf8.count }
        return false
    }
}
