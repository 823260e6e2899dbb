// SPDX-License-Identifier: Apache-2.0

internal import Ambassador
internal import Core
internal import HTTPAPI
package import Settings
internal import Sidecar
internal import Telemetry
internal import TraceExport

extension Configuration {
    /// All settings there are.
    package static var settings: SettingGroup<Configuration> {
        SettingGroup(
            "Everything that can be set.",
            [
                .group("app", \.app, AppConfiguration.settings),
                .group("api", \.api, APIConfiguration.settings),
                .group("https", \.https, HTTPSConfiguration.settings),
                .group("ambassador", \.ambassador, AmbassadorConfiguration.settings),
                .group("admin", \.admin, AdminConfiguration.settings),
                .group("data", \.data, DataConfiguration.settings),
                .group("log", \.log, LogConfiguration.settings),
                .group("tracing", \.tracing, TracingConfiguration.settings),
                .setting(
                    "resources", list: \.resources, .path, "Files and folders with Dapr resource documents.", .path,
                    flags: [.flag("resources-path", "components-path", short: "d")]),
            ])
    }
}

extension AdminConfiguration {
    package static var settings: SettingGroup<AdminConfiguration> {
        SettingGroup(
            "The one listener for metrics, probes and each room's JSON.",
            [
                .setting(
                    "enabled", \.enabled, .boolean, "Serves metrics and probes.", flags: [.flag("enable-metrics")]),
                .setting(
                    "listen", \.listen, .listenAddress, "Where metrics and probes are served.", .listened,
                    flags: [
                        .flag(
                            "metrics-port", short: "M", part: "port", gives: \.listen.port, .listenedPort,
                            note: "The port on which metrics and probes are served."),
                        .flag(
                            "metrics-listen-address", part: "host", gives: \.listen.host, .host,
                            note: "The address on which metrics and probes are served."),
                    ]),
            ])
    }
}

extension DataConfiguration {
    package static var settings: SettingGroup<DataConfiguration> {
        SettingGroup(
            "Where the embedded engine keeps its file.",
            [
                .setting(
                    "path", optional: \.path, .path,
                    "The folder; without one it is `$XDG_STATE_HOME/outrigger` or `~/.local/state/outrigger`.", .path,
                    flags: [.flag("data-dir")])
            ])
    }
}
