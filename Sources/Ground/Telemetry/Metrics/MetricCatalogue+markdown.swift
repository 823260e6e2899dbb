// SPDX-License-Identifier: Apache-2.0

extension MetricCatalogue {
    /// docs/reference/metrics.md.
    package static var markdown: String {
        var text = """
            # Metrics

            <!-- Generated from MetricCatalogue; a test holds it. -->

            `GET /metrics` on the admin listener answers in Prometheus' text format 0.0.4. A metric
            has a limited number of combinations of label values (\(MetricDefinition.seriesMaxDefault) unless said
            otherwise); those beyond are counted together in one series whose labels are all `other`, and a warning says
            so once.

            | name | kind | unit | labels | what it tells |
            |---|---|---|---|---|

            """
        for metric in all {
            var labels = metric.labels.map { "`\($0)`" }.joined(separator: ", ")
            if metric.seriesMax != MetricDefinition.seriesMaxDefault { labels += " (at most \(metric.seriesMax))" }
            text += "| `\(metric.name)` | \(metric.kind.rawValue) | \(metric.unit) | \(labels) | \(metric.help) |\n"
        }
        text += "\n## Buckets\n\n| histogram | upper bounds |\n|---|---|\n"
        for metric in all where metric.kind == .histogram {
            let bounds = metric.buckets.map { String(decoding: $0.prometheusText, as: UTF8.self) }
            text += "| `\(metric.name)` | \(bounds.joined(separator: ", ")) |\n"
        }
        return text
    }
}
