// SPDX-License-Identifier: Apache-2.0

internal import Proxying
package import Settings

extension RouteConfiguration {
    package static var settings: SettingGroup<RouteConfiguration> {
        SettingGroup("Which requests are meant, and what becomes of them.", destination + treatment)
    }

    private static var destination: [SettingMember<RouteConfiguration>] {
        [
            .group("match", \.match, RouteMatchConfiguration.settings),
            .setting(
                "order", \.order, .integer(-1_000_000...1_000_000),
                "Routes with a lower number are tried before more specific ones."),
            .setting("to", optional: \.to, .text, "The upstream that all these requests go to."),
            .table(
                "split", \.split, named: "UPSTREAM",
                "Upstreams, each with its share of the requests: of 90 and 10 the second gets a tenth.",
                of: .integer(weights), fresh: 0),
            .group("sticky", \.sticky, StickyConfiguration.settings),
            .group("override", \.override, OverrideConfiguration.settings),
            .group("redirect", \.redirect, RedirectConfiguration.settings),
            .group("respond", \.respond, DirectAnswerConfiguration.settings),
        ]
    }

    private static var treatment: [SettingMember<RouteConfiguration>] {
        [
            .group("rewrite", \.rewrite, RewriteConfiguration.settings),
            .group("request-headers", \.requestHeaders, FieldEditsConfiguration.settings("What servers get.")),
            .group("response-headers", \.responseHeaders, FieldEditsConfiguration.settings("What clients get.")),
            .setting(
                "timeout", optional: \.timeout, .duration(in: .zero...HTTPProxyConfiguration.durationMax),
                "How long a response may take to begin, with all tries; without it, `timeouts.response`."),
            .group("retry", \.retry, RetryConfiguration.settings),
            .group("mirror", \.mirror, MirrorConfiguration.settings),
            .table(
                "faults", \.faults, named: "FAULT", "What goes wrong on purpose, for tests.",
                FaultConfiguration.settings, fresh: FaultConfiguration()),
        ]
    }
}

extension RouteMatchConfiguration {
    static var settings: SettingGroup<RouteMatchConfiguration> {
        SettingGroup(
            "What a request must be like; all that is said has to be true.",
            [
                .setting(
                    "host", list: \.hosts, orOne: true, .hostPattern,
                    "The host that it asks for: a name, or `*.` and the end of many. Ports don't count."),
                .setting(
                    "path", \.path, .pathPattern,
                    "`/x` is that path and all below it, `=/x` that path alone."),
                .setting("method", list: \.methods, orOne: true, .httpMethod, "Its method."),
                .table(
                    "header", \.header, named: "HEADER", "The values of headers; `*` is any.", of: .fieldValue,
                    fresh: "*"),
                .table(
                    "query", \.query, named: "NAME", "The values of parameters of the query; `*` is any.", of: .text,
                    fresh: "*"),
            ])
    }
}

extension StickyConfiguration {
    static var settings: SettingGroup<StickyConfiguration> {
        SettingGroup(
            "What decides in a split, so that the same user always gets the same side: one of these. A request without "
                + "it goes wherever its turn is.",
            [
                .setting("header", optional: \.header, .fieldName, "The value of this header."),
                .setting("cookie", optional: \.cookie, .fieldName, "The value of this cookie."),
                .setting("query", optional: \.query, .text, "The value of this parameter of the query."),
                .setting(
                    "address", \.address, .boolean,
                    "The client's address; behind trusted-proxies the one that X-Forwarded-For says."),
            ])
    }
}

extension OverrideConfiguration {
    static var settings: SettingGroup<OverrideConfiguration> {
        SettingGroup(
            "Who may choose a side of a split.",
            [
                .setting(
                    "header", optional: \.header, .fieldName,
                    "The header that names the upstream, one of the split's, also if its weight is 0.")
            ])
    }
}

extension RewriteConfiguration {
    static var settings: SettingGroup<RewriteConfiguration> {
        SettingGroup(
            "What servers see instead of what the client asked for.",
            [
                .setting("path", optional: \.path, .urlPath, "Stands for the part of the path that matched."),
                .setting("host", optional: \.host, .authority, "The host."),
            ])
    }
}

extension RedirectConfiguration {
    static var settings: SettingGroup<RedirectConfiguration> {
        SettingGroup(
            "Where a client is sent; what isn't said stays as it was asked for.",
            [
                .setting(
                    "to", optional: \.to, .location,
                    "The whole address, or a path of the same host; instead of the other parts."),
                .setting(
                    "scheme", optional: \.scheme, .choice, "The scheme, with its own port unless `port` is there."),
                .setting("host", optional: \.host, .host, "The host."),
                .setting("port", optional: \.port, .port, "The port."),
                .setting("path", optional: \.path, .urlPath, "Stands for the part of the path that matched."),
                .setting("status", \.status, .redirectStatus, "How it is said."),
            ])
    }
}

extension DirectAnswerConfiguration {
    static var settings: SettingGroup<DirectAnswerConfiguration> {
        SettingGroup(
            "What is answered without asking any server.",
            [
                .setting("status", optional: \.status, .integer(200...599), "The status."),
                .setting("body", \.body, .text, "The body."),
                .setting("content-type", \.contentType, .fieldValue, "What the body is."),
                .table("headers", \.headers, named: "HEADER", "More headers.", of: .fieldValue, fresh: ""),
            ])
    }
}

extension FieldEditsConfiguration {
    static func settings(_ summary: String) -> SettingGroup<FieldEditsConfiguration> {
        SettingGroup(
            summary,
            [
                .table(
                    "set", \.set, named: "HEADER", "Headers that take the place of all that have their name.",
                    of: .fieldValue, fresh: ""),
                .table("add", \.add, named: "HEADER", "More headers.", of: .fieldValue, fresh: ""),
                .setting("remove", list: \.remove, orOne: true, .fieldName, "Headers that are left out."),
            ])
    }
}
