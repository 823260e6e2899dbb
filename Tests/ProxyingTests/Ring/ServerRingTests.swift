// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Proxying

@Suite struct ServerRingTests {
    private func servers(_ weights: Int...) -> [RingServer] {
        weights.enumerated().map { RingServer(name: "server\($0.offset + 1)", weight: $0.element) }
    }

    private func place(_ key: String, on ring: ServerRing) -> Int {
        var random = SmallGenerator(seed: 1)
        return ring.server(for: Array(key.utf8).span, random: &random)
    }

    @Test("A label's MD5 gives the points of a ketama ring")
    func ketamaPoints() {
        let digest = MD5.digest(of: Array("server1-8".utf8).span)
        #expect(digest[0] == 3_853_726_576)
        #expect(digest[3] == 2_667_054_752)
    }

    @Test(
        "A ketama ring has about 160 points for each server, by its share of the weight",
        arguments: [
            ([1, 1], [160, 160]), ([1, 2], [104, 212]), ([1, 9], [32, 288]), ([1, 1, 1], [160, 160, 160]),
        ])
    func ketamaCounts(weights: [Int], counts: [Int]) {
        let servers = weights.enumerated().map { RingServer(name: "server\($0.offset)", weight: $0.element) }
        let ring = ServerRing(kind: .ketama, hash: .md5, servers: servers)
        let found = weights.indices.map { server in ring.points.points.count { $0.server == server } }
        #expect(found == counts)
    }

    @Test("A ketama ring spreads keys as twemproxy's does")
    func ketamaSpread() {
        let ring = ServerRing(kind: .ketama, hash: .fnv1a_64, servers: servers(1, 1, 1, 1))
        #expect(ring.spread(of: .prefixedNumbers, keys: 100).keys == [0, 90, 10, 0])
        #expect(ring.spread(of: .numbers, keys: 100).keys == [0, 0, 100, 0])
        #expect(ring.spread(of: .paddedNumbers, keys: 100).keys == [100, 0, 0, 0])
        #expect(ring.spread(of: .numbers, keys: 10000).keys == [2160, 2740, 3430, 1670])
    }

    @Test("Modula gives each server as many remainders as its weight")
    func modula() {
        let ring = ServerRing(kind: .modula, hash: .crc32a, servers: servers(1, 3, 2))
        for key in ["apple", "banana", "cherry", "", "key:1", "key:2", "key:3"] {
            let hash = key.isEmpty ? 0 : KeyHash.crc32a.hash(Array(key.utf8).span)
            #expect(place(key, on: ring) == [0, 1, 1, 1, 2, 2][Int(hash % 6)])
        }
    }

    @Test("The order in which servers are written changes nothing", arguments: [RingKind.ketama, .modula, .rendezvous])
    func order(kind: RingKind) {
        let servers = ["b", "aa", "a", "é", "cache-1"].map { RingServer(name: $0, weight: $0.utf8.count) }
        let ring = ServerRing(kind: kind, hash: .xxh3, servers: servers)
        let turned = ServerRing(kind: kind, hash: .xxh3, servers: servers.reversed())
        for number in 0..<500 {
            #expect(place("\(number)", on: ring) == servers.count - 1 - place("\(number)", on: turned))
        }
    }

    @Test("Every position of a ring finds its point, however the points lie")
    func positions() {
        var random = SmallGenerator(seed: 7)
        for count in [1, 2, 3, 17, 480] {
            for bits in [3, 12, 32] as [UInt64] {
                let points = (0..<count).map { index in
                    RingPoints.Point(position: UInt32(truncatingIfNeeded: random.next() >> (64 - bits)), server: index)
                }
                let ring = RingPoints(points)
                let near = points.flatMap { [$0.position, $0.position &+ 1, $0.position &- 1] }
                for position in near + [0, .max] {
                    let behind = points.filter { $0.position >= position }
                    let nearest = (behind.isEmpty ? points : behind).map(\.position).min()
                    let first = points.first { $0.position == nearest }
                    #expect(ring.server(at: position) == first.map { Int($0.server) })
                }
            }
        }
    }

    @Test("Without live servers there is no place, and an only one takes every key", arguments: RingKind.allCases)
    func fewServers(kind: RingKind) {
        let ring = ServerRing(kind: kind, hash: .xxh3, servers: servers(1, 1, 1), live: [false, true, false])
        #expect(ring.spread(of: .numbers, keys: 100).keys == [0, 100, 0])
        #expect(ring.shares() == [0, 1, 0])
        let dead = ring.with(live: [false, false, false])
        #expect(place("apple", on: dead) == -1)
        #expect(place("apple", on: ServerRing(kind: kind, hash: .xxh3, servers: [])) == -1)
    }

    @Test("A server that dies moves only its own keys", arguments: [RingKind.ketama, .rendezvous])
    func ejection(kind: RingKind) {
        let ring = ServerRing(kind: kind, hash: .xxh3, servers: servers(1, 1, 1, 1))
        let without = ring.with(live: [true, true, false, true])
        for number in 0..<2000 {
            let before = place("key:\(number)", on: ring)
            let after = place("key:\(number)", on: without)
            #expect(after != 2)
            if before != 2 { #expect(after == before) }
        }
    }

    @Test(
        "Keys are spread by weight with the default hash", arguments: RingKind.allCases, [[1, 1, 1], [1, 2, 5]])
    func weights(kind: RingKind, weights: [Int]) {
        let servers = weights.enumerated().map { RingServer(name: "redis-\($0.offset)", weight: $0.element) }
        let ring = ServerRing(kind: kind, hash: .xxh3, servers: servers)
        let shares = ring.shares()
        #expect(abs(shares.reduce(0, +) - 1) < 0.000_001)
        for pattern in KeyPattern.allCases {
            let spread = ring.spread(of: pattern, keys: 20000)
            for (keys, share) in zip(spread.keys, shares) { #expect(abs(Double(keys) / 20000 - share) < 0.015) }
        }
    }

    @Test("A rendezvous moves keys only to the server whose weight grew")
    func weightChange() {
        let before = ServerRing(kind: .rendezvous, hash: .xxh3, servers: servers(1, 1, 1))
        let after = ServerRing(kind: .rendezvous, hash: .xxh3, servers: servers(1, 2, 1))
        for number in 0..<2000 where place("key:\(number)", on: before) != place("key:\(number)", on: after) {
            #expect(place("key:\(number)", on: after) == 1)
        }
    }

    @Test("The logarithm is exact to ten digits")
    func logarithm() {
        #expect(abs(Rendezvous.negativeLogarithm(1 << 63) - 0.693_147_180_559_945_3) < 1e-10)
        #expect(abs(Rendezvous.negativeLogarithm(.max)) < 1e-10)
        #expect(abs(Rendezvous.negativeLogarithm(3 << 62) - 0.287_682_072_451_780_9) < 1e-10)
        #expect(abs(Rendezvous.negativeLogarithm(0) - 37.429_947_750_237_05) < 1e-10)
    }

    @Test(
        "The hashed part of a key is what its tag encloses",
        arguments: [
            ("{}", "{user}:name", "user"), ("{}", "a{b}c{d}", "b"), ("{}", "a{}b{c}", "a{}b{c}"), ("{}", "{a", "{a"),
            ("{}", "a}b{c}", "c"), ("$$", "a$b$c", "b"), ("$$", "$$a$", "$$a$"), ("{}", "", ""), ("{}", "{{a}}", "{a"),
        ])
    func tags(tag: String, key: String, hashed: String) throws {
        let tag = try #require(HashTag(tag))
        let bytes = Array(key.utf8)
        #expect(String(decoding: bytes[tag.hashedPart(of: bytes.span)], as: UTF8.self) == hashed)
        let servers = servers(1, 1, 1, 1, 1)
        let tagged = ServerRing(kind: .ketama, hash: .md5, tag: tag, servers: servers)
        #expect(place(key, on: tagged) == place(hashed, on: ServerRing(kind: .ketama, hash: .md5, servers: servers)))
    }

    @Test("A tag is two bytes", arguments: ["", "{", "{}}", "é", "{é"])
    func tagTexts(text: String) {
        #expect((HashTag(text) == nil) == (text.utf8.count != 2))
    }

    @Test(
        "A server without a name is hashed under twemproxy's",
        arguments: [
            ("10.0.0.1:6379", "10.0.0.1:6379"), ("10.0.0.1:11211", "10.0.0.1"), ("cache:06379", "cache:06379"),
            ("/run/redis.sock", "/run/redis.sock:"), ("cache", "cache"),
        ])
    func names(address: String, name: String) {
        #expect(RingServer.twemproxyName(ofAddress: address) == name)
    }

    @Test("A hash that keys don't spread with is found out, and good ones are not", arguments: [2, 3, 4, 8, 32])
    func skew(count: Int) {
        let servers = (0..<count).map { RingServer(name: "redis-\($0)") }
        func isSkewed(_ kind: RingKind, _ hash: KeyHash) -> Bool {
            ServerRing(kind: kind, hash: hash, servers: servers).skew() != nil
        }
        for kind in [RingKind.ketama, .modula, .rendezvous] {
            for hash in [KeyHash.xxh3, .murmur, .md5, .jenkins] { #expect(!isSkewed(kind, hash)) }
        }
        #expect(isSkewed(.ketama, .crc32))
        #expect(!isSkewed(.random, .crc32))
        // Two servers share even what is bunched.
        if count > 2 { #expect(isSkewed(.ketama, .fnv1a_64)) }
    }

    @Test("The measure of a skew says what each server got")
    func skewFigures() throws {
        let ring = ServerRing(kind: .ketama, hash: .crc32, servers: servers(1, 1, 1))
        let spread = try #require(ring.skew())
        #expect(spread.total == ServerRing.sampleKeys)
        #expect(spread.keys.max() == ServerRing.sampleKeys)
    }
}
