// SPDX-License-Identifier: Apache-2.0

internal import Core
package import Settings

extension APIConfiguration {
    package static var settings: SettingGroup<APIConfiguration> {
        SettingGroup(
            "The HTTP API of the building blocks.",
            [
                .setting("enabled", \.enabled, .boolean, "Serves the API.", flags: [.flag("enable-api")]),
                .setting(
                    "listen", \.listen, .listenAddress, "Where the API listens.", .listened,
                    flags: [
                        .flag(
                            "dapr-http-port", short: "H", part: "port", gives: \.listen.port, .listenedPort,
                            note: "The port on which the API listens."),
                        .flag(
                            "dapr-listen-addresses", part: "host", gives: \.listenHost, .listenedHost,
                            note: "The address on which the API listens, over gRPC too."),
                    ]),
                .group("grpc", \.grpc, GRPCConfiguration.settings),
                .setting(
                    "public-listen", optional: \.publicListen, .listenAddress,
                    "Where health and metadata alone are served as well, for callers that must not reach the rest.",
                    .listened,
                    flags: [
                        .flag(
                            "dapr-public-port", part: "port", gives: \.publicPort, .listenedPort,
                            note: "The port of `api.public-listen`; all addresses if none is given."),
                        .flag(
                            "dapr-public-listen-address", part: "host", gives: \.publicHost, .listenedHost,
                            note: "The address of `api.public-listen`; port 3501 if none is given."),
                    ]),
                .setting(
                    "internal-listen", \.internalListen, .listenAddress,
                    "Where other sidecars call this one; port 0 is any free one, which they find by themselves.",
                    .listened,
                    flags: [
                        .flag(
                            "dapr-internal-grpc-port", short: "I", part: "port", gives: \.internalListen.port,
                            .listenedPort, note: "The port on which other sidecars call this one."),
                        .flag(
                            "dapr-internal-grpc-listen-address", part: "host", gives: \.internalListen.host, .host,
                            note: "The address on which other sidecars call this one."),
                    ]),
                .setting(
                    "body-limit", \.bodyLimit, .byteCount(in: .kibibytes(1)...(.mebibytes(512))),
                    "The largest body that is kept in memory, of a request or of a value.",
                    flags: [.flag("max-body-size")]),
                .setting(
                    "token", optional: \.token, .token,
                    "Callers must send it as `dapr-api-token`; without one everybody who reaches the API may call.",
                    .secret, environment: ["DAPR_API_TOKEN"]),
                .setting(
                    "log-calls", \.logCalls, .boolean, "Logs one line for each call of the API.",
                    flags: [.flag("enable-api-logging")]),
            ])
    }

    /// Dapr has one flag for both faces.
    private var listenHost: String {
        get { listen.host }
        set {
            listen.host = newValue
            grpc.listen.host = newValue
        }
    }

    /// Dapr's defaults of the public listener are all addresses, which the kubelet's probes need, and 3501.
    private var publicPort: Int {
        get { publicListen?.port ?? 3501 }
        set { publicListen = ListenAddress(host: publicHost, port: newValue) }
    }

    private var publicHost: String {
        get { publicListen?.host ?? "0.0.0.0" }
        set { publicListen = ListenAddress(host: newValue, port: publicPort) }
    }
}

extension GRPCConfiguration {
    package static var settings: SettingGroup<GRPCConfiguration> {
        SettingGroup(
            "The gRPC port, on which apps call each other over gRPC.",
            [
                .setting(
                    "listen", \.listen, .listenAddress, "Where calls over gRPC are taken.", .listened,
                    flags: [
                        .flag(
                            "dapr-grpc-port", short: "G", part: "port", gives: \.listen.port, .listenedPort,
                            note: "The port on which calls over gRPC are taken.")
                    ])
            ])
    }
}

extension SettingType where Value == String {
    /// Dapr takes several addresses. One is listened on here; both loopbacks, which Dapr's own Kubernetes injector
    /// asks for, mean the loopback of IPv4.
    fileprivate static var listenedHost: Self {
        var type = SettingType.host
        type.expectation = "one host name or IP address"
        type.parse = { text in
            let hosts = text.split(separator: ",", omittingEmptySubsequences: false).map {
                ListenAddress.host(text: String($0))
            }
            if hosts.count == 1 { return hosts[0] }
            return Set(hosts) == ["::1", "127.0.0.1"] ? "127.0.0.1" : nil
        }
        return type
    }

    /// A token travels in a header, so that it can hold neither spaces nor control characters.
    fileprivate static var token: Self {
        SettingType(
            expectation: "a token of visible ASCII characters", placeholder: "TOKEN",
            schema: .string(pattern: "^[!-~]+$"),
            parse: { text in !text.isEmpty && text.utf8.allSatisfy { (0x21...0x7E).contains($0) } ? text : nil },
            text: { $0 })
    }
}
