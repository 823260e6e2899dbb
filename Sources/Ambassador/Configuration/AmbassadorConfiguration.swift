// SPDX-License-Identifier: Apache-2.0

package import Core

/// What the ambassador represents to the app, and with how many event loops.
package struct AmbassadorConfiguration: Sendable, Equatable {
    /// The event loops of the data plane; each has its own connections to every server.
    package var loops = 1
    package var redis: NamedTable<RedisPoolConfiguration> = [:]
    package var memcached: NamedTable<MemcachedPoolConfiguration> = [:]
    package var http: NamedTable<HTTPProxyConfiguration> = [:]

    package init() {}

    package var isEmpty: Bool { redis.isEmpty && memcached.isEmpty && http.isEmpty }
}

/// One address behind which many Redis servers stand.
package struct RedisPoolConfiguration: Sendable, Equatable {
    package var pool = PoolConfiguration(listen: ListenAddress(host: "127.0.0.1", port: 6379))
    /// The database that is selected on each connection to a server.
    package var database = 0
    /// What the ambassador says to the servers.
    package var login = RedisLogin()
    /// What clients must say to the ambassador; nothing if there is no password.
    package var clientLogin = RedisLogin()
    /// What twemproxy's users may rely on.
    package var compatibility = RedisCompatibility.none
    /// What goes wrong on purpose.
    package var faults: NamedTable<RedisFaultConfiguration> = [:]

    package init() {}
}

/// A password, and the user of Redis' access control list whose it is.
package struct RedisLogin: Sendable, Equatable {
    /// Nil: the user `default`.
    package var username: String? = nil
    package var password: String? = nil

    package init() {}
}

/// Whose behaviour clients see where the better one differs from an older proxy's.
package enum RedisCompatibility: String, Sendable, CaseIterable {
    case none
    /// A refused command isn't answered, and closes the connection.
    case twemproxy
}

/// One address behind which many memcached servers stand.
package struct MemcachedPoolConfiguration: Sendable, Equatable {
    package var pool = PoolConfiguration(listen: ListenAddress(host: "127.0.0.1", port: 11211))

    package init() {}
}
