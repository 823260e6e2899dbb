// SPDX-License-Identifier: Apache-2.0

import Core
import Proxying
import Settings
import Testing

@testable import Ambassador

struct PoolSettingTypesTests {
    @Test(
        "a server is an address with its weight and what it is a replica of",
        arguments: [
            ("redis-0.redis:6379", ServerConfiguration(address: .network(host: "redis-0.redis", port: 6379))),
            ("[::1]:1 weight=3", ServerConfiguration(address: .network(host: "::1", port: 1), weight: 3)),
            ("/run/a.sock", ServerConfiguration(address: .unix(path: "/run/a.sock"))),
            (
                "a:1 weight=2 replica-of=b",
                ServerConfiguration(address: .network(host: "a", port: 1), weight: 2, replicaOf: "b")
            ),
        ])
    func server(text: String, expected: ServerConfiguration) {
        #expect(SettingType.server.parse(text) == expected)
        #expect(SettingType.server.text(expected) == text)
    }

    @Test(
        "a wrong server is refused",
        arguments: [
            "", " ", "redis", "redis:0", "redis:65536", "a:1 2", "a:1 weight=0", "a:1 weight=x", "a:1 wait=2",
            "a:1 weight=2 weight=3", "a:1 replica-of=", "weight=2 a:1", "::1:6379",
            "/" + String(repeating: "a", count: 107),
        ])
    func wrongServer(text: String) { #expect(SettingType.server.parse(text) == nil) }

    @Test(
        "a pool listens on an address or a socket's path",
        arguments: [
            ("127.0.0.1:6379", PoolAddress.network(ListenAddress(host: "127.0.0.1", port: 6379))),
            ("[::]:0", .network(ListenAddress(host: "::", port: 0))),
            ("/run/cache.sock", .unix(path: "/run/cache.sock", permissions: nil)),
            ("/run/cache.sock 0660", .unix(path: "/run/cache.sock", permissions: 0o660)),
        ])
    func listen(text: String, expected: PoolAddress) {
        #expect(SettingType.poolAddress.parse(text) == expected)
        #expect(SettingType.poolAddress.text(expected) == text)
    }

    @Test(
        "a wrong address to listen on is refused",
        arguments: ["", "6379", "a:x", "/run/a 9", "/run/a 1000", "/run/a 0660 x", "run/a"])
    func wrongListen(text: String) { #expect(SettingType.poolAddress.parse(text) == nil) }

    @Test func `a hash tag is two bytes`() {
        #expect(SettingType.hashTag.parse("{}").map(SettingType.hashTag.text) == "{}")
        #expect(SettingType.hashTag.parse("$$") != nil)
        for text in ["", "{", "{}}", "ä"] { #expect(SettingType.hashTag.parse(text) == nil) }
    }
}
