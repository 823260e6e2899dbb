// SPDX-License-Identifier: Apache-2.0

package import Settings

extension AppConfiguration {
    package static var settings: SettingGroup<AppConfiguration> {
        SettingGroup(
            "The app that the sidecar runs beside.",
            [
                .setting(
                    "id", optional: \.id, .name, "The app's name among other apps; needed while `api.enabled`.",
                    flags: [.flag("app-id", short: "a")]),
                .setting(
                    "namespace", \.namespace, .name,
                    "Scopes state, topics and names, so that two projects on one machine don't meet.",
                    environment: ["NAMESPACE"]),
                .setting(
                    "port", optional: \.port, .port,
                    "The port on which the app listens; without one the app is ready as soon as it runs.",
                    flags: [.flag("app-port", short: "p")]),
                .setting(
                    "protocol", \.protocol, .appProtocol, "What the app speaks on its port.",
                    flags: [.flag("app-protocol", short: "P")]),
                .setting(
                    "address", \.address, .host, "Where the app listens.", flags: [.flag("app-channel-address")]),
                .setting(
                    "output", \.output, .choice,
                    "How the app's output is passed on: as it is, or each line after the app's id.",
                    flags: [.flag("app-output")]),
                .group("restart", \.restart, RestartConfiguration.settings),
                .setting(
                    "grace", \.grace, .duration(in: .zero...(.seconds(3600))),
                    "How long the app may take to exit after SIGTERM before it is killed.",
                    flags: [
                        .flag(
                            "dapr-graceful-shutdown-seconds", gives: \.grace, .seconds(in: .zero...(.seconds(3600))),
                            note: "The same as `app.grace`, in seconds.")
                    ]),
            ])
    }
}

extension RestartConfiguration {
    package static var settings: SettingGroup<RestartConfiguration> {
        SettingGroup(
            "What happens when the app exits by itself.",
            [
                .setting(
                    "policy", \.policy, .choice, "When the app is started again.", flags: [.flag("restart")]),
                .setting(
                    "backoff", \.backoff, .duration(in: .milliseconds(1)...(.seconds(3600))),
                    "The wait before the first restart; it doubles with each."),
                .setting(
                    "backoff-max", \.backoffMax, .duration(in: .milliseconds(1)...(.seconds(86_400))),
                    "The longest wait before a restart."),
                .setting(
                    "limit", \.limit, .integer(0...1_000_000),
                    "Restarts in a row before the sidecar gives up and exits with the app's status."),
                .setting(
                    "stable-after", \.stableAfter, .duration(in: .milliseconds(1)...(.seconds(86_400))),
                    "An app that ran this long has its earlier restarts forgotten."),
            ])
    }
}

extension SettingType where Value == String {
    /// The most characters of an app id or a namespace: what a file name holds with room for what is put around it.
    private static var nameCharactersMax: Int { 128 }

    /// An app id or a namespace. Dapr asks for a name of DNS on Kubernetes and for nothing on a laptop; in between is
    /// what keys (`app||key`), paths of the API and file names can hold.
    fileprivate static var name: Self {
        SettingType(
            expectation: "letters, digits, -, _ and ., at most \(nameCharactersMax) of them", placeholder: "NAME",
            schema: .string(pattern: "^[A-Za-z0-9._-]{1,\(nameCharactersMax)}$"),
            parse: { text in
                let isName = text.utf8.allSatisfy { byte in
                    switch byte {
                    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                        true
                    default: false
                    }
                }
                return isName && (1...nameCharactersMax).contains(text.utf8.count) ? text : nil
            }, text: { $0 })
    }
}

extension SettingType where Value == AppConfiguration.AppProtocol {
    /// Dapr knows https, grpc, grpcs and h2c as well; the sentence tells its users why they are refused.
    fileprivate static var appProtocol: Self {
        var type = SettingType.choice
        type.expectation = "http, as Outrigger speaks no other protocol with the app yet"
        return type
    }
}
