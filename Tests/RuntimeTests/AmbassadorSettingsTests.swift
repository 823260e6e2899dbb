// SPDX-License-Identifier: Apache-2.0

import Ambassador
import Core
import Proxying
import Runtime
import Settings
import Testing

struct AmbassadorSettingsTests {
    private func configuration(_ yaml: String, environment: [String: String] = [:]) throws -> AmbassadorConfiguration {
        let folder = try ConfigurationFolder(["o.yaml": "api: {enabled: false}\n" + yaml])
        return try folder.invocation("-c", "@/o.yaml", environment: environment).loaded.configuration.ambassador
    }

    private func problems(_ yaml: String) throws -> [String] {
        let folder = try ConfigurationFolder(["o.yaml": yaml + "\napi: {enabled: false}"])
        let problems = folder.problems("-c", "@/o.yaml")
        #expect(problems.exitStatus == (problems.lines.isEmpty ? 0 : ExitStatus.configuration))
        return problems.lines
    }

    @Test func `a file names pools and their servers`() throws {
        let ambassador = try configuration(
            """
            ambassador:
              redis:
                cache:                       # a name of the user's choosing
                  listen: 127.0.0.1:6379
                  ring: ketama
                  hash: xxh3
                  hash-tag: "{}"
                  servers:
                    redis-0: redis-0.redis:6379
                    redis-1: redis-1.redis:6379 weight=2
                  limits: {clients: 5}
              memcached:
                sessions: {listen: 127.0.0.1:11211, servers: {a: 10.0.0.5:11211}}
            """)
        var cache = RedisPoolConfiguration()
        cache.pool.hashTag = HashTag(open: UInt8(ascii: "{"), close: UInt8(ascii: "}"))
        cache.pool.servers = [
            "redis-0": ServerConfiguration(address: .network(host: "redis-0.redis", port: 6379)),
            "redis-1": ServerConfiguration(address: .network(host: "redis-1.redis", port: 6379), weight: 2),
        ]
        cache.pool.limits.clients = 5
        var sessions = MemcachedPoolConfiguration()
        sessions.pool.servers = ["a": ServerConfiguration(address: .network(host: "10.0.0.5", port: 11211))]
        #expect(ambassador.redis == ["cache": cache])
        #expect(ambassador.memcached == ["sessions": sessions])
    }

    @Test func `a variable overrides a pool's setting`() throws {
        let yaml = "ambassador: {redis: {cache: {servers: {a: 'a:1'}}}}"
        let environment = [
            "OUTRIGGER_AMBASSADOR_REDIS_CACHE_LISTEN": "0.0.0.0:1",
            "OUTRIGGER_AMBASSADOR_REDIS_CACHE_SERVERS_A": "b:2 weight=3",
            "OUTRIGGER_AMBASSADOR_REDIS_CACHE_LOGIN_PASSWORD": "p",
        ]
        let cache = try #require(try configuration(yaml, environment: environment).redis["cache"])
        #expect(cache.pool.listen == .network(ListenAddress(host: "0.0.0.0", port: 1)))
        #expect(cache.pool.servers["a"] == ServerConfiguration(address: .network(host: "b", port: 2), weight: 3))
        #expect(cache.login.password == "p")
    }

    @Test(
        "what is wrong between settings is said with its place",
        arguments: [
            ("{a: }", "redis.a.servers: found nothing, expected at least one server"),
            (
                "{a: {servers: {s: {weight: 2}}}}",
                "redis.a.servers.s.address: found nothing, expected HOST:PORT, such as redis-0.redis:6379"
            ),
            (
                "{a: {servers: {s: 'h:1'}}, b: {servers: {s: 'h:1'}}}",
                "redis.b.listen: found 127.0.0.1:6379, which is ambassador.redis.a.listen, too; expected another "
                    + "address"
            ),
            (
                "{a: {servers: {s: 'h:1', r: 'h:2 replica-of=x'}}}",
                "redis.a.servers.r.replica-of: found \"x\", expected s"
            ),
            (
                "{a: {servers: {r: 'h:2 replica-of=r'}}}",
                "redis.a.servers.r.replica-of: found \"r\", expected a server that is no replica itself"
            ),
            (
                "{a: {servers: {s: 'h:1'}, login: {username: u}}}",
                "redis.a.login.password: found nothing, expected the password of the user"
            ),
            (
                "{a: {servers: {s: 'h:1'}, faults: {f: {commands: [GET, GETT]}}}}",
                "redis.a.faults.f.commands: found \"GETT\", expected a command of Redis, such as GET"
            ),
            (
                "{a: {servers: {s: 'h 1'}}}",
                "redis.a.servers.s: found \"h 1\", expected HOST:PORT [weight=N] [replica-of=SERVER], such as "
                    + "redis-0.redis:6379 weight=2"
            ),
            (
                "{a: {sarvers: {s: 'h:1'}, servers: {t: 'h:1'}}}",
                "redis.a.sarvers: found an unknown key, expected ambassador.redis.a.servers, perhaps"
            ),
            (
                "{a: {hash: md6, servers: {t: 'h:1'}}}",
                "redis.a.hash: found \"md6\", expected \(KeyHash.allCases.map(\.rawValue).alternatives)"
            ),
        ])
    func problem(redis: String, expected: String) throws {
        #expect(try problems("ambassador: {redis: \(redis)}") == ["@/o.yaml:1: ambassador.\(expected)"])
    }

    @Test func `files of TLS are read when the configuration is checked`() throws {
        let found = try problems(
            "ambassador: {redis: {a: {servers: {s: 'h:1'}, tls: {enabled: true, ca: none.pem}, client-tls: {key: k}}}}")
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("@/o.yaml:1: ambassador.redis.a.tls.ca: found ") == true)
        let off = try problems("ambassador: {redis: {a: {servers: {s: 'h:1'}, tls: {server-name: x}}}}")
        #expect(off.first?.hasPrefix("@/o.yaml:1: ambassador.redis.a.tls.enabled: found false") == true)
    }

    @Test func `pools may listen on any free port`() throws {
        let pool = "{listen: '127.0.0.1:0', servers: {s: 'h:1'}}"
        #expect(try problems("ambassador: {redis: {a: \(pool), b: \(pool)}}").isEmpty)
    }

    @Test func `a password is in no problem`() throws {
        #expect(
            try problems("ambassador: {redis: {a: {servers: {s: 'h:1'}, login: {password: [hunter]}}}}") == [
                "@/o.yaml:1: ambassador.redis.a.login.password: found a list, expected text"
            ])
    }
}
