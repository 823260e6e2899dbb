// SPDX-License-Identifier: Apache-2.0

/// TLS towards a server, as somebody writes it down: files and words. `TLSClient` is what it makes. In the place of a
/// file's path there may be its text, which begins with `-----BEGIN`.
package struct TLSClientConfiguration: Sendable, Hashable {
    /// What of a server's certificate is looked at.
    package enum Verification: String, Sendable, Hashable, CaseIterable {
        /// An authority that is trusted has signed it, and it is for the server's name.
        case full
        /// An authority that is trusted has signed it, for whatever name.
        case ca
        /// Nothing: whoever is on the way can read and change everything.
        case none
    }

    /// Whether the connection is encrypted at all.
    package var enabled = false
    /// A PEM file: the certificates that are shown to a server that asks for some, our own first.
    package var certificate: String? = nil
    /// A PEM file: the first certificate's key.
    package var key: String? = nil
    /// A PEM file: the authorities that are trusted. Nil: those of the system.
    package var ca: String? = nil
    package var verify = Verification.full
    /// The name that the certificate must have, and that a server with many names is told. Nil: that of the address.
    package var serverName: String? = nil

    package init(enabled: Bool = false) { self.enabled = enabled }
}
