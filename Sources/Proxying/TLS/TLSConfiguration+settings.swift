// SPDX-License-Identifier: Apache-2.0

package import Settings

extension TLSClientConfiguration {
    /// The group `tls` of whatever calls a server.
    package static var settings: SettingGroup<TLSClientConfiguration> {
        SettingGroup(
            "TLS towards the server: version 1.2 or 1.3.",
            [
                .setting("enabled", \.enabled, .boolean, "Whether connections to the server are encrypted."),
                .setting(
                    "certificate", optional: \.certificate, .path,
                    "A PEM file with the certificate for servers that ask for one, then those up to its authority.",
                    .path),
                .setting("key", optional: \.key, .path, "A PEM file with that certificate's key.", .path),
                .setting(
                    "ca", optional: \.ca, .path,
                    "A PEM file with the authorities that are trusted; without one they are the system's.", .path),
                .setting(
                    "verify", \.verify, .choice,
                    "What of the server's certificate is checked: its authority and its name, its authority alone, or "
                        + "nothing at all, so that anybody on the way can read and change everything."),
                .setting(
                    "server-name", optional: \.serverName, .serverName,
                    "The name that the certificate must have; without one it is the host of the server's address."),
            ])
    }
}

extension TLSServerConfiguration {
    /// The group `tls` of a listener.
    package static var settings: SettingGroup<TLSServerConfiguration> {
        SettingGroup(
            "TLS of the listener: version 1.2 or 1.3.",
            [
                .setting(
                    "certificate", optional: \.certificate, .path,
                    "A PEM file with the certificate, then those up to its authority; without one, and "
                        + "without `certificates`, the listener is plain.", .path),
                .setting("key", optional: \.key, .path, "A PEM file with the certificate's key.", .path),
                .setting(
                    "self-signed", \.selfSigned, .boolean,
                    "Whether a listener without any certificate gets one that is made here, for development; no client "
                        + "trusts it of itself."),
                .table(
                    "certificates", \.certificates, named: "CERTIFICATE",
                    "Further certificates. A client gets the one that has the name which it asks for, and otherwise "
                        + "the listener's `certificate`, or the first of these if there is none.",
                    TLSCertificateConfiguration.settings, fresh: TLSCertificateConfiguration()),
                .setting(
                    "ca", optional: \.ca, .path,
                    "A PEM file with authorities; with one, clients are asked for a certificate that they have signed.",
                    .path),
                .setting(
                    "client", \.client, .choice,
                    "Whether a client must show a certificate that `ca` has signed, or may come without one."),
                .setting(
                    "minimum-version", \.minimumVersion, .choice, "The oldest version of TLS that clients may speak."),
            ])
    }
}

extension TLSCertificateConfiguration {
    fileprivate static var settings: SettingGroup<TLSCertificateConfiguration> {
        SettingGroup(
            "One more certificate.",
            [
                .setting(
                    "certificate", optional: \.certificate, .path,
                    "A PEM file with the certificate, then those up to its authority.", .path),
                .setting("key", optional: \.key, .path, "A PEM file with the certificate's key.", .path),
            ])
    }
}

extension SettingType where Value == String {
    /// A name that certificates have; an IP address can't be one.
    fileprivate static var serverName: Self {
        SettingType(
            expectation: "a host name such as redis.example.com, and no IP address", placeholder: "NAME",
            schema: .string(pattern: nil), parse: { TLSClient.isServerName($0) ? $0 : nil }, text: { $0 })
    }
}
