// SPDX-License-Identifier: Apache-2.0

package import Core

/// TLS of a listener, as somebody writes it down. `TLSServer` is what it makes.
package struct TLSServerConfiguration: Sendable, Equatable {
    /// What clients must show of themselves, where there is a `ca`.
    package enum ClientCertificate: String, Sendable, Hashable, CaseIterable {
        /// A certificate that one of the authorities has signed.
        case require
        /// The same, or none.
        case request
    }

    /// The oldest version of TLS that is spoken.
    package enum Version: String, Sendable, Hashable, CaseIterable {
        case v12 = "1.2"
        case v13 = "1.3"
    }

    /// A PEM file: the certificate that clients see, then those up to its authority. Nil: the first of `certificates`,
    /// and without any the listener is plain.
    package var certificate: String? = nil
    /// A PEM file: the certificate's key.
    package var key: String? = nil
    /// Certificates for clients that ask for one of their names.
    package var certificates: NamedTable<TLSCertificateConfiguration> = [:]
    /// A PEM file: authorities of clients. If there is one, clients are asked for a certificate that they signed.
    package var ca: String? = nil
    package var client = ClientCertificate.require
    package var minimumVersion = Version.v12

    /// Whether a listener without any certificate gets one that is made for development.
    package var selfSigned = false

    package init() {}

    /// Whether it is to have a certificate that nobody has given, and hasn't been given one yet.
    package var needsCertificate: Bool {
        selfSigned && certificate == nil && key == nil && certificates.isEmpty
    }
}

/// One certificate of several.
package struct TLSCertificateConfiguration: Sendable, Hashable {
    /// A PEM file: the certificate, then those up to its authority.
    package var certificate: String? = nil
    /// A PEM file: the certificate's key.
    package var key: String? = nil

    package init() {}
}
