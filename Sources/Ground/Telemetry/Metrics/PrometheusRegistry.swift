// SPDX-License-Identifier: Apache-2.0

package import CoreMetrics
package import Logging
import Synchronization

/// Keeps every metric of the process and shows them in Prometheus' text format.
///
/// A handle is found by its name and labels once, under a lock; from then on it counts without one. Label values are
/// bounded: a metric has at most `MetricDefinition.seriesMax` series, and what comes after shares one series whose
/// labels all say `other`, so that neither a client nor a mistake can fill the memory.
package final class PrometheusRegistry: MetricsFactory {
    /// Most metrics; further ones are counted nowhere. A process of all rooms and libraries has below 100.
    package static let metricsMax = 512
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"
    static let overflowValue = "other"

    private let families = Mutex<[Family]>([])
    private let sources = Mutex<[@Sendable () async -> [CollectedMetric]]>([])
    private let textSize = Atomic<Int>(4096)
    private let logger: Logger

    /// - Parameter logger: told once when a metric reaches its limit.
    package init(logger: Logger) { self.logger = logger }

    /// The exposition: every metric, sorted by name.
    package func exposition() -> [UInt8] {
        let families = self.families.withLock { $0 }
        var text: [UInt8] = []
        // The last text's size and a little: one allocation instead of a dozen doublings.
        text.reserveCapacity(textSize.load(ordering: .relaxed) + 256)
        for family in families {
            text += family.header
            for series in family.series { series.append(to: &text) }
        }
        textSize.store(text.count, ordering: .relaxed)
        return text
    }

    /// The exposition with what rooms count themselves.
    package func collectedExposition() async -> [UInt8] {
        var text = exposition()
        var metrics: [CollectedMetric] = []
        for source in sources.withLock({ $0 }) { metrics += await source() }
        metrics.append(to: &text)
        return text
    }

    /// Asks `source` at each scrape for metrics that have no handles.
    package func collect(_ source: @escaping @Sendable () async -> [CollectedMetric]) {
        sources.withLock { $0.append(source) }
    }

    /// Shows a value that is read at each scrape, from any thread.
    package func observe(
        _ name: String, _ labels: [(String, String)] = [], read: @escaping @Sendable () -> Double
    ) {
        _ = find(name, .gauge, labels) { PrometheusObservation(name: $0.name, labels: $1, read: read) }
    }

    // MARK: - MetricsFactory

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        find(label, .counter, dimensions) { PrometheusCounter(name: $0.name, labels: $1) }
    }

    package func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        find(label, .counter, dimensions) { PrometheusNumber(name: $0.name, labels: $1) }
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        find(label, .gauge, dimensions) { PrometheusNumber(name: $0.name, labels: $1) }
    }

    package func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        guard aggregate else {
            return find(label, .gauge, dimensions) { PrometheusNumber(name: $0.name, labels: $1) }
        }
        return find(label, .histogram, dimensions, partsPerUnit: PrometheusHistogram.recorderParts) {
            PrometheusHistogram(shape: $0.shape, labels: $1)
        }
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        find(label, .histogram, dimensions, partsPerUnit: PrometheusHistogram.timerParts) {
            PrometheusHistogram(shape: $0.shape, labels: $1)
        }
    }

    package func destroyCounter(_ handler: any CounterHandler) { remove(handler) }
    package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { remove(handler) }
    package func destroyMeter(_ handler: any MeterHandler) { remove(handler) }
    package func destroyRecorder(_ handler: any RecorderHandler) { remove(handler) }
    package func destroyTimer(_ handler: any TimerHandler) { remove(handler) }

    private func remove(_ handler: AnyObject) {
        families.withLock { families in
            for index in families.indices { families[index].remove(handler) }
        }
    }

    // MARK: - Finding a series

    /// The series of this name and these labels, made if there is none. When a metric of the name has another kind, or
    /// there are too many, what is returned counts, but isn't shown.
    private func find<Series: PrometheusSeries>(
        _ label: String, _ kind: MetricDefinition.Kind, _ labels: [(String, String)],
        partsPerUnit: Int64 = 1, make: (Family, [UInt8]) -> Series
    ) -> Series {
        let name = label.prometheusName(allowsColon: true)
        let (found, event) = families.withLock { families -> (Series?, LogEvent?) in
            let index = Self.place(of: name, in: families)
            if index == families.count || families[index].name != name {
                guard families.count < Self.metricsMax else { return (nil, nil) }
                families.insert(Family(name: name, kind: kind, partsPerUnit: partsPerUnit), at: index)
            }
            return families[index].find(kind, labels, make: make)
        }
        if let event { logger.emit(event) }
        return found ?? make(Family(name: name, kind: kind, partsPerUnit: partsPerUnit), [])
    }

    /// Where a name is, or belongs, in the sorted list.
    private static func place(of name: String, in families: [Family]) -> Int {
        var low = 0
        var high = families.count
        while low < high {
            let middle = (low + high) / 2
            if families[middle].name < name { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
