// SPDX-License-Identifier: Apache-2.0

package import Settings

extension AmbassadorConfiguration {
    /// More loops than this are no sidecar any more.
    package static let loopsMax = 64

    package static var settings: SettingGroup<AmbassadorConfiguration> {
        SettingGroup(
            "What represents the outside world to the app.",
            [
                .setting(
                    "loops", \.loops, .integer(1...loopsMax),
                    "The event loops of the data plane. Each has its own connections to every server."),
                .table(
                    "redis", \.redis, named: "NAME", "Pools of Redis servers, each behind one address.",
                    RedisPoolConfiguration.settings, fresh: RedisPoolConfiguration()),
                .table(
                    "memcached", \.memcached, named: "NAME", "Pools of memcached servers, each behind one address.",
                    MemcachedPoolConfiguration.settings, fresh: MemcachedPoolConfiguration()),
                .table(
                    "http", \.http, named: "NAME",
                    "HTTP servers, each behind one address, and who gets which requests.",
                    HTTPProxyConfiguration.settings, fresh: HTTPProxyConfiguration()),
            ])
    }
}

extension RedisPoolConfiguration {
    package static var settings: SettingGroup<RedisPoolConfiguration> {
        SettingGroup(
            "Keys of Redis, spread over servers.",
            PoolConfiguration.settings(limits: PoolLimits.settingsWithOwn).members(at: \.pool) + [
                .setting(
                    "database", \.database, .integer(0...65_535),
                    "The database that is selected on each connection to a server."),
                .group("login", \.login, RedisLogin.settings("What the servers are told.")),
                .group(
                    "client-login", \.clientLogin,
                    RedisLogin.settings("What clients must say; without a password, nothing.")),
                .setting(
                    "compatibility", \.compatibility, .choice,
                    "Whose behaviour clients see: with `twemproxy`, a refused command closes the connection."),
                .table(
                    "faults", \.faults, named: "FAULT", "What goes wrong on purpose, for tests.",
                    RedisFaultConfiguration.settings, fresh: RedisFaultConfiguration()),
            ])
    }
}

extension RedisLogin {
    static func settings(_ summary: String) -> SettingGroup<RedisLogin> {
        SettingGroup(
            summary,
            [
                .setting("username", optional: \.username, .text, "A user of the access control list."),
                .setting("password", optional: \.password, .text, "The user's password.", .secret),
            ])
    }
}

extension MemcachedPoolConfiguration {
    package static var settings: SettingGroup<MemcachedPoolConfiguration> {
        SettingGroup(
            "Keys of memcached, spread over servers.",
            PoolConfiguration.settings(limits: PoolLimits.settings).members(at: \.pool))
    }
}
