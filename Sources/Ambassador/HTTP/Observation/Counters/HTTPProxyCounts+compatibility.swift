// SPDX-License-Identifier: Apache-2.0

package import Telemetry

/// The same counts under names that other programs ask for.
///
/// Flagger's checks `request-success-rate` and `request-duration` ask Prometheus for the metrics of a service mesh, for
/// one workload in one namespace, as its receiving side sees it. An upstream stands for the workload of its name, so an
/// upstream that is called like the Deployment behind it is found by them.
extension HTTPProxyCounts {
    /// - Parameter namespace: the app's.
    package func metrics(
        _ compatibility: [HTTPMetricsCompatibility], proxy: String, namespace: String
    ) -> [CollectedMetric] {
        compatibility.flatMap { kind in
            switch kind {
            case .istio: istioMetrics(proxy, namespace)
            case .linkerd: linkerdMetrics(proxy, namespace)
            }
        }
    }

    private func istioMetrics(_ proxy: String, _ namespace: String) -> [CollectedMetric] {
        func labels(_ one: Exchanges) -> [(String, String)] {
            [
                ("reporter", "destination"), ("source_workload", proxy), ("destination_workload", one.pair.upstream),
                ("destination_workload_namespace", namespace), ("destination_service_name", one.pair.upstream),
                ("request_protocol", "http"),
            ]
        }
        return requests("istio_requests_total") { one, status in
            labels(one) + [("response_code", CountedStatus.names[status])]
        } + durations("istio_request_duration_milliseconds", labels)
    }

    private func linkerdMetrics(_ proxy: String, _ namespace: String) -> [CollectedMetric] {
        func labels(_ one: Exchanges) -> [(String, String)] {
            [("direction", "inbound"), ("namespace", namespace), ("deployment", one.pair.upstream)]
        }
        let totals = toUpstreams.map { CollectedMetric.Series(labels($0), .number(Double($0.requests))) }
        return [CollectedMetric("request_total", totals)]
            + requests("response_total") { one, status in
                let classification = CountedStatus.classes[status] == 5 ? "failure" : "success"
                return labels(one) + [
                    ("classification", classification), ("status_code", CountedStatus.names[status]),
                ]
            } + durations("response_latency_ms", labels)
    }

    /// What the proxy answered itself belongs to no workload. Of several routes to one upstream there is one sum.
    private var toUpstreams: [Exchanges] {
        var sums = HTTPProxyCounts()
        for one in exchanges where !one.pair.upstream.isEmpty {
            var part = HTTPProxyCounts()
            part.exchanges = [one.of(Pair(route: "", upstream: one.pair.upstream))]
            sums += part
        }
        return sums.exchanges
    }

    private func requests(
        _ name: String, _ labels: (Exchanges, Int) -> [(String, String)]
    ) -> [CollectedMetric] {
        let series = toUpstreams.flatMap { one in
            one.statuses.map { CollectedMetric.Series(labels(one, $0.column), .number(Double($0.count))) }
        }
        return [CollectedMetric(name, series)]
    }

    private func durations(_ name: String, _ labels: (Exchanges) -> [(String, String)]) -> [CollectedMetric] {
        let series = toUpstreams.map {
            CollectedMetric.Series(labels($0), .histogram(counts: Array($0.buckets), sum: $0.seconds * 1000))
        }
        return [CollectedMetric(name, series)]
    }
}
