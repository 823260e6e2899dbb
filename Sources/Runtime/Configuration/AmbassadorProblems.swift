// SPDX-License-Identifier: Apache-2.0

internal import Ambassador
internal import Core
internal import Proxying
internal import Settings

/// What is wrong between the settings of the ambassador: each for itself is right.
struct AmbassadorProblems {
    let loaded: Loaded<Configuration>
    /// The keys that a problem has been said of.
    private let refused: [String]
    /// The addresses that are listened on, and the keys under which they are given.
    private var listeners: [PoolAddress: String] = [:]
    var all: [Problem] = []

    init(_ loaded: Loaded<Configuration>, besides problems: [Problem]) {
        self.loaded = loaded
        refused = problems.map(\.key)
        let ambassador = loaded.configuration.ambassador
        for (name, redis) in ambassador.redis { check(redis, under: "ambassador.redis.\(name)") }
        for (name, memcached) in ambassador.memcached { check(memcached, under: "ambassador.memcached.\(name)") }
        checkHTTPS()
        for (name, proxy) in ambassador.http { check(proxy, under: "ambassador.http.\(name)") }
        checkTLS()
    }

    private mutating func check(_ redis: RedisPoolConfiguration, under key: String) {
        check(redis.pool, under: key)
        check(redis.login, under: "\(key).login")
        check(redis.clientLogin, under: "\(key).client-login")
        for (fault, value) in redis.faults {
            guard let unknown = value.unknownCommands.first else { continue }
            let found = "found \(Problem.quote(unknown)), expected a command of Redis, such as GET"
            add("\(key).faults.\(fault)", "commands", found)
        }
    }

    private mutating func check(_ memcached: MemcachedPoolConfiguration, under key: String) {
        check(memcached.pool, under: key)
        for (server, value) in memcached.pool.servers where value.replicaOf != nil {
            let found = "found a replica, expected none: memcached copies nothing"
            add("\(key).servers.\(server)", "replica-of", found)
        }
    }

    /// Notes where a part of what is under `key` has something listen.
    mutating func checkListener(_ listen: PoolAddress, under key: String, _ part: String = "listen") {
        guard let other = listeners.updateValue("\(key).\(part)", forKey: listen), !listen.isAnyPort else { return }
        add(key, part, "found \(listen), which is \(other), too; expected another address")
    }

    private mutating func check(_ pool: PoolConfiguration, under key: String) {
        checkListener(pool.listen, under: key)
        guard !pool.servers.isEmpty else { return add(key, "servers", "found nothing, expected at least one server") }
        for (name, server) in pool.servers {
            let server = (key: "\(key).servers.\(name)", replicaOf: server.replicaOf)
            if loaded.origins[server.key] == nil, loaded.origins[server.key + ".address"] == nil {
                add(server.key, "address", "found nothing, expected HOST:PORT, such as redis-0.redis:6379")
            }
            guard let original = server.replicaOf else { continue }
            let originals = pool.servers.filter { $0.value.replicaOf == nil && $0.name != name }.map(\.name)
            guard !originals.contains(original) else { continue }
            let expected = originals.isEmpty ? "a server that is no replica itself" : originals.alternatives
            add(server.key, "replica-of", "found \(Problem.quote(original)), expected \(expected)")
        }
    }

    /// Reads all certificates, as a start does; one that the start makes is made for this check alone.
    private mutating func checkTLS() {
        var ambassador = loaded.configuration.wholeAmbassador
        // Where none can be made, its absence is what is said.
        _ = try? ambassador.giveCertificates { try DevelopmentCertificate(unkept: "it is only looked at") }
        for (name, value) in ambassador.redis { checkTLS(value.pool, under: "ambassador.redis.\(name)") }
        for (name, value) in ambassador.memcached { checkTLS(value.pool, under: "ambassador.memcached.\(name)") }
        for (name, proxy) in ambassador.http { checkTLS(proxy, under: ambassador.key(ofProxy: name)) }
    }

    private mutating func checkTLS(_ pool: PoolConfiguration, under key: String) {
        do throws(Problems) {
            _ = try PoolTLS(pool, key: key) { [loaded] in Self.location(of: $0, in: loaded) }
        } catch {
            all += error.all
        }
    }

    private mutating func check(_ login: RedisLogin, under key: String) {
        guard login.username != nil, login.password == nil else { return }
        add(key, "password", "found nothing, expected the password of the user")
    }

    /// Adds a problem with a part of what is under `key`, unless something there is wrong already.
    mutating func add(_ key: String, _ part: String, _ message: String) {
        let whole = "\(key).\(part)"
        guard !refused.contains(where: { $0 == key || $0 == whole || $0.hasPrefix(whole + ".") }) else { return }
        all.append(Problem(Self.location(of: whole, in: loaded), key: whole, message))
    }

    /// Where the key, or the nearest entry of a table around it, was given.
    static func location(of key: String, in loaded: Loaded<Configuration>) -> SourceLocation {
        if let origin = loaded.origin(of: key) { return origin }
        let entry = loaded.entries.keys.filter { key.hasPrefix($0 + ".") }.max { $0.count < $1.count }
        return entry.flatMap { loaded.entries[$0] } ?? .builtIn
    }
}

extension PoolAddress {
    fileprivate var isAnyPort: Bool {
        if case .network(let address) = self { address.port == 0 } else { false }
    }
}
