// SPDX-License-Identifier: Apache-2.0

internal import Core
internal import Proxying
package import Settings

/// The longest of a pool's durations.
private let durationMax = Duration.seconds(86_400)

extension PoolConfiguration {
    /// `limits`: those that mean something in the pool's protocol.
    static func settings(limits: SettingGroup<PoolLimits>) -> SettingGroup<PoolConfiguration> {
        SettingGroup("Servers behind one address.", members(limits))
    }

    private static func members(_ limits: SettingGroup<PoolLimits>) -> [SettingMember<PoolConfiguration>] {
        [
            .setting("listen", \.listen, .poolAddress, "What clients connect to.", .listened),
            .setting("ring", \.ring, .choice, "How the hash of a key chooses its server."),
            .setting("hash", \.hash, .choice, "How keys are hashed; all but `xxh3` are twemproxy's."),
            .setting(
                "hash-tag", optional: \.hashTag, .hashTag,
                "Only what stands between these two characters is hashed, where a key has them: `{}`."),
            .table(
                "servers", \.servers, named: "SERVER",
                "The servers by name. The name is what places keys, so that an address can change.",
                ServerConfiguration.settings, fresh: ServerConfiguration(), shorthand: .server,
                isListed: true, changes: .live),
            .setting(
                "timeout", \.timeout, .duration(in: .zero...durationMax),
                "How long a server may take to answer; 0 is for ever.", changes: .live),
            .setting(
                "connect-timeout", \.connectTimeout, .duration(in: .milliseconds(1)...durationMax),
                "How long a connection to a server may take to open.", changes: .live),
            .setting(
                "preconnect", \.preconnect, .boolean,
                "Connects to the servers at the start, not with the first command."),
            .setting("keepalive", \.keepalive, .boolean, "Has the kernel watch idle connections to servers."),
            .setting(
                "resolve-interval", \.resolveInterval, .duration(in: .zero...durationMax),
                "How often servers' names are looked up again; 0 is only when a connection fails.", changes: .live),
            .group("tls", \.tls, TLSClientConfiguration.settings),
            .group("client-tls", \.clientTLS, TLSServerConfiguration.settings),
            .group("ejection", \.ejection, EjectionConfiguration.settings),
            .group("limits", \.limits, limits),
            .setting("backlog", \.backlog, .integer(1...65_535), "Connections that wait to be accepted."),
            .setting(
                "share-port", \.sharesPort, .boolean, "Lets several processes listen on the same port (SO_REUSEPORT)."),
        ]
    }
}

extension ServerConfiguration {
    package static var settings: SettingGroup<ServerConfiguration> {
        SettingGroup(
            "One server.",
            [
                .setting(
                    "address", \.address, .serverAddress, "Where it listens.", changes: .live, hasDefault: false),
                .setting(
                    "weight", \.weight, .integer(RingServer.weights), "How many shares of the keys it has.",
                    changes: .live),
                .setting(
                    "replica-of", optional: \.replicaOf, .text,
                    "The server whose keys it has a copy of, for reads; it has none of its own.", changes: .live),
            ])
    }
}

extension EjectionConfiguration {
    static var settings: SettingGroup<EjectionConfiguration> {
        SettingGroup(
            "Whether a server that fails loses its keys to the others for a while.",
            [
                .setting("enabled", \.enabled, .boolean, "Ejects servers that fail.", changes: .live),
                .setting(
                    "failures", \.failures, .integer(1...1_000_000), "Failures in a row before a server is ejected.",
                    changes: .live),
                .setting(
                    "pause", \.pause, .duration(in: .milliseconds(1)...durationMax),
                    "How long it is left alone before it is tried again.", changes: .live),
            ])
    }
}

extension PoolLimits {
    private static let summary = "What one client, one command or one server may take."

    static var settings: SettingGroup<PoolLimits> { SettingGroup(summary, members) }

    /// Those of pools whose clients may have connections of their own too.
    static var settingsWithOwn: SettingGroup<PoolLimits> { SettingGroup(summary, members + ownMembers) }

    private static var ownMembers: [SettingMember<PoolLimits>] {
        [
            .setting(
                "shared", \.shared, .byteCount(in: .kibibytes(1)...(.mebibytes(1 << 10))),
                "A client that moves larger values gets connections of its own to the servers.", changes: .live),
            .setting(
                "own", \.own, .integer(0...1_000_000),
                "Connections to servers that single clients have for themselves; more are refused.", changes: .live),
        ]
    }

    private static var members: [SettingMember<PoolLimits>] {
        [
            .setting(
                "clients", \.clients, .integer(1...1_000_000), "Connections of clients; more are refused.",
                changes: .live),
            .setting(
                "pipeline", \.pipeline, .integer(1...10_000_000),
                "Unanswered commands of one client; more aren't read until some are answered.", changes: .live),
            .setting(
                "output", \.output, .byteCount(in: .kibibytes(64)...(.mebibytes(64 << 10))),
                "Replies that one client hasn't read; beyond them it is closed.", changes: .live),
            .setting(
                "command", \.command, .byteCount(in: .kibibytes(1)...(.mebibytes(64 << 10))),
                "One command with all its values.", changes: .live),
            .setting(
                "queue", \.queue, .integer(1...10_000_000),
                "Unanswered commands on one connection to a server; more are refused.", changes: .live),
            .setting(
                "slow", \.slow, .duration(in: .zero...(.seconds(3600))),
                "Commands that take longer are shown by `outrigger shards slow`; 0 is none.", changes: .live),
            .setting(
                "idle", \.idle, .duration(in: .zero...(.seconds(86_400 * 365))),
                "How long a client that waits for nothing may say nothing before it is closed; 0 is for ever.",
                changes: .live),
        ]
    }
}
