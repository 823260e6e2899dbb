// SPDX-License-Identifier: Apache-2.0

/// A metric that a room counts itself, without handles: plain numbers that are summed when somebody asks.
package struct CollectedMetric: Sendable {
    package enum Value: Sendable {
        case number(Double)
        /// How many in each bucket of the definition and beyond the last, not cumulated, and the sum of the values.
        case histogram(counts: [UInt64], sum: Double)
    }

    package struct Series: Sendable {
        package var labels: [(String, String)]
        package var value: Value

        package init(_ labels: [(String, String)], _ value: Value) {
            self.labels = labels
            self.value = value
        }
    }

    /// Of the catalogue.
    package let name: String
    package var series: [Series]

    package init(_ name: String, _ series: [Series]) {
        self.name = name
        self.series = series
    }
}

extension [CollectedMetric] {
    /// Appends all of them, those of one name together, in the order in which the names first appear. A metric that
    /// isn't in the catalogue isn't shown; beyond a metric's limit of series none is.
    func append(to text: inout [UInt8]) {
        var series: [String: [CollectedMetric.Series]] = [:]
        var names: [String] = []
        for metric in self {
            if series[metric.name] == nil { names.append(metric.name) }
            series[metric.name, default: []] += metric.series
        }
        for name in names {
            guard let definition = MetricCatalogue.definition(of: name) else { continue }
            text.appendHeader(name: name, kind: definition.kind, help: definition.help)
            for one in series[name, default: []].prefix(definition.seriesMax) { one.append(definition, to: &text) }
        }
    }
}

extension CollectedMetric.Series {
    fileprivate func append(_ definition: MetricDefinition, to text: inout [UInt8]) {
        switch value {
        case .number(let number):
            appendName(definition.name, labels, to: &text)
            text.appendSample(number)
        case .histogram(let counts, let sum):
            precondition(counts.count == definition.buckets.count + 1, "\(definition.name) has other buckets.")
            let bounds = definition.buckets.map { String(decoding: $0.prometheusText, as: UTF8.self) } + ["+Inf"]
            var cumulated = 0
            for (bound, count) in zip(bounds, counts) {
                cumulated += Int(count)
                appendName(definition.name + "_bucket", labels + [("le", bound)], to: &text)
                text.appendSample(cumulated)
            }
            appendName(definition.name + "_sum", labels, to: &text)
            text.appendSample(sum)
            appendName(definition.name + "_count", labels, to: &text)
            text.appendSample(cumulated)
        }
    }

    private func appendName(_ name: String, _ labels: [(String, String)], to text: inout [UInt8]) {
        text.append(contentsOf: name.utf8)
        if !labels.isEmpty {
            text.append(UInt8(ascii: "{"))
            text.appendLabels(labels)
            text.append(UInt8(ascii: "}"))
        }
        text.append(UInt8(ascii: " "))
    }
}
