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
                .setting(
                    "token", optional: \.token, .text,
                    "Sent to the app as `dapr-api-token` with each call, so that it knows its sidecar.", .secret,
                    environment: ["APP_API_TOKEN"]),
                .setting(
                    "max-concurrency", \.maxConcurrency, .callCount,
                    "How many calls may be with the app at once; 0 is any number.",
                    flags: [.flag("app-max-concurrency")]),
                .setting(
                    "delivery-timeout", \.deliveryTimeout, .duration(in: .milliseconds(1)...(.seconds(3600))),
                    "How long the app may take for an event of a topic before that counts as failed; "
                        + "`deliveryTimeout` in a subscription's metadata says it for one topic."),
                .group("health", \.health, HealthConfiguration.settings),
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

extension HealthConfiguration {
    package static var settings: SettingGroup<HealthConfiguration> {
        SettingGroup(
            "Whether and how the app is asked if it is well; nothing is sent to an app that isn't.",
            [
                .setting(
                    "enabled", \.enabled, .boolean, "Asks the app.", flags: [.flag("enable-app-health-check")]),
                .setting(
                    "path", \.path, .urlPath, "What is asked for; any status from 200 to 299 is well.",
                    flags: [.flag("app-health-check-path")]),
                .setting(
                    "interval", \.interval, .duration(in: .milliseconds(10)...(.seconds(3600))),
                    "The wait between two questions.",
                    flags: [
                        .flag(
                            "app-health-probe-interval", gives: \.interval,
                            .seconds(in: .milliseconds(10)...(.seconds(3600))),
                            note: "The same as `app.health.interval`, in seconds.")
                    ]),
                .setting(
                    "timeout", \.timeout, .duration(in: .milliseconds(1)...(.seconds(60))),
                    "How long the app may take to answer.",
                    flags: [
                        .flag(
                            "app-health-probe-timeout", gives: \.timeout, .milliseconds,
                            note: "The same as `app.health.timeout`, in milliseconds.")
                    ]),
                .setting(
                    "threshold", \.threshold, .integer(1...1000),
                    "Failures in a row after which the app counts as unhealthy.",
                    flags: [.flag("app-health-threshold")]),
            ])
    }
}

extension SettingType where Value == Int {
    /// Dapr's -1 is any number, too.
    fileprivate static var callCount: Self {
        var type = SettingType.integer(0...1_000_000)
        let parse = type.parse
        type.parse = { $0 == "-1" ? 0 : parse($0) }
        return type
    }
}

extension SettingType where Value == Duration {
    /// For a flag that gives plain milliseconds; a duration with its unit works too.
    fileprivate static var milliseconds: Self {
        var type = SettingType.duration(in: .milliseconds(1)...(.seconds(60)))
        let parse = type.parse
        type.expectation = "milliseconds, or a duration such as 500ms, of at most 1m"
        type.placeholder = "MILLISECONDS"
        type.parse = { text in parse(Int32(text) == nil ? text : text + "ms") }
        return type
    }
}

extension SettingType where Value == String {
    /// A path on the app; Dapr takes it with and without its first slash.
    fileprivate static var urlPath: Self {
        SettingType(
            expectation: "a path of visible ASCII characters", placeholder: "PATH",
            schema: .string(pattern: "^[!-~]+$"),
            parse: { text in
                guard !text.isEmpty, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else { return nil }
                return text.hasPrefix("/") ? text : "/" + text
            }, text: { $0 })
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
    /// Dapr knows https, grpcs and h2c as well; the sentence tells its users why they are refused.
    fileprivate static var appProtocol: Self {
        var type = SettingType.choice
        type.expectation = "http or grpc, as Outrigger speaks no other protocol with the app yet"
        return type
    }
}
