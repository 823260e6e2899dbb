// SPDX-License-Identifier: Apache-2.0

extension PrometheusRegistry {
    /// All series of one name.
    struct Family: Sendable {
        let name: String
        let header: [UInt8]
        private(set) var series: [any PrometheusSeries] = []
        private let kind: MetricDefinition.Kind
        private let seriesMax: Int
        /// Shared by the series of a histogram, so that each holds no more than its counts.
        let shape: PrometheusHistogram.Shape
        private var index: [[UInt8]: any PrometheusSeries] = [:]
        private var isLimitSaid = false
        private var isConflictSaid = false

        init(name: String, kind: MetricDefinition.Kind, partsPerUnit: Int64) {
            let definition = MetricCatalogue.definition(of: name)
            self.name = name
            self.kind = definition?.kind ?? kind
            seriesMax = definition?.seriesMax ?? MetricDefinition.seriesMaxDefault
            let isHistogram = self.kind == .histogram
            shape = PrometheusHistogram.Shape(
                name: name, buckets: isHistogram ? definition?.buckets ?? MetricCatalogue.requestSeconds : [],
                partsPerUnit: partsPerUnit)
            var header: [UInt8] = []
            header.appendHeader(
                name: name, kind: self.kind, help: definition?.help ?? "A metric of a library that Outrigger uses.")
            self.header = header
        }

        /// The series with these labels, made if need be, and what there is to say of it.
        mutating func find<Series: PrometheusSeries>(
            _ kind: MetricDefinition.Kind, _ labels: [(String, String)], make: (Family, [UInt8]) -> Series
        ) -> (Series?, LogEvent?) {
            var key = Self.rendered(labels)
            var event: LogEvent?
            if index[key] == nil, index.count >= seriesMax {
                key = Self.rendered(labels.map { ($0.0, PrometheusRegistry.overflowValue) })
                if !isLimitSaid { event = .metricSeriesLimited(metric: name, seriesMax: seriesMax) }
                isLimitSaid = true
            }
            if let known = index[key] {
                if let known = known as? Series { return (known, event) }
            } else if isShown(kind, Series.self) {
                let made = make(self, key)
                index[key] = made
                series.append(made)
                return (made, event)
            }
            if !isConflictSaid { event = .metricKindConflicted(metric: name) }
            isConflictSaid = true
            return (nil, event)
        }

        mutating func remove(_ handler: AnyObject) {
            guard let position = series.firstIndex(where: { $0 === handler }) else { return }
            series.remove(at: position)
            index = index.filter { $0.value !== handler }
        }

        /// An observed value may be any kind of number.
        private func isShown(_ kind: MetricDefinition.Kind, _ type: any PrometheusSeries.Type) -> Bool {
            kind == self.kind || (type == PrometheusObservation.self && self.kind != .histogram)
        }

        private static func rendered(_ labels: [(String, String)]) -> [UInt8] {
            var bytes: [UInt8] = []
            bytes.appendLabels(labels)
            return bytes
        }
    }
}
