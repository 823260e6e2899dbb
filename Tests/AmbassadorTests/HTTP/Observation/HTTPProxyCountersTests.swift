// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Ambassador
@testable import Telemetry

@Suite struct HTTPProxyCountersTests {
    private let names = HTTPProxyNames(routes: ["checkout", "everything"], upstreams: ["v1", "v2"])

    private func ended(
        _ counters: HTTPProxyCounters, _ row: HTTPProxyCounters.Row, _ status: Int,
        _ origin: ExchangeOrigin = .application
    ) {
        counters.ended(row, status: status, origin: origin, nanoseconds: 20_000, bytesIn: 3, bytesOut: 100)
    }

    @Test func `a request counts for its route and its upstream`() throws {
        let counters = HTTPProxyCounters(names)
        let row = counters.row(route: 1, upstream: 0)
        ended(counters, row, 200)
        ended(counters, row, 503, .upstream)
        counters.retried(row)
        let own = counters.row(route: nil, upstream: nil)
        ended(counters, own, 400, .client)
        let counts = counters.counts()
        let first = try #require(counts.exchanges.first)
        #expect(first.pair == HTTPProxyCounts.Pair(route: "everything", upstream: "v1"))
        #expect(first.requests == 2 && first.requests(ofClass: 5) == 1 && first.retries == 1)
        #expect(first.bytesIn == 6 && first.bytesOut == 200 && first.seconds == 0.00004)
        // 20 µs is behind the first bucket, which ends at 16.4 µs.
        #expect(Array(first.buckets.prefix(3)) == [0, 2, 0])
        #expect(counts.exchanges[1].pair == HTTPProxyCounts.Pair(route: "", upstream: ""))
    }

    @Test(arguments: [
        (200, "200"), (499, "499"), (418, "4xx"), (599, "5xx"), (103, "1xx"), (99, "none"), (600, "none"), (0, "none"),
        (-1, "none"), (999, "none"),
    ])
    func `rare statuses count by their class`(_ row: (status: Int, name: String)) throws {
        let counters = HTTPProxyCounters(names)
        ended(counters, counters.row(route: 0, upstream: 0), row.status)
        let statuses = try #require(counters.counts().exchanges.first).statuses
        #expect(statuses.map { CountedStatus.names[$0.column] } == [row.name])
    }

    @Test func `the counts of loops are summed by name`() {
        let (a, b) = (HTTPProxyCounters(names), HTTPProxyCounters(names))
        a.clients.accepted = 2
        b.clients.accepted = 3
        b.inFlight = 1
        ended(a, a.row(route: 0, upstream: 1), 200)
        ended(b, b.row(route: 1, upstream: 1), 502, .upstream)
        ended(b, b.row(route: 0, upstream: 1), 200)
        var sum = HTTPProxyCounts()
        sum += a.counts()
        sum += b.counts()
        #expect(sum.clients.accepted == 5 && sum.inFlight == 1)
        #expect(sum.exchanges.map(\.requests) == [2, 1])
        #expect(sum.errors.reduce(0, +) == 1)
    }

    @Test func `a request that began before a change counts where it belongs`() {
        let counters = HTTPProxyCounters(names)
        let row = counters.row(route: 1, upstream: 0)
        ended(counters, row, 200)
        counters.apply(HTTPProxyNames(routes: ["new", "checkout", "everything"], upstreams: ["v2", "v1"]))
        ended(counters, row, 200)
        ended(counters, counters.row(route: 2, upstream: 1), 200)
        let exchanges = counters.counts().exchanges
        #expect(exchanges.map(\.requests) == [3])
        #expect(exchanges.map(\.requestsOfConfiguration) == [2])
    }

    @Test func `a process has only so many rows`() {
        let counters = HTTPProxyCounters(names)
        for number in 0..<HTTPProxyCounters.rowsMax + 10 {
            counters.apply(HTTPProxyNames(routes: ["\(number)"], upstreams: ["v"]))
            ended(counters, counters.row(route: 0, upstream: 0), 200)
        }
        let exchanges = counters.counts().exchanges
        #expect(exchanges.count == HTTPProxyCounters.rowsMax + 1)
        #expect(exchanges.last?.pair.route == "other" && exchanges.last?.requests == 10)
        // Who has a row keeps it.
        counters.apply(HTTPProxyNames(routes: ["0"], upstreams: ["v"]))
        ended(counters, counters.row(route: 0, upstream: 0), 200)
        #expect(counters.counts().exchanges.first?.requests == 2)
        #expect(counters.counts().exchanges.last?.requests == 10)
    }

    // MARK: - Metrics

    private func exposed(_ metrics: [CollectedMetric]) -> String {
        var text: [UInt8] = []
        metrics.append(to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    private func counted() -> HTTPProxyCounts {
        let counters = HTTPProxyCounters(names)
        counters.clients.open = 1
        for route in 0...1 { ended(counters, counters.row(route: route, upstream: 1), 200) }
        ended(counters, counters.row(route: 0, upstream: 1), 503)
        ended(counters, counters.row(route: 0, upstream: nil), 302, .runtime)
        ended(counters, counters.row(route: nil, upstream: nil), 408, .client)
        return counters.counts()
    }

    @Test func `each metric is in the catalogue with its labels`() {
        let counts = counted()
        let metrics =
            counts.metrics(proxy: "web") + counts.metrics([.istio, .linkerd], proxy: "web", namespace: "shop")
        for metric in metrics {
            let definition = MetricCatalogue.definition(of: metric.name)
            #expect(definition != nil, "\(metric.name)")
            for series in metric.series { #expect(series.labels.map(\.0) == definition?.labels, "\(metric.name)") }
        }
        let text = exposed(metrics)
        let expected = [
            #"outrigger_http_proxy_clients{proxy="web"} 1"#,
            #"outrigger_http_proxy_requests_total{proxy="web",route="checkout",upstream="v2",status="503"} 1"#,
            #"outrigger_http_proxy_requests_total{proxy="web",route="checkout",upstream="",status="302"} 1"#,
            #"outrigger_http_proxy_request_seconds_count{proxy="web",route="checkout",upstream="v2"} 2"#,
            #"outrigger_http_proxy_errors_total{proxy="web",origin="client",status="408"} 1"#,
            #"outrigger_http_proxy_errors_total{proxy="web",origin="application",status="503"} 1"#,
        ]
        for line in expected { #expect(text.contains(line + "\n"), "\(line)") }
    }

    /// The selectors are those of Flagger's queries.
    @Test func `Flagger finds what it asks of Istio and Linkerd`() {
        let text = exposed(counted().metrics([.istio, .linkerd], proxy: "web", namespace: "shop"))
        let lines = text.split(separator: "\n").filter { !$0.hasPrefix("#") }
        func sum(_ name: String, _ selectors: [String], but excluded: String? = nil) -> Int {
            lines.filter { line in
                line.hasPrefix(name + "{") && selectors.allSatisfy(line.contains)
                    && excluded.map { !line.contains($0) } ?? true
            }.reduce(0) { $0 + (Int($1.split(separator: " ").last ?? "") ?? 0) }
        }
        let istio = [
            #"reporter="destination""#, #"destination_workload_namespace="shop""#, #"destination_workload="v2""#,
        ]
        #expect(sum("istio_requests_total", istio) == 3)
        #expect(sum("istio_requests_total", istio, but: #"response_code="5"#) == 2)
        #expect(sum("istio_request_duration_milliseconds_bucket", istio + [#"le="0.032768""#]) == 3)
        #expect(sum("istio_request_duration_milliseconds_bucket", istio + [#"le="+Inf""#]) == 3)
        let linkerd = [#"namespace="shop""#, #"deployment="v2""#, #"direction="inbound""#]
        #expect(sum("response_total", linkerd) == 3)
        #expect(sum("response_total", linkerd, but: #"classification="failure""#) == 2)
        #expect(sum("response_latency_ms_bucket", linkerd + [#"le="+Inf""#]) == 3)
        #expect(!text.contains(#"workload="""#))
    }
}
