// SPDX-License-Identifier: Apache-2.0

import Ambassador
import Core
import Proxying
import Testing

@testable import Runtime

struct DescriptorLimitTests {
    @Test func `what the ambassador may have open is the sum of all its limits`() {
        var configuration = AmbassadorConfiguration()
        configuration.loops = 2
        let nothing = configuration.descriptorsMax
        var cache = RedisPoolConfiguration()
        for name in ["a", "b"] { cache.pool.servers[name] = ServerConfiguration(address: .unix(path: "/\(name)")) }
        (cache.pool.limits.clients, cache.pool.limits.own) = (100, 50)
        configuration.redis["cache"] = cache
        // The listener, the clients, a connection of each loop to each server, those of clients' own.
        #expect(configuration.descriptorsMax - nothing == 1 + 100 + 2 * 2 + 50)
        var sessions = MemcachedPoolConfiguration()
        sessions.pool.servers = cache.pool.servers
        sessions.pool.limits.clients = 10
        configuration = AmbassadorConfiguration()
        configuration.memcached["sessions"] = sessions
        #expect(configuration.descriptorsMax - nothing == 1 + 10 + 2)
        var web = HTTPProxyConfiguration()
        web.limits.clients = 1000
        web.upstreams["v1"] = UpstreamConfiguration()
        for name in ["a", "b", "c"] { web.upstreams["v1"]?.servers[name] = UpstreamServerConfiguration() }
        web.upstreams["v1"]?.limits.connections = 20
        configuration = AmbassadorConfiguration()
        configuration.loops = 4
        configuration.http["web"] = web
        #expect(configuration.descriptorsMax - nothing == 1 + 1000 + 3 * 20 * 4)
    }
}
