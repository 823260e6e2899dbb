// SPDX-License-Identifier: Apache-2.0

import Core
import Proxying

/// One pool of a `nutcracker.yml`, with the file's own words and defaults.
struct NutcrackerPool: Sendable {
    var listen = PoolAddress.network(ListenAddress(host: "127.0.0.1", port: 0))
    var hash = KeyHash.fnv1a_64
    var hashTag: HashTag?
    var distribution = RingKind.ketama
    /// Milliseconds; nil is for ever.
    var timeout: Int?
    var backlog = 512
    /// It is read and has no effect, there as here.
    var clientConnections = 0
    var isRedis = false
    var keepsAlive = false
    var sharesPort = false
    var password: String?
    var database = 0
    var preconnects = false
    var ejectsHosts = false
    /// It is read and has no effect: commands of all clients share one connection, whose replies come in order.
    var serverConnections = 1
    /// Milliseconds.
    var retryTimeout = 30_000
    var failureLimit = 2
    var servers: [NutcrackerServer] = []

    /// How long a connection may take to open where the file says nothing; twemproxy leaves that to the kernel.
    private static let connectTimeout = Duration.seconds(10)

    /// What was asked for in vain.
    var directivesWithoutEffect: [String] {
        (clientConnections > 0 ? ["client_connections"] : []) + (serverConnections > 1 ? ["server_connections"] : [])
    }

    var redis: RedisPoolConfiguration {
        var redis = RedisPoolConfiguration()
        redis.pool = pool
        redis.database = database
        redis.login.password = password
        redis.clientLogin.password = password
        return redis
    }

    var memcached: MemcachedPoolConfiguration {
        var memcached = MemcachedPoolConfiguration()
        memcached.pool = pool
        return memcached
    }

    private var pool: PoolConfiguration {
        var pool = PoolConfiguration(listen: ListenAddress(host: "127.0.0.1", port: 0))
        pool.listen = listen
        pool.ring = distribution
        pool.hash = hash
        pool.hashTag = hashTag
        for server in servers.sorted(by: { $0.name.isBefore($1.name) }) {
            pool.servers[server.name] = ServerConfiguration(address: server.address, weight: server.weight)
        }
        // Nothing is for ever there, too.
        pool.timeout = timeout.map { .milliseconds($0) } ?? .zero
        pool.connectTimeout = pool.timeout == .zero ? Self.connectTimeout : pool.timeout
        pool.preconnect = preconnects
        pool.keepalive = keepsAlive
        pool.ejection.enabled = ejectsHosts
        pool.ejection.failures = max(1, failureLimit)
        pool.ejection.pause = .milliseconds(max(1, retryTimeout))
        pool.backlog = max(1, backlog)
        pool.sharesPort = sharesPort
        return pool
    }
}

/// One of its servers: `host:port:weight [name]` or `/path:weight [name]`.
struct NutcrackerServer: Sendable {
    /// What is hashed: the name, or what twemproxy makes of the address.
    var name: String
    var address: ServerAddress
    var weight: Int

    /// Reads it from the end, as twemproxy does.
    init?(text: String) {
        var rest = text[...]
        var given: String?
        if let space = rest.lastIndex(of: " ") {
            given = String(rest[rest.index(after: space)...])
            rest = rest[..<space]
        }
        guard let colon = rest.lastIndex(of: ":"), given?.isEmpty != true else { return nil }
        guard let weight = Int(digits: rest[rest.index(after: colon)...]), RingServer.weights.contains(weight),
            let address = ServerAddress(text: Self.bracketed(String(rest[..<colon])))
        else { return nil }
        self.weight = weight
        self.address = address
        name = given ?? RingServer.twemproxyName(ofAddress: String(rest[..<colon]))
    }

    /// IPv6 addresses stand there without brackets: `::1:6379:1`.
    private static func bracketed(_ address: String) -> String {
        guard !address.hasPrefix("/"), !address.hasPrefix("["), let colon = address.lastIndex(of: ":"),
            address[..<colon].contains(":")
        else { return address }
        return "[\(address[..<colon])]\(address[colon...])"
    }
}

extension Int {
    /// Digits alone, as twemproxy reads numbers, up to what a C `int` holds.
    init?(digits: some StringProtocol) {
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let number = Int32(digits)
        else { return nil }
        self.init(number)
    }
}

extension String {
    /// twemproxy's order of names: shorter ones first, then by their bytes.
    func isBefore(_ other: String) -> Bool {
        utf8.count == other.utf8.count
            ? utf8.lexicographicallyPrecedes(other.utf8) : utf8.count < other.utf8.count
    }
}
