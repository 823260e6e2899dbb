// SPDX-License-Identifier: Apache-2.0

package import Core

/// A server that requests are sent to, as an `http://` or `https://` URL names it.
package struct ServerURL: Sendable, Hashable, CustomStringConvertible {
    package var isSecure: Bool
    package var address: ListenAddress
    /// What is behind the address, a query included; empty or begins with a slash or a question mark.
    package var path: String

    /// Why a text is no such URL, as the end of a sentence.
    package struct Invalid: Error, Sendable, Equatable, CustomStringConvertible {
        package var description: String
    }

    /// A URL with credentials or a fragment isn't one that requests can be sent to.
    package init(_ text: String) throws(Invalid) {
        guard let end = text.firstRange(of: "://")?.upperBound else {
            throw Invalid(description: "\(text) is no URL such as http://127.0.0.1:8080")
        }
        let scheme = text[..<end].lowercased()
        guard scheme == "http://" || scheme == "https://" else {
            throw Invalid(description: "\(scheme) is no scheme that can be called")
        }
        isSecure = scheme == "https://"
        let authority = text[end...].prefix { $0 != "/" && $0 != "?" }
        let hasPort = authority.last != "]" && authority.contains(":")
        guard let address = ListenAddress(text: hasPort ? String(authority) : "\(authority):\(isSecure ? 443 : 80)"),
            address.port > 0
        else { throw Invalid(description: "\(authority) is no address") }
        self.address = address
        path = String(text[authority.endIndex...])
        guard path.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "#") }) else {
            throw Invalid(description: "its path isn't one of a URL")
        }
    }

    package var description: String { "\(isSecure ? "https" : "http")://\(address)\(path)" }
}
