// SPDX-License-Identifier: Apache-2.0

import Core
import Logging
import NIOCore
import Proxying
import Testing

@testable import Ambassador
@testable import Runtime

@Suite("What the admin listener tells of pools")
struct ShardsRoomTests {
    /// A pool whose servers nobody has started, for as long as `body` runs.
    private func withRoom(_ body: (ShardsRoom) async throws -> Void) async throws {
        var configuration = RedisPoolConfiguration()
        configuration.pool.listen = .network(ListenAddress(host: "127.0.0.1", port: 0))
        configuration.pool.preconnect = false
        for name in ["a", "b"] {
            configuration.pool.servers[name] = ServerConfiguration(
                address: .network(host: "127.0.0.1", port: 1), weight: 2)
        }
        let group = EpollEventLoopGroup(count: 1, name: "test")
        let pool = RedisPool(
            name: "cache", configuration: configuration, group: group,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await pool.start()
        try await body(ShardsRoom(pools: [pool]))
        await pool.drain(within: .seconds(1))
        await group.shutdownGracefully()
    }

    private func ask(_ room: ShardsRoom, _ path: String, _ query: String = "") async throws -> (Int, String) {
        let endpoint = try #require(room.endpoints.first { $0.path == path })
        let response = await endpoint.respond(AdminRequest("GET", path, query: query))
        return (response.status, String(decoding: response.body, as: UTF8.self))
    }

    @Test func `servers are listed with address, share and health`() async throws {
        try await withRoom { room in
            let (status, json) = try await ask(room, "/admin/shards")
            #expect(status == 200)
            #expect(json.hasPrefix(#"{"pools":[{"name":"cache","protocol":"redis","listen":"127.0.0.1:"#), "\(json)")
            #expect(json.contains(#""ring":"ketama","hash":"xxh3""#))
            #expect(json.contains(#"{"name":"a","address":"127.0.0.1:1","weight":2,"share":0."#))
            let (_, text) = try await ask(room, "/admin/shards", "format=text")
            let lines = text.split(separator: "\n")
            #expect(lines[0].hasPrefix("cache: redis on 127.0.0.1:"))
            #expect(lines[1].hasPrefix("SERVER  ADDRESS"))
            #expect(lines[2].contains("alive"))
        }
    }

    @Test func `a key's server is told as the pool would choose it`() async throws {
        try await withRoom { room in
            let (status, text) = try await ask(room, "/admin/shards/where", "key=user%3A42&format=text")
            #expect(status == 200)
            #expect(text.hasPrefix("cache: user:42 lives on ") && text.hasSuffix(" (127.0.0.1:1)\n"))
            let (_, json) = try await ask(room, "/admin/shards/where", "key=user%3A42")
            #expect(json.hasPrefix(#"{"key":"user:42","places":[{"pool":"cache","server":""#))
        }
    }

    @Test func `a pool without traffic says so of hot keys and slow commands`() async throws {
        try await withRoom { room in
            let hot = try await ask(room, "/admin/shards/hot", "format=text").1
            #expect(hot == "cache: no command has been sampled yet\n")
            let slow = try await ask(room, "/admin/shards/slow", "format=text").1
            #expect(slow == "cache: no command took long\n")
            let json = try await ask(room, "/admin/shards/slow").1
            #expect(json == #"{"pools":[{"name":"cache","count":0,"commands":[]}]}"# + "\n")
        }
    }

    @Test func `a pool that isn't there, or no key, is refused with what there is`() async throws {
        try await withRoom { room in
            let (status, text) = try await ask(room, "/admin/shards", "pool=cash")
            #expect(status == 404)
            #expect(text.hasPrefix("There is no pool") && text.hasSuffix("there is: cache.\n"))
            let keyless = try await ask(room, "/admin/shards/where").0
            #expect(keyless == 400)
        }
    }
}
