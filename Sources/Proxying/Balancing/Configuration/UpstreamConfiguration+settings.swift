// SPDX-License-Identifier: Apache-2.0

internal import Core
package import Settings

/// The longest of an upstream's durations.
private let durationMax = Duration.seconds(86_400)
/// The most that a limit can be set to.
private let limitMax = 1_000_000

extension UpstreamConfiguration {
    package static var settings: SettingGroup<UpstreamConfiguration> {
        SettingGroup("Servers that can stand in for each other.", serverMembers + connectionMembers + careMembers).live
    }

    private static var serverMembers: [SettingMember<UpstreamConfiguration>] {
        [
            .table(
                "servers", \.servers, named: "SERVER", "The servers by name.", UpstreamServerConfiguration.settings,
                fresh: UpstreamServerConfiguration(), shorthand: .upstreamServer, isListed: true),
            .setting("balance", \.balance, .choice, "How a server is chosen for each request."),
            .group("hash", \.hash, BalanceKeyConfiguration.settings),
            .setting(
                "resolve-interval", \.resolveInterval, .duration(in: .zero...durationMax),
                "How often servers' names are looked up again; 0 is only at the start."),
            .setting(
                "addresses", \.addresses, .choice,
                "Which of a name's addresses are used; each is a server of its own."),
        ]
    }

    private static var connectionMembers: [SettingMember<UpstreamConfiguration>] {
        [
            .group("tls", \.tls, TLSClientConfiguration.settings),
            .setting(
                "proxy-protocol", optional: \.proxyProtocol, .choice,
                "Tells servers on each connection who the client is, by the PROXY protocol. Connections are then used "
                    + "for one client only."),
            .setting("host", \.host, .choice, "Whose `Host` a server sees: the client's, or the server's address."),
            .setting(
                "connect-timeout", \.connectTimeout, .duration(in: .milliseconds(1)...durationMax),
                "How long a connection to a server may take to open."),
            .group("keepalive", \.keepalive, UpstreamKeepalive.settings),
        ]
    }

    private static var careMembers: [SettingMember<UpstreamConfiguration>] {
        [
            .group("health", \.health, HealthCheckConfiguration.settings),
            .group("ejection", \.ejection, OutlierConfiguration.settings),
            .setting(
                "slow-start", \.slowStart, .duration(in: .zero...durationMax),
                "How long a server that is new or has come back takes to its whole share; 0 is not at all."),
            .setting(
                "panic-below", \.panicBelow, .integer(0...100),
                "With fewer servers that are well, in percent, all are used, so that the few aren't overwhelmed; 0 is "
                    + "only when none is."),
            .group("limits", \.limits, UpstreamLimits.settings),
            .group("retry-budget", \.retryBudget, RetryBudgetConfiguration.settings),
        ]
    }
}

extension UpstreamServerConfiguration {
    static var settings: SettingGroup<UpstreamServerConfiguration> {
        SettingGroup(
            "One server.",
            [
                .setting("address", \.address, .serverAddress, "Where it listens.", hasDefault: false),
                .setting(
                    "weight", \.weight, .integer(weights),
                    "How many times the requests of a server of weight 1 it gets."),
            ])
    }
}

extension BalanceKeyConfiguration {
    static var settings: SettingGroup<BalanceKeyConfiguration> {
        SettingGroup(
            "What of a request is hashed, for `ring-hash` and `maglev`: one of these, or the client's address.",
            [
                .setting("header", optional: \.header, .fieldName, "The value of this header."),
                .setting("cookie", optional: \.cookie, .fieldName, "The value of this cookie."),
                .setting("query", optional: \.query, .text, "The value of this parameter of the query."),
                .setting("path", \.path, .boolean, "The path, without its query."),
                .setting(
                    "address", \.address, .boolean,
                    "The client's address; behind trusted-proxies the one that X-Forwarded-For says."),
            ])
    }
}

extension UpstreamKeepalive {
    static var settings: SettingGroup<UpstreamKeepalive> {
        SettingGroup(
            "How connections to servers are used again.",
            [
                .setting(
                    "idle", \.idle, .duration(in: .zero...durationMax),
                    "How long an idle connection is kept: shorter than the servers keep theirs. 0 is not at all."),
                .setting(
                    "connections", \.connections, .integer(0...limitMax),
                    "Idle connections that are kept for each server, for each event loop."),
                .setting(
                    "requests", \.requests, .integer(0...1_000_000_000),
                    "Requests after which a connection is closed; 0 is no limit."),
            ])
    }
}

extension HealthCheckConfiguration {
    static var settings: SettingGroup<HealthCheckConfiguration> {
        SettingGroup(
            "Asks servers whether they are well; off without `path` or `connect`.",
            [
                .setting("path", optional: \.path, .requestPath, "What is asked for with GET."),
                .setting("connect", \.connect, .boolean, "Without a path: checks that a connection opens."),
                .setting(
                    "interval", \.interval, .duration(in: .milliseconds(10)...durationMax),
                    "How long after one check the next begins, give or take a tenth."),
                .setting(
                    "timeout", \.timeout, .duration(in: .milliseconds(1)...durationMax),
                    "How long a server may take to answer."),
                .setting(
                    "healthy", \.healthy, .integer(1...1000), "Answers in a row that bring a server back."),
                .setting(
                    "unhealthy", \.unhealthy, .integer(1...1000), "Failures in a row that take a server out."),
                .setting(
                    "status", optional: \.status, .integer(100...599),
                    "The status of a server that is well; without one, any from 200 to 399."),
                .setting("host", optional: \.host, .text, "The request's `Host`; without one, the server's address."),
            ])
    }
}

extension OutlierConfiguration {
    static var settings: SettingGroup<OutlierConfiguration> {
        SettingGroup(
            "Whether a server that fails clients' requests is left alone for a while. Each event loop judges for "
                + "itself.",
            [
                .setting("enabled", \.enabled, .boolean, "Ejects servers that fail."),
                .setting(
                    "consecutive-5xx", \.consecutive5xx, .integer(0...limitMax),
                    "Failed requests in a row, by a status from 500 or without an answer; 0 is no limit."),
                .setting(
                    "consecutive-connect-failures", \.consecutiveConnectFailures, .integer(0...limitMax),
                    "Connections in a row that couldn't be made; 0 is no limit."),
                .setting(
                    "pause", \.pause, .duration(in: .milliseconds(1)...durationMax),
                    "How long it is left alone the first time; the n-th time n times as long."),
                .setting(
                    "pause-max", \.pauseMax, .duration(in: .milliseconds(1)...durationMax), "The longest pause."),
                .setting(
                    "interval", \.interval, .duration(in: .milliseconds(1)...durationMax),
                    "How long it must do well for its next pause to be one step shorter."),
                .setting(
                    "share-max", \.shareMax, .integer(0...100),
                    "The most servers that are left alone at once, in percent; one of several always may."),
            ])
    }
}

extension UpstreamLimits {
    static var settings: SettingGroup<UpstreamLimits> {
        SettingGroup(
            "What the servers may have to do at once, for each event loop; more is refused with 503.",
            [
                .setting("connections", \.connections, .integer(1...limitMax), "Connections to each server."),
                .setting(
                    "pending", \.pending, .integer(0...limitMax), "Requests that wait for a connection to one server."),
                .setting("requests", \.requests, .integer(1...limitMax), "Requests in flight, with those that wait."),
                .setting("retries", \.retries, .integer(0...limitMax), "Second and later tries in flight."),
            ])
    }
}

extension RetryBudgetConfiguration {
    static var settings: SettingGroup<RetryBudgetConfiguration> {
        SettingGroup(
            "How much load second and later tries may add.",
            [
                .setting(
                    "share", \.share, .integer(0...100), "In percent of the requests of the last 10 seconds."),
                .setting(
                    "minimum", \.minimum, .integer(0...limitMax),
                    "Tries in a second that are allowed however few requests there are."),
            ])
    }
}
