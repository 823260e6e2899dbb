// SPDX-License-Identifier: Apache-2.0

import Core
import Proxying
import Testing

@testable import Ambassador

@Suite struct SplitOverridesTests {
    private static func proxy(_ split: NamedTable<Int>, _ others: NamedTable<Int> = ["v1": 1]) -> HTTPProxyConfiguration
    {
        var proxy = HTTPProxyConfiguration.serving(["v1", "v2"])
        proxy.routes["shop"] = RouteConfiguration()
        proxy.routes["shop"]?.split = split
        proxy.routes["blog"] = RouteConfiguration()
        proxy.routes["blog"]?.split = others
        return proxy
    }

    /// Those after 80:20 was set in the place of 90:10.
    private static func overrides() -> SplitOverrides {
        var overrides = SplitOverrides()
        overrides.set(["v1": 80, "v2": 20], route: "shop", in: proxy(["v1": 90, "v2": 10]))
        return overrides
    }

    @Test(arguments: [
        proxy(["v1": 90, "v2": 10]), proxy(["v2": 10, "v1": 90]), proxy(["v1": 90, "v2": 10], ["v2": 1]),
    ])
    func `another configuration that says the same of the route keeps them`(read: HTTPProxyConfiguration) {
        var (overrides, configuration) = (Self.overrides(), read)
        #expect(overrides.apply(to: &configuration) == [])
        #expect(configuration.routes["shop"]?.shares == ["v1": 80, "v2": 20])
        #expect(configuration.routes["blog"] == read.routes["blog"])
        #expect(overrides.written == ["shop": ["v1": 90, "v2": 10]])
    }

    @Test func `one that says something else of the route wins`() {
        for split: NamedTable<Int> in [["v1": 95, "v2": 5], ["v1": 1], ["v1": 80, "v2": 20]] {
            var (overrides, configuration) = (Self.overrides(), Self.proxy(split))
            #expect(overrides.apply(to: &configuration) == ["shop"])
            #expect(configuration == Self.proxy(split) && overrides == SplitOverrides())
        }
    }

    @Test func `a route or an upstream that has gone takes them with it`() {
        var overrides = Self.overrides()
        var configuration = Self.proxy(["v1": 90, "v2": 10])
        configuration.routes["shop"] = nil
        let read = configuration
        #expect(overrides.apply(to: &configuration) == ["shop"] && configuration == read)

        var single = SplitOverrides()
        single.set(["v2": 1], route: "blog", in: Self.proxy(["v1": 1]))
        configuration = Self.proxy(["v1": 1])
        configuration.upstreams["v2"] = nil
        #expect(single.apply(to: &configuration) == ["blog"] && single == SplitOverrides())
    }

    @Test func `what is written ends them, also when it is set`() {
        var overrides = Self.overrides()
        var current = Self.proxy(["v1": 90, "v2": 10])
        _ = overrides.apply(to: &current)
        overrides.set(["v1": 50, "v2": 50], route: "shop", in: current)
        #expect(overrides.written == ["shop": ["v1": 90, "v2": 10]])
        overrides.set(["v2": 10, "v1": 90], route: "shop", in: current)
        #expect(overrides == SplitOverrides())
    }
}
