// SPDX-License-Identifier: Apache-2.0

import Telemetry
import TestKit
import Testing

@Suite struct MetricCatalogueTests {
    /// Those of Istio and Linkerd, by which tools for canaries find them.
    private static let meshNames: Set = [
        "istio_requests_total", "istio_request_duration_milliseconds", "request_total", "response_total",
        "response_latency_ms",
    ]

    @Test func `Names follow Prometheus' rules`() {
        #expect(Set(MetricCatalogue.all.map(\.name)).count == MetricCatalogue.all.count)
        for metric in MetricCatalogue.all {
            let allowed = metric.name.utf8.allSatisfy { (0x61...0x7A).contains($0) || $0 == 0x5F }
            #expect(allowed, "\(metric.name) isn't snake case")
            let isOwn = metric.name.hasPrefix("outrigger_") || metric.name.hasPrefix("process_")
            #expect(isOwn != Self.meshNames.contains(metric.name), "\(metric.name)")
            #expect(metric.name.hasSuffix("_total") == (metric.kind == .counter), "\(metric.name)")
            #expect(!["_sum", "_count", "_bucket"].contains { metric.name.hasSuffix($0) }, "\(metric.name)")
            #expect(metric.help.hasSuffix("."), "\(metric.name)")
            #expect(!metric.labels.contains("le"), "\(metric.name)")
            #expect(metric.buckets.isEmpty == (metric.kind != .histogram), "\(metric.name)")
        }
    }

    @Test func `The reference of metrics is what the catalogue says`() {
        expectGolden(MetricCatalogue.markdown, at: "docs/reference/metrics.md")
    }
}
