// SPDX-License-Identifier: Apache-2.0

import Logging
import Testing

@testable import Telemetry

@Suite("Metrics that rooms count themselves")
struct CollectedMetricTests {
    private let registry = PrometheusRegistry(logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })

    private func scrape() async -> String { String(decoding: await registry.collectedExposition(), as: UTF8.self) }

    @Test func `metrics of one name from several sources have one header`() async {
        for pool in ["a", "b"] {
            registry.collect {
                [CollectedMetric("outrigger_ambassador_clients", [.init([("pool", pool)], .number(3))])]
            }
        }
        #expect(
            await scrape().hasSuffix(
                """
                # HELP outrigger_ambassador_clients Connections of clients that are open.
                # TYPE outrigger_ambassador_clients gauge
                outrigger_ambassador_clients{pool="a"} 3
                outrigger_ambassador_clients{pool="b"} 3

                """))
    }

    @Test func `a histogram is cumulated, with its sum and count`() async {
        let name = "outrigger_ambassador_command_seconds"
        var counts = [UInt64](repeating: 0, count: MetricCatalogue.proxySeconds.count + 1)
        (counts[0], counts[1], counts[20]) = (2, 1, 4)
        registry.collect { [counts] in
            [CollectedMetric(name, [.init([("pool", "a"), ("family", "read")], .histogram(counts: counts, sum: 1.5))])]
        }
        let text = await scrape()
        #expect(text.contains("\(name)_bucket{pool=\"a\",family=\"read\",le=\"1.6384e-05\"} 2\n"))
        #expect(text.contains("\(name)_bucket{pool=\"a\",family=\"read\",le=\"3.2768e-05\"} 3\n"))
        #expect(text.contains("\(name)_bucket{pool=\"a\",family=\"read\",le=\"+Inf\"} 7\n"))
        #expect(text.contains("\(name)_sum{pool=\"a\",family=\"read\"} 1.5\n"))
        #expect(text.contains("\(name)_count{pool=\"a\",family=\"read\"} 7\n"))
    }

    @Test func `a metric that isn't in the catalogue isn't shown, nor a series beyond the limit`() async {
        registry.collect {
            [
                CollectedMetric("nobody_knows_it", [.init([], .number(1))]),
                CollectedMetric(
                    "outrigger_ambassador_clients", (0..<1000).map { .init([("pool", "\($0)")], .number(1)) }),
            ]
        }
        let text = await scrape()
        #expect(!text.contains("nobody_knows_it"))
        #expect(text.contains("pool=\"511\"") && !text.contains("pool=\"512\""))
    }
}
