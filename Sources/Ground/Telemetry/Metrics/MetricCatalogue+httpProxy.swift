// SPDX-License-Identifier: Apache-2.0

/// What HTTP proxies count.
extension MetricCatalogue {
    /// Routes and upstreams that have met, each with the statuses that came.
    private static let exchangeSeriesMax = 4096

    static let httpProxy = [
        MetricDefinition(
            "outrigger_http_proxy_clients", .gauge, labels: ["proxy"], "Connections of clients that are open."),
        MetricDefinition(
            "outrigger_http_proxy_clients_total", .counter, labels: ["proxy", "outcome"],
            "Connections of clients that were accepted, refused as too many, and ended by an error of the socket."),
        MetricDefinition(
            "outrigger_http_proxy_tls_handshakes_total", .counter, labels: ["proxy", "outcome"],
            "Handshakes with clients, by how they ended."),
        MetricDefinition(
            "outrigger_http_proxy_requests_in_flight", .gauge, labels: ["proxy"],
            "Requests whose response isn't over."),
        MetricDefinition(
            "outrigger_http_proxy_malformed_total", .counter, labels: ["proxy"], "Requests that couldn't be read."),
        MetricDefinition(
            "outrigger_http_proxy_aborted_total", .counter, labels: ["proxy"],
            "Responses that had begun and couldn't be completed."),
        MetricDefinition(
            "outrigger_http_proxy_requests_total", .counter, labels: ["proxy", "route", "upstream", "status"],
            seriesMax: exchangeSeriesMax,
            "Requests by route, upstream and status; rare statuses by their class, such as 4xx. No upstream: answered "
                + "by the proxy."),
        MetricDefinition(
            "outrigger_http_proxy_request_seconds", .histogram, labels: ["proxy", "route", "upstream"],
            buckets: proxySeconds, "Time from the head of a request to the end of its response."),
        MetricDefinition(
            "outrigger_http_proxy_request_bytes_total", .counter, labels: ["proxy", "route", "upstream"],
            "Bytes of requests' bodies."),
        MetricDefinition(
            "outrigger_http_proxy_response_bytes_total", .counter, labels: ["proxy", "route", "upstream"],
            "Bytes of responses' bodies."),
        MetricDefinition(
            "outrigger_http_proxy_retries_total", .counter, labels: ["proxy", "route", "upstream"],
            "Requests that were sent again."),
        MetricDefinition(
            "outrigger_http_proxy_errors_total", .counter, labels: ["proxy", "origin", "status"],
            "Responses from 400 on, by whose doing they are: the application's, a server's that didn't answer "
                + "(upstream), the proxy's own (runtime), or the client's."),
        MetricDefinition(
            "outrigger_http_proxy_mirrored_total", .counter, labels: ["proxy", "route", "outcome"],
            "Requests of which a mirror got a copy, by what became of that, and those that it got none of: as too many "
                + "waited (full), it can't be reached, or they are too long."),
        MetricDefinition(
            "outrigger_http_proxy_compared_total", .counter, labels: ["proxy", "route", "outcome"],
            "Answers of a mirror that were compared: equal, different by no more than noise, or different; and those "
                + "that weren't: as they are too long, too many waited (dropped), or they can't be read (unreadable)."),
        MetricDefinition(
            "outrigger_http_proxy_repeated_total", .counter, labels: ["proxy", "route"],
            "Requests that were asked a second time where they belong, to measure noise."),
        MetricDefinition(
            "outrigger_http_proxy_faults_total", .counter, labels: ["proxy", "route", "fault"],
            "Requests that failed on purpose."),
        MetricDefinition(
            "outrigger_http_proxy_access_log_dropped_total", .counter, labels: ["proxy"],
            "Lines of the access log that weren't written, as the disk or the reader didn't keep up."),
    ]

    static let httpEndpoints = [
        MetricDefinition(
            "outrigger_http_proxy_endpoint_up", .gauge, labels: ["proxy", "upstream", "endpoint"],
            "Whether an endpoint gets requests (1), or is unhealthy or ejected (0)."),
        MetricDefinition(
            "outrigger_http_proxy_endpoint_requests_total", .counter, labels: ["proxy", "upstream", "endpoint"],
            "Tries that an endpoint got."),
        MetricDefinition(
            "outrigger_http_proxy_endpoint_failures_total", .counter,
            labels: ["proxy", "upstream", "endpoint", "cause"],
            "Tries that failed: by a connection that couldn't be made (connect), by a timeout, or otherwise (other)."),
        MetricDefinition(
            "outrigger_http_proxy_endpoint_ejections_total", .counter, labels: ["proxy", "upstream", "endpoint"],
            "Times that an endpoint was left alone for a while as it failed."),
        MetricDefinition(
            "outrigger_http_proxy_endpoint_in_flight", .gauge, labels: ["proxy", "upstream", "endpoint"],
            "Requests that an endpoint hasn't answered."),
        MetricDefinition(
            "outrigger_http_proxy_endpoint_connections", .gauge, labels: ["proxy", "upstream", "endpoint"],
            "Connections to an endpoint."),
        MetricDefinition(
            "outrigger_http_proxy_upstream_refusals_total", .counter, labels: ["proxy", "upstream", "limit"],
            "Requests and tries that weren't sent because of an upstream's limit."),
    ]

    /// From 16 µs to 8.6 s, in milliseconds.
    private static let proxyMilliseconds = (14..<34).map { Double(UInt64(1) << $0) / 1e6 }

    /// Names of others (`metrics.compatibility`).
    static let meshes = [
        MetricDefinition(
            "istio_requests_total", .counter,
            labels: [
                "reporter", "source_workload", "destination_workload", "destination_workload_namespace",
                "destination_service_name", "request_protocol", "response_code",
            ], seriesMax: exchangeSeriesMax, "Requests by upstream and status, as Istio counts them."),
        MetricDefinition(
            "istio_request_duration_milliseconds", .histogram,
            labels: [
                "reporter", "source_workload", "destination_workload", "destination_workload_namespace",
                "destination_service_name", "request_protocol",
            ], buckets: proxyMilliseconds, "Time of requests by upstream, as Istio measures it."),
        MetricDefinition(
            "request_total", .counter, labels: ["direction", "namespace", "deployment"],
            "Requests by upstream, as Linkerd counts them."),
        MetricDefinition(
            "response_total", .counter,
            labels: ["direction", "namespace", "deployment", "classification", "status_code"],
            seriesMax: exchangeSeriesMax, "Responses by upstream and status, as Linkerd counts them."),
        MetricDefinition(
            "response_latency_ms", .histogram, labels: ["direction", "namespace", "deployment"],
            buckets: proxyMilliseconds,
            "Time of requests by upstream, under Linkerd's name; to the end of the response, not to its first byte."),
    ]
}
