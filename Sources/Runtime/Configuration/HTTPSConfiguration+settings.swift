// SPDX-License-Identifier: Apache-2.0

internal import Ambassador
internal import Proxying
package import Settings

extension HTTPSConfiguration {
    package static var settings: SettingGroup<HTTPSConfiguration> {
        SettingGroup(
            "HTTPS in front of the app, which goes on speaking plain HTTP.",
            [
                .setting(
                    "listen", optional: \.listen, .httpsAddress,
                    "Speaks HTTPS for the app here: a port on all addresses, or one address.", .listened,
                    flags: [.flag("https")]),
                .setting(
                    "redirect", optional: \.redirect, .httpsAddress,
                    "Sends clients who come without TLS to the port of `listen`, with 301.", .listened,
                    flags: [.flag("http-redirect")]),
                .group("tls", \.tls, TLSServerConfiguration.settings),
                .group("hsts", \.hsts, HSTSConfiguration.settings),
            ])
    }
}

extension SettingType where Value == HTTPSAddress {
    static var httpsAddress: Self {
        SettingType(
            expectation: "a port, such as 8443, or HOST:PORT", placeholder: "[HOST:]PORT",
            schema: .string(pattern: "^(.+:)?[0-9]+$"), parse: HTTPSAddress.init(text:), text: \.description)
    }
}
