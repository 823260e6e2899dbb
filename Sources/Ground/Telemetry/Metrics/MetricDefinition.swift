// SPDX-License-Identifier: Apache-2.0

/// What a metric is, declared once: the registry shows it, the documentation is made of it.
package struct MetricDefinition: Sendable, Hashable {
    package enum Kind: String, Sendable {
        case counter, gauge, histogram
    }

    package var name: String
    package var kind: Kind
    package var labels: [String]
    /// A sentence with a full stop.
    package var help: String
    /// Upper bounds of a histogram's buckets, ascending, in the metric's unit; `+Inf` is understood.
    package var buckets: [Double]
    /// Most combinations of label values; further ones are counted together under `other`.
    package var seriesMax: Int

    /// At about 300 bytes a counter this holds a metric below 160 KiB, whatever its labels are fed with.
    package static let seriesMaxDefault = 512
    /// Most buckets of a histogram, without `+Inf`.
    package static let bucketsMax = 20

    init(
        _ name: String, _ kind: Kind, labels: [String] = [], buckets: [Double] = [],
        seriesMax: Int = Self.seriesMaxDefault, _ help: String
    ) {
        precondition(buckets.count <= Self.bucketsMax, "\(name) has more than \(Self.bucketsMax) buckets")
        precondition(zip(buckets, buckets.dropFirst()).allSatisfy { $0 < $1 }, "\(name)'s buckets don't ascend")
        self.name = name
        self.kind = kind
        self.labels = labels
        self.help = help
        self.buckets = buckets
        self.seriesMax = seriesMax
    }

    /// The unit, as the name says it (https://prometheus.io/docs/practices/naming): a name ends with it, but for
    /// `_total`.
    package var unit: String {
        let base = name.hasSuffix("_total") ? name.dropLast("_total".count) : Substring(name)
        return ["seconds", "bytes"].first { base.hasSuffix("_" + $0) } ?? ""
    }
}
