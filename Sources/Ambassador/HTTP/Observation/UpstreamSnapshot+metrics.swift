// SPDX-License-Identifier: Apache-2.0

package import Proxying
package import Telemetry

extension UpstreamSnapshot {
    /// The upstream's part of a scrape.
    package func metrics(proxy: String) -> [CollectedMetric] {
        func numbers(_ suffix: String, _ value: (Endpoint) -> Double) -> CollectedMetric {
            CollectedMetric(
                "outrigger_http_proxy_endpoint_" + suffix,
                endpoints.map { CollectedMetric.Series(labels(proxy, $0), .number(value($0))) })
        }
        return [
            numbers("up") { $0.isHealthy && !$0.isEjected ? 1 : 0 },
            numbers("requests_total") { Double($0.counters.requests) },
            numbers("ejections_total") { Double($0.counters.ejections) },
            numbers("in_flight") { Double($0.inFlight) },
            numbers("connections") { Double($0.connections) },
            failures(proxy), refusalMetric(proxy),
        ]
    }

    /// An endpoint is called by its address; several servers may have the same.
    private func labels(_ proxy: String, _ endpoint: Endpoint) -> [(String, String)] {
        let isOnlyOne = endpoints.count { $0.address == endpoint.address } == 1
        let called = isOnlyOne ? endpoint.address : "\(endpoint.server) \(endpoint.address)"
        return [("proxy", proxy), ("upstream", name), ("endpoint", called)]
    }

    private func failures(_ proxy: String) -> CollectedMetric {
        let series = endpoints.flatMap { endpoint in
            let counters = endpoint.counters
            // All failures count; these two are among them.
            let other = counters.failures - min(counters.failures, counters.connectFailures + counters.timeouts)
            return [
                ("connect", counters.connectFailures), ("timeout", counters.timeouts), ("other", other),
            ].map { cause, count in
                CollectedMetric.Series(labels(proxy, endpoint) + [("cause", cause)], .number(Double(count)))
            }
        }
        return CollectedMetric("outrigger_http_proxy_endpoint_failures_total", series)
    }

    private func refusalMetric(_ proxy: String) -> CollectedMetric {
        let counts = [
            ("requests", refusals.requests), ("pending", refusals.pending),
            ("retries", refusals.retries), ("retry_budget", refusals.retryBudget),
        ]
        return CollectedMetric(
            "outrigger_http_proxy_upstream_refusals_total",
            counts.map { limit, count in
                CollectedMetric.Series(
                    [("proxy", proxy), ("upstream", name), ("limit", limit)], .number(Double(count)))
            })
    }
}
