// SPDX-License-Identifier: Apache-2.0

internal import Core
internal import Proxying
package import Settings

extension HTTPProxyConfiguration {
    /// The longest of a proxy's durations.
    static var durationMax: Duration { .seconds(86_400) }

    package static var settings: SettingGroup<HTTPProxyConfiguration> {
        SettingGroup("HTTP servers behind one address.", entrance + insides.live.members)
    }

    /// What is opened once.
    private static var entrance: [SettingMember<HTTPProxyConfiguration>] {
        [
            .setting("listen", \.listen, .poolAddress, "What clients connect to.", .listened),
            .group("tls", \.tls, TLSServerConfiguration.settings),
            .setting(
                "proxy-protocol", \.proxyProtocol, .choice,
                "Whether clients may or must say for whom they came, by the PROXY protocol."),
            .setting("backlog", \.backlog, .integer(1...65_535), "Connections that wait to be accepted."),
            .setting(
                "share-port", \.sharesPort, .boolean, "Lets several processes listen on the same port (SO_REUSEPORT)."),
            .group("access-log", \.accessLog, AccessLogConfiguration.settings),
        ]
    }

    /// What changes while running.
    private static var insides: SettingGroup<HTTPProxyConfiguration> {
        SettingGroup(
            "What changes while running.",
            [
                .table(
                    "routes", \.routes, named: "ROUTE", "Which requests go where, the most specific first.",
                    RouteConfiguration.settings, fresh: RouteConfiguration()),
                .table(
                    "upstreams", \.upstreams, named: "UPSTREAM", "The servers that routes name.",
                    UpstreamConfiguration.settings, fresh: UpstreamConfiguration()),
                .setting(
                    "redirect-to-https", optional: \.redirectToHTTPS, .port,
                    "Sends all who come without TLS to this port, with 301, whatever the routes say."),
                .group("hsts", \.hsts, HSTSConfiguration.settings),
                .group("limits", \.limits, HTTPProxyLimits.settings),
                .group("timeouts", \.timeouts, HTTPProxyTimeouts.settings),
                .group("metrics", \.metrics, HTTPMetricsConfiguration.settings),
                .setting("connect", \.allowsConnect, .boolean, "Passes CONNECT on; otherwise it is refused."),
                .setting(
                    "server", optional: \.server, .fieldValue,
                    "What the header Server of all responses says; without it, what the upstream says."),
            ] + ForwardingConfiguration.settings.members(at: \.forwarding))
    }
}

extension HSTSConfiguration {
    package static var settings: SettingGroup<HSTSConfiguration> {
        SettingGroup(
            "Tells browsers to come with TLS only (Strict-Transport-Security); said over TLS alone.",
            [
                .setting(
                    "age", \.age, .duration(), "How long browsers remember it, such as 8760h; 0 is nothing said."),
                .setting("subdomains", \.includesSubdomains, .boolean, "It is true of all names below the host's."),
                .setting("preload", \.allowsPreload, .boolean, "Browsers may have the host on their lists."),
            ])
    }
}

extension HTTPProxyLimits {
    static var settings: SettingGroup<HTTPProxyLimits> {
        SettingGroup(
            "What one listener, one client or one request may take.",
            [
                .setting("clients", \.clients, .integer(1...1_000_000), "Connections of clients; more are refused."),
                .setting(
                    "head", \.head, .byteCount(in: .kibibytes(1)...(.mebibytes(1))),
                    "The line and the headers of a request, more is refused with 431, or of a response, 502."),
                .setting(
                    "line", \.line, .byteCount(in: .kibibytes(1)...(.mebibytes(1))),
                    "The line of a request, or one header; more is refused with 414 or 431, of a response with 502."),
                .setting(
                    "fields", \.fields, .integer(1...10_000),
                    "Headers; more are refused with 431, of a response with 502."),
                .setting(
                    "body", \.body, .byteCount(in: ByteCount(bytes: 0)...(.mebibytes(1 << 30))),
                    "A request's body; more is refused with 413. 0 is no limit."),
            ])
    }
}

extension HTTPProxyTimeouts {
    static var settings: SettingGroup<HTTPProxyTimeouts> {
        let range = Duration.milliseconds(1)...HTTPProxyConfiguration.durationMax
        return SettingGroup(
            "How long is waited for whom.",
            [
                .setting(
                    "head", \.head, .duration(in: range), "For a request's whole head, from its first byte on: 408."),
                .setting(
                    "body", \.body, .duration(in: range),
                    "For the next bytes of a request's body, 408, and for a client to take some of its response."),
                .setting("idle", \.idle, .duration(in: range), "For a client's next request."),
                .setting(
                    "response", \.response, .duration(in: .zero...HTTPProxyConfiguration.durationMax),
                    "For a server's response to begin, 504, or to go on: the connection is reset. 0 is for ever."),
                .setting(
                    "tunnel", \.tunnel, .duration(in: range),
                    "For either side of a WebSocket, another upgraded connection or a tunnel to say something."),
            ])
    }
}
