// SPDX-License-Identifier: Apache-2.0

package import Telemetry

extension HTTPProxyCounts {
    /// The proxy's part of a scrape, under our own names.
    package func metrics(proxy: String) -> [CollectedMetric] {
        clientMetrics(proxy) + exchangeMetrics(proxy) + [errorMetrics(proxy)]
    }

    private func clientMetrics(_ proxy: String) -> [CollectedMetric] {
        func series(_ value: Double, _ outcome: String? = nil) -> CollectedMetric.Series {
            CollectedMetric.Series([("proxy", proxy)] + (outcome.map { [("outcome", $0)] } ?? []), .number(value))
        }
        return [
            CollectedMetric("outrigger_http_proxy_clients", [series(Double(clients.open))]),
            CollectedMetric(
                "outrigger_http_proxy_clients_total",
                [
                    series(Double(clients.accepted), "accepted"), series(Double(clients.refused), "refused"),
                    series(Double(clients.errors), "error"),
                ]),
            CollectedMetric(
                "outrigger_http_proxy_tls_handshakes_total",
                [series(Double(clients.handshakes), "done"), series(Double(clients.handshakesFailed), "failed")]),
            CollectedMetric("outrigger_http_proxy_requests_in_flight", [series(Double(inFlight))]),
            CollectedMetric("outrigger_http_proxy_malformed_total", [series(Double(clients.malformed))]),
            CollectedMetric("outrigger_http_proxy_aborted_total", [series(Double(clients.aborted))]),
        ]
    }

    private func exchangeMetrics(_ proxy: String) -> [CollectedMetric] {
        func labels(_ one: Exchanges) -> [(String, String)] {
            [("proxy", proxy), ("route", one.pair.route), ("upstream", one.pair.upstream)]
        }
        func numbers(_ name: String, _ value: (Exchanges) -> UInt64) -> CollectedMetric {
            CollectedMetric(name, exchanges.map { CollectedMetric.Series(labels($0), .number(Double(value($0)))) })
        }
        return [
            CollectedMetric(
                "outrigger_http_proxy_requests_total",
                exchanges.flatMap { one in
                    one.statuses.map { status in
                        CollectedMetric.Series(
                            labels(one) + [("status", CountedStatus.names[status.column])],
                            .number(Double(status.count)))
                    }
                }),
            CollectedMetric(
                "outrigger_http_proxy_request_seconds",
                exchanges.map {
                    CollectedMetric.Series(labels($0), .histogram(counts: Array($0.buckets), sum: $0.seconds))
                }),
            numbers("outrigger_http_proxy_request_bytes_total", \.bytesIn),
            numbers("outrigger_http_proxy_response_bytes_total", \.bytesOut),
            numbers("outrigger_http_proxy_retries_total", \.retries),
        ]
    }

    private func errorMetrics(_ proxy: String) -> CollectedMetric {
        let series = ExchangeOrigin.allCases.flatMap { origin in
            (0..<CountedStatus.count).compactMap { column -> CollectedMetric.Series? in
                let index = Int(origin.rawValue) * CountedStatus.count + column
                guard errors.indices.contains(index), errors[index] > 0 else { return nil }
                let labels = [("proxy", proxy), ("origin", "\(origin.name)"), ("status", CountedStatus.names[column])]
                return CollectedMetric.Series(labels, .number(Double(errors[index])))
            }
        }
        return CollectedMetric("outrigger_http_proxy_errors_total", series)
    }
}
