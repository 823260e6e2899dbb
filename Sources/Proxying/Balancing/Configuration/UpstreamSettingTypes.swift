// SPDX-License-Identifier: Apache-2.0

package import Settings
internal import WireHTTP

extension SettingType where Value == UpstreamServerConfiguration {
    /// A server as one text: `web-v2:8080 weight=2`.
    static var upstreamServer: Self {
        SettingType(
            expectation: "HOST:PORT [weight=N], such as web-v2:8080 weight=2", placeholder: "HOST:PORT [weight=N]",
            schema: .string(pattern: nil), parse: UpstreamServerConfiguration.init(text:), text: \.text)
    }
}

extension UpstreamServerConfiguration {
    init?(text: String) {
        guard let (address, options) = ServerAddress.reading(text) else { return nil }
        self.init(address: address)
        for (name, value) in options {
            guard name == "weight", let weight = SettingType.integer(Self.weights).parse(value) else { return nil }
            self.weight = weight
        }
    }

    var text: String { weight == 1 ? "\(address)" : "\(address) weight=\(weight)" }
}

extension SettingType where Value == String {
    /// The name of a header or a cookie: both are tokens (RFC 9110, section 5.6.2).
    package static var fieldName: Self {
        SettingType(
            expectation: "a name of letters, digits and !#$%&'*+-.^_`|~", placeholder: "NAME",
            schema: .string(pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"),
            parse: { HTTPFields.isName($0) ? $0 : nil }, text: { $0 })
    }

    /// What a request can ask for: a path, perhaps with a query.
    static var requestPath: Self {
        SettingType(
            expectation: "a path that begins with /, such as /healthz", placeholder: "PATH",
            schema: .string(pattern: "^/[!-~]*$"),
            parse: { text in
                text.hasPrefix("/") && text.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != 0x23 } ? text : nil
            }, text: { $0 })
    }
}
