// SPDX-License-Identifier: Apache-2.0

import Core
import Testing
import WireHTTP

@testable import Ambassador

struct WeightedSplitTests {
    private static let upstreams = ["shadow", "v1", "v2", "v3"]

    private func split(
        _ weights: NamedTable<Int>, _ change: (inout RouteConfiguration) -> Void = { _ in }
    ) -> WeightedSplit {
        var route = RouteConfiguration()
        route.split = weights
        change(&route)
        return WeightedSplit(route, upstreams: Self.upstreams)
    }

    /// The names of the upstreams that requests get, one after the other.
    private func choices(_ split: WeightedSplit, _ requests: [RequestUnderTest]) -> [String] {
        var sequence = SplitSequence()
        return requests.map { request in
            Self.upstreams[split.choose(request.head, request.bytes.span, address: 0, sequence: &sequence)]
        }
    }

    private func choice(
        _ split: WeightedSplit, _ line: String, _ fields: String..., address: UInt64 = 0
    ) throws -> String {
        let request = try RequestUnderTest(line, fields)
        var sequence = SplitSequence()
        return Self.upstreams[split.choose(request.head, request.bytes.span, address: address, sequence: &sequence)]
    }

    private func users(_ split: WeightedSplit, _ count: Int) throws -> [String] {
        var head = try RequestUnderTest("GET /", "x-user: 000000")
        let start = head.bytes.count - 10
        var chosen: [String] = []
        var sequence = SplitSequence()
        for user in 0..<count {
            var bytes = head.bytes
            bytes.replaceSubrange(start..<start + 6, with: String(user + 100_000).utf8)
            head = RequestUnderTest(bytes: bytes, head: head.head)
            chosen.append(
                Self.upstreams[split.choose(head.head, head.bytes.span, address: 0, sequence: &sequence)])
        }
        return chosen
    }

    private func share(_ name: String, in chosen: [String]) -> Double {
        Double(chosen.count { $0 == name }) / Double(chosen.count)
    }

    // MARK: - Without stickiness

    @Test(
        "of as many requests in a row as the weights add up to, each upstream gets its weight",
        arguments: [
            ["v1": 90, "v2": 10], ["v1": 1, "v2": 1], ["v1": 7, "v2": 2, "v3": 4], ["v1": 99, "v2": 0, "v3": 1],
        ])
    func exact(weights: [String: Int]) throws {
        var table: NamedTable<Int> = [:]
        for (name, weight) in weights.sorted(by: { $0.key < $1.key }) { table[name] = weight }
        let total = weights.values.reduce(0, +)
        let request = try RequestUnderTest("GET /")
        let chosen = choices(split(table), Array(repeating: request, count: total * 3))
        for start in 0...total * 2 {
            let window = chosen[start..<start + total]
            for (name, weight) in weights { #expect(window.count { $0 == name } == weight) }
        }
    }

    @Test func `a share is spread evenly, not in a row`() throws {
        let request = try RequestUnderTest("GET /")
        let chosen = choices(split(["v1": 90, "v2": 10]), Array(repeating: request, count: 1000))
        let places = chosen.indices.filter { chosen[$0] == "v2" }
        #expect(zip(places, places.dropFirst()).allSatisfy { $1 - $0 == 10 })
    }

    @Test func `one upstream with a weight gets everything`() throws {
        #expect(try choice(split(["v1": 0, "v2": 3]), "GET /") == "v2")
        var route = RouteConfiguration()
        route.to = "v3"
        #expect(try choice(WeightedSplit(route, upstreams: Self.upstreams), "GET /") == "v3")
    }

    // MARK: - Sticky

    @Test func `a user stays, whatever the order in the file and whoever else comes`() throws {
        let one = split(["v1": 90, "v2": 10]) { $0.sticky.header = "X-User" }
        let two = split(["v2": 10, "v1": 90]) { $0.sticky.header = "x-user" }
        let first = try users(one, 10_000)
        #expect(try users(one, 10_000) == first)
        #expect(try users(two, 10_000) == first)
    }

    @Test func `the users of a side are its share of all, within half a point`() throws {
        for (weights, expected) in [
            (["v1": 90, "v2": 10] as NamedTable<Int>, 0.1), (["v1": 1, "v2": 1], 0.5), (["v1": 99, "v2": 1], 0.01),
            (["v1": 5, "v2": 3, "v3": 2], 0.3),
        ] {
            let chosen = try users(split(weights) { $0.sticky.header = "x-user" }, 100_000)
            #expect(abs(share("v2", in: chosen) - expected) < 0.005)
        }
    }

    @Test func `from 90 and 10 to 80 and 20 a tenth of the users moves, all in one direction`() throws {
        let before = try users(split(["v1": 90, "v2": 10]) { $0.sticky.header = "x-user" }, 100_000)
        let after = try users(split(["v1": 80, "v2": 20]) { $0.sticky.header = "x-user" }, 100_000)
        let moved = zip(before, after).filter { $0 != $1 }
        #expect(abs(Double(moved.count) / 100_000 - 0.1) < 0.005)
        #expect(moved.allSatisfy { $0 == "v1" && $1 == "v2" })
    }

    @Test func `a weight that is raised takes users and gives none away`() throws {
        let before = try users(split(["v1": 60, "v2": 30, "v3": 10]) { $0.sticky.header = "x-user" }, 20_000)
        let after = try users(split(["v1": 60, "v2": 30, "v3": 60]) { $0.sticky.header = "x-user" }, 20_000)
        #expect(zip(before, after).allSatisfy { $0 == $1 || $1 == "v3" })
    }

    @Test func `an even split keeps its users when it becomes uneven`() throws {
        let before = try users(split(["v1": 50, "v2": 50]) { $0.sticky.header = "x-user" }, 20_000)
        let after = try users(split(["v1": 60, "v2": 40]) { $0.sticky.header = "x-user" }, 20_000)
        #expect(zip(before, after).allSatisfy { $0 == $1 || $1 == "v1" })
        #expect(abs(Double(zip(before, after).count { $0 != $1 }) / 20_000 - 0.1) < 0.01)
    }

    @Test func `a cookie, a parameter and an address say the user, too`() throws {
        let even: NamedTable<Int> = ["v1": 1, "v2": 1]
        let byHeader = split(even) { $0.sticky.header = "x-user" }
        let byCookie = split(even) { $0.sticky.cookie = "user" }
        let byQuery = split(even) { $0.sticky.query = "user" }
        for user in 0..<50 {
            let expected = try choice(byHeader, "GET /", "x-user: u\(user)")
            #expect(try choice(byCookie, "GET /", "cookie: a=b; user=u\(user);c=d") == expected)
            #expect(try choice(byCookie, "GET /", "cookie: xuser=1", "cookie: user=u\(user)") == expected)
            #expect(try choice(byQuery, "GET /?a=1&user=u\(user)&b") == expected)
        }
        let byAddress = split(even) { $0.sticky.address = true }
        let chosen = try (0..<1000 as Range<UInt64>).map { try choice(byAddress, "GET /", address: $0) }
        #expect(abs(share("v1", in: chosen) - 0.5) < 0.06)
        #expect(try choice(byAddress, "GET /", address: 7) == chosen[7])
    }

    @Test func `a request that says no user goes where its turn is`() throws {
        let even = split(["v1": 1, "v2": 1]) { $0.sticky.header = "x-user" }
        let requests = try [[], ["x-user:"], ["x-use: a"], []].map { try RequestUnderTest("GET /", $0) }
        #expect(choices(even, requests) == ["v1", "v2", "v1", "v2"])
        let cookies = split(["v1": 1, "v2": 1]) { $0.sticky.cookie = "user" }
        let others = try [["cookie: user"], ["cookie: user="], ["cookie: USER=a;;"], ["cookie:"]]
            .map { try RequestUnderTest("GET /", $0) }
        #expect(choices(cookies, others) == ["v1", "v2", "v1", "v2"])
    }

    // MARK: - Override

    @Test func `a header chooses among the upstreams of the split, and no others`() throws {
        let canary = split(["v1": 100, "v2": 0]) { $0.override.header = "X-Version" }
        #expect(try choice(canary, "GET /") == "v1")
        #expect(try choice(canary, "GET /", "x-version: v2") == "v2")
        #expect(try choice(canary, "GET /", "x-version: shadow") == "v1")
        #expect(try choice(canary, "GET /", "x-version:") == "v1")
    }

    @Test func `an override comes before what is sticky`() throws {
        let both = split(["v1": 1, "v2": 1]) {
            $0.override.header = "x-version"
            $0.sticky.header = "x-user"
        }
        for user in 0..<20 {
            #expect(try choice(both, "GET /", "x-user: \(user)", "x-version: v2") == "v2")
        }
    }
}

struct SplitChangeTests {
    private let proxy: HTTPProxyConfiguration = {
        var proxy = HTTPProxyConfiguration.serving(["v1", "v2"])
        var checkout = RouteConfiguration()
        checkout.to = "v1"
        var robots = RouteConfiguration()
        robots.respond.status = 200
        robots.match.path = .exact("/robots.txt")
        proxy.routes = ["checkout": checkout, "robots": robots]
        return proxy
    }()

    @Test func `new weights take the place of all that a route had`() throws {
        let changed = try proxy.settingSplit(route: "checkout", weights: ["v1": 80, "v2": 20])
        #expect(changed.routes["checkout"]?.to == nil)
        #expect(changed.routes["checkout"]?.split == ["v1": 80, "v2": 20])
        let again = try changed.settingSplit(route: "checkout", weights: ["v2": 1])
        #expect(again.routes["checkout"]?.split == ["v2": 1])
        #expect(again.mistakes.isEmpty)
    }

    @Test(
        "weights that can't be are refused",
        arguments: [
            ("checkuot", ["v1": 1], "there is no route \"checkuot\"; perhaps \"checkout\" is meant"),
            ("x", ["v1": 1], "there is no route \"x\""), ("robots", ["v1": 1], "the route \"robots\" has no upstreams"),
            ("checkout", ["v3": 1], "found \"v3\", which is no upstream; expected v1, perhaps"),
            ("checkout", ["v1": -1], "the weight of \"v1\" is -1, and must be from 0 to 1000000"),
            ("checkout", ["v1": 1_000_001], "the weight of \"v1\" is 1000001, and must be from 0 to 1000000"),
            ("checkout", ["v1": 0], "no upstream has a weight above 0"),
            ("checkout", [:], "no upstream has a weight above 0"),
        ] as [(String, NamedTable<Int>, String)])
    func refused(route: String, weights: NamedTable<Int>, expected: String) {
        let error = #expect(throws: SplitChangeError.self) { try proxy.settingSplit(route: route, weights: weights) }
        #expect(error?.description == expected)
    }
}
