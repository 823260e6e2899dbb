// SPDX-License-Identifier: Apache-2.0

package import Core
package import Proxying

/// What pools have in common, whatever their servers speak.
package struct PoolConfiguration: Sendable, Equatable {
    package var listen: PoolAddress
    package var ring = RingKind.ketama
    package var hash = KeyHash.xxh3
    /// Nil: the whole key is hashed.
    package var hashTag: HashTag? = nil
    /// The servers by the names that are hashed, in the order of the file.
    package var servers: NamedTable<ServerConfiguration> = [:]
    /// How long a server may take to answer a command, from the moment in which it was taken; zero is for ever.
    package var timeout = Duration.seconds(5)
    /// How long a connection to a server may take to open.
    package var connectTimeout = Duration.seconds(1)
    /// Whether all servers are connected to at the start, not with the first command.
    package var preconnect = true
    /// Whether the kernel watches idle connections to servers (SO_KEEPALIVE).
    package var keepalive = true
    /// How often the names of servers are looked up again; zero is only when a connection fails.
    package var resolveInterval = Duration.seconds(5)
    /// TLS towards the servers.
    package var tls = TLSClientConfiguration()
    /// TLS of the listener.
    package var clientTLS = TLSServerConfiguration()
    package var ejection = EjectionConfiguration()
    package var limits = PoolLimits()
    /// Connections that wait to be accepted (listen(2)).
    package var backlog = 512
    /// Whether several processes may listen on one port (SO_REUSEPORT).
    package var sharesPort = false

    package init(listen: ListenAddress) { self.listen = .network(listen) }
}

/// One server of a pool.
package struct ServerConfiguration: Sendable, Equatable {
    package var address: ServerAddress
    /// How many times the keys of a server of weight 1 it has.
    package var weight: Int
    /// The server whose keys it holds a copy of, for reads; such a server has no part of the ring.
    package var replicaOf: String?

    /// A server whose address isn't known yet: settings begin with it, and the check asks for the address.
    init() { self.init(address: .network(host: "127.0.0.1", port: 1)) }

    package init(address: ServerAddress, weight: Int = 1, replicaOf: String? = nil) {
        self.address = address
        self.weight = weight
        self.replicaOf = replicaOf
    }
}

/// Whether a failing server loses its keys to the others for a while.
package struct EjectionConfiguration: Sendable, Equatable {
    package var enabled = false
    /// Failures in a row after which it is ejected.
    package var failures = 2
    /// How long it is left alone before it is tried again.
    package var pause = Duration.seconds(30)

    package init() {}
}

/// What one client, one command or one server may take.
package struct PoolLimits: Sendable, Equatable {
    /// Connections of clients; more are told so and closed.
    package var clients = 10_000
    /// Commands of one client that wait for their replies; more aren't read until some have been answered.
    package var pipeline = 10_000
    /// Bytes of replies that one client hasn't read; beyond them it is closed.
    package var output = ByteCount.mebibytes(64)
    /// Bytes of one command with all its values.
    package var command = ByteCount.mebibytes(512)
    /// Bytes of a command or a reply from which the client gets connections of its own to the servers.
    package var shared = ByteCount.kibibytes(256)
    /// Connections to servers that single clients have for themselves (blocking commands, transactions, subscriptions,
    /// large values).
    package var own = 1000
    /// Commands on one connection to a server that wait for their replies; more are refused.
    package var queue = 100_000
    /// Commands that take longer are kept in the slow log; zero is none.
    package var slow = Duration.milliseconds(100)
    /// How long a client may say nothing, and wait for nothing, before it is closed; zero is for ever.
    package var idle = Duration.zero

    package init() {}
}
