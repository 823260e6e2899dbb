// SPDX-License-Identifier: Apache-2.0

package import Core
import Proxying
package import Settings

/// What upstreams are told of the client: its address, how it came, and which host it asked for.
package struct ForwardingConfiguration: Sendable, Equatable {
    package var policy = ForwardedPolicy.add
    package var format = ForwardedFormat.xForwarded
    /// Whether `Via` says that a proxy has passed the request on (RFC 9110, section 7.6.3).
    package var addsVia = true
    /// The proxies in front of this one, whose word is taken.
    package var trusted: [AddressRange] = []
    /// The header in which upstreams are told the subject of the certificate that a client has shown; nil: none.
    package var clientCertificateHeader: String? = nil

    package init() {}
}

/// What becomes of `X-Forwarded-For`, `-Proto`, `-Host` and `Forwarded`.
package enum ForwardedPolicy: String, Sendable, CaseIterable {
    /// What trusted proxies say is kept and added to; what anybody else says is replaced.
    case add
    case replace
    /// They pass as they came.
    case off
}

/// Which of the two forms is written for a request that came without either.
package enum ForwardedFormat: String, Sendable, CaseIterable {
    case xForwarded = "x-forwarded"
    /// RFC 7239.
    case forwarded
    case both
}

extension ForwardingConfiguration {
    package static var settings: SettingGroup<ForwardingConfiguration> {
        SettingGroup(
            "What upstreams are told of the client.",
            [
                .setting(
                    "forwarded", \.policy, .choice,
                    "X-Forwarded-For, -Proto, -Host and Forwarded: added to what trusted proxies say, replaced, left.",
                    changes: .live),
                .setting(
                    "forwarded-format", \.format, .choice,
                    "What a request gets that came without them: X-Forwarded-*, Forwarded of RFC 7239, or both.",
                    changes: .live),
                .setting(
                    "trusted-proxies", list: \.trusted, .addressRange,
                    "The proxies in front of this one, whose word about clients is taken.", changes: .live),
                .setting(
                    "client-certificate-header", optional: \.clientCertificateHeader, .fieldName,
                    "The header in which upstreams are told the subject of the client's verified certificate, such as "
                        + "CN=shop,O=Example; what clients send under its name is removed. Needs tls.ca.",
                    changes: .live),
                .setting(
                    "via", \.addsVia, .boolean, "Says in Via that a proxy has passed the request on.", changes: .live),
            ])
    }
}
