// SPDX-License-Identifier: Apache-2.0

import Core
import Proxying
import Testing

@testable import Ambassador

/// A document without a reader of YAML, which this room doesn't have: each line is `directive: value`, a list's items
/// are separated by commas.
private func read(
    _ pools: KeyValuePairs<String, String>, compatibility: RedisCompatibility = .none
) throws(Problems) -> NutcrackerFile {
    var line = 0
    func place() -> Core.SourceLocation {
        line += 1
        return .file("n.yml", line: line, column: 1)
    }
    let entries = pools.map { name, text in
        let key = place()
        let directives = text.split(separator: "\n").map { row in
            let parts = row.split(separator: ":", maxSplits: 1).map(String.init)
            let (place, value) = (place(), parts[1].dropFirst())
            let content: DocumentNode.Content =
                parts[0] == "servers"
                ? .sequence(
                    value.split(separator: ",").map {
                        DocumentNode(.scalar(String($0), isQuoted: false), at: place)
                    }) : .scalar(String(value), isQuoted: false)
            return DocumentNode.Entry(
                key: parts[0], keyLocation: place, value: DocumentNode(content, at: place))
        }
        return DocumentNode.Entry(key: name, keyLocation: key, value: DocumentNode(.mapping(directives), at: key))
    }
    let document = DocumentNode(.mapping(entries), at: .file("n.yml", line: 1, column: 1))
    return try NutcrackerFile(document, file: "n.yml", compatibility: compatibility)
}

private func file(
    _ pools: KeyValuePairs<String, String>, compatibility: RedisCompatibility = .none
) throws(Problems) -> AmbassadorConfiguration {
    try read(pools, compatibility: compatibility).configuration
}

private func problems(_ pools: KeyValuePairs<String, String>) -> [String] {
    do throws(Problems) {
        _ = try file(pools)
        return []
    } catch {
        return error.all.map(\.description)
    }
}

struct NutcrackerFileTests {
    @Test func `a pool without directives has twemproxy's defaults`() throws {
        let configuration = try file(["alpha": "listen: 127.0.0.1:22121\nservers: 127.0.0.1:11211:1"])
        #expect(configuration.redis.isEmpty)
        let pool = try #require(configuration.memcached["alpha"]).pool
        #expect(pool.listen == .network(ListenAddress(host: "127.0.0.1", port: 22121)))
        #expect(pool.hash == .fnv1a_64)
        #expect(pool.ring == .ketama)
        #expect(pool.hashTag == nil)
        #expect(pool.timeout == .zero)
        #expect(pool.backlog == 512)
        #expect(!pool.preconnect)
        #expect(!pool.keepalive)
        #expect(!pool.sharesPort)
        #expect(pool.ejection == EjectionConfiguration())
        #expect(pool.servers == ["127.0.0.1": ServerConfiguration(address: .network(host: "127.0.0.1", port: 11211))])
    }

    private let everyDirective = """
        listen: /run/alpha.sock 0660
        hash: murmur
        hash_tag: {}
        distribution: modula
        timeout: 400
        backlog: 1024
        client_connections: 7
        redis: true
        tcpkeepalive: true
        reuseport: true
        redis_auth: secret
        redis_db: 3
        preconnect: true
        auto_eject_hosts: true
        server_connections: 2
        server_retry_timeout: 2000
        server_failure_limit: 3
        servers: 10.0.0.1:6379:2 server1,/run/redis.sock:1
        """

    @Test func `every directive is taken`() throws {
        let configuration = try file(["alpha": everyDirective], compatibility: .twemproxy)
        let redis = try #require(configuration.redis["alpha"])
        #expect(redis.pool.listen == .unix(path: "/run/alpha.sock", permissions: 0o660))
        #expect(redis.pool.hash == .murmur)
        #expect(redis.pool.hashTag == HashTag("{}"))
        #expect(redis.pool.ring == .modula)
        #expect(redis.pool.timeout == .milliseconds(400))
        #expect(redis.pool.connectTimeout == .milliseconds(400))
        #expect(redis.pool.backlog == 1024)
        #expect(redis.pool.keepalive && redis.pool.sharesPort && redis.pool.preconnect)
        #expect(redis.pool.ejection.enabled)
        #expect(redis.pool.ejection.failures == 3)
        #expect(redis.pool.ejection.pause == .seconds(2))
        #expect(redis.login.password == "secret")
        #expect(redis.clientLogin.password == "secret")
        #expect(redis.database == 3)
        #expect(redis.compatibility == .twemproxy)
        #expect(
            redis.pool.servers == [
                "server1": ServerConfiguration(address: .network(host: "10.0.0.1", port: 6379), weight: 2),
                "/run/redis.sock:": ServerConfiguration(address: .unix(path: "/run/redis.sock")),
            ])
    }

    @Test func `what has no effect is named, if it was asked for`() throws {
        let withoutEffect = ["alpha.client_connections", "alpha.server_connections"]
        #expect(try read(["alpha": everyDirective]).withoutEffect == withoutEffect)
        let plain = "listen: a:1\nserver_connections: 1\nclient_connections: 0\nservers: a:1:1"
        #expect(try read(["alpha": plain]).withoutEffect == [])
    }

    @Test func `pools and servers have twemproxy's order: shorter names first`() throws {
        let servers = "servers: a:1:1 longer,a:2:1 b,a:3:1 a"
        let configuration = try file([
            "beta1": "redis: true\nlisten: a:1\n" + servers, "beta": "redis: true\nlisten: a:2\n" + servers,
            "alphabet": "redis: true\nlisten: a:3\n" + servers,
        ])
        #expect(configuration.redis.names == ["beta", "beta1", "alphabet"])
        #expect(configuration.redis["beta"]?.pool.servers.names == ["a", "b", "longer"])
    }

    @Test(
        "a server without a name has twemproxy's",
        arguments: [
            ("redis:6379:1", "redis:6379", ServerAddress.network(host: "redis", port: 6379)),
            ("cache:11211:1", "cache", .network(host: "cache", port: 11211)),
            ("::1:6379:1", "::1:6379", .network(host: "::1", port: 6379)),
            ("/a.sock:1", "/a.sock:", .unix(path: "/a.sock")),
        ])
    func name(text: String, name: String, address: ServerAddress) throws {
        let server = try #require(NutcrackerServer(text: text))
        #expect(server.name == name)
        #expect(server.address == address)
    }

    @Test(
        "a wrong server is refused",
        arguments: [
            "", "a", "a:1", "a:1:0", "a:1:-1", "a:0:1", "a:65536:1", "a:1:1  b", "a:1:1 ", "a:x:1", "/a", "a:1:x b",
        ])
    func wrongServer(text: String) { #expect(NutcrackerServer(text: text) == nil) }

    @Test(
        "a wrong directive is said with its place",
        arguments: [
            (
                "listen: 22121",
                "alpha.listen: found \"22121\", expected \"hostname:port\" or \"socket_path permission\""
            ),
            ("listen: a:0", "alpha.listen: found \"a:0\", expected \"hostname:port\" or \"socket_path permission\""),
            ("hash_tag: {", "alpha.hash_tag: found \"{\", expected a hash tag of two characters"),
            ("distribution: rendezvous", "alpha.distribution: found \"rendezvous\", expected ketama, modula or random"),
            ("timeout: -1", "alpha.timeout: found \"-1\", expected a number"),
            ("timeout: 4294967296", "alpha.timeout: found \"4294967296\", expected a number"),
            ("redis: yes", "alpha.redis: found \"yes\", expected true or false"),
            ("redis: True", "alpha.redis: found \"True\", expected true or false"),
            ("server_connections: 0", "alpha.server_connections: found \"0\", expected a number that is not 0"),
            ("sentinels: a", "alpha.sentinels: found an unknown key, expected "),
            ("tiemout: 1", "alpha.tiemout: found an unknown key, expected alpha.timeout, perhaps"),
            ("hash: xxh3", "alpha.hash: found \"xxh3\", expected one_at_a_time, md5, "),
        ])
    func wrongDirective(row: String, expected: String) throws {
        let listen = row.hasPrefix("listen") ? "" : "listen: a:1\n"
        let found = problems(["alpha": listen + "servers: a:2:1\n" + row])
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("n.yml:\(listen.isEmpty ? 3 : 4): " + expected) == true)
    }

    @Test func `what is wrong between directives is said`() {
        #expect(
            problems(["alpha": "servers: a:2:1"]) == [
                "n.yml:1: alpha.listen: found nothing, expected the directive \"listen:\""
            ])
        #expect(
            problems(["alpha": "listen: a:1\nhash_tag: \nservers: a:2:1"]) == [
                "n.yml:3: found nothing, expected a value"
            ])
        #expect(
            problems(["alpha": "listen: a:1"]) == [
                "n.yml:1: alpha.servers: found nothing, expected at least one server"
            ])
        #expect(
            problems(["alpha": "listen: a:1\nservers: a:2:1,a:2:2"]) == [
                "n.yml:3: alpha.servers: found the name \"a:2\" a second time, expected another"
            ])
        #expect(
            problems(["alpha": "listen: a:1\nservers: a:2:1\nredis_auth: x"]) == [
                "n.yml:4: alpha.redis_auth: found a password, expected none: it is only valid for a redis pool"
            ])
        #expect(
            problems(["alpha": "listen: a:1\nservers: a:2:1", "beta": "listen: a:1\nservers: a:2:1"]) == [
                "n.yml:5: beta.listen: found a:1, which is that of alpha; expected another address"
            ])
        #expect(problems([:]) == ["n.yml:1: found nothing, expected a pool"])
        #expect(throws: Problems.self) { try NutcrackerFile(nil, file: "n.yml", compatibility: .none) }
    }
}
