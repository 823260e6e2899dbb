// SPDX-License-Identifier: Apache-2.0

import CoreMetrics
import Synchronization

/// A histogram with fixed buckets: recording is a search among at most 20 bounds and two atomic additions.
///
/// Bounds and the sum are kept as integers, a sum of floating-point numbers would need a loop of compare-and-exchange:
/// nanoseconds for a timer (a sum of 292 years), thousandths for a recorder, whose values are rounded to them.
final class PrometheusHistogram: PrometheusSeries, TimerHandler, RecorderHandler {
    /// What all series of one metric share.
    struct Shape: Sendable {
        fileprivate let name: [UInt8]
        fileprivate let bounds: [Int64]
        fileprivate let boundTexts: [[UInt8]]
        fileprivate let partsPerUnit: Int64

        /// - Parameter partsPerUnit: into how many parts the unit is divided for adding up.
        init(name: String, buckets: [Double], partsPerUnit: Int64) {
            self.name = Array(name.utf8)
            self.partsPerUnit = partsPerUnit
            bounds = buckets.map { Int64(($0 * Double(partsPerUnit)).rounded()) }
            boundTexts = buckets.map(\.prometheusText) + [Array("+Inf".utf8)]
        }
    }

    static let timerParts: Int64 = 1_000_000_000
    static let recorderParts: Int64 = 1000

    private typealias Counts = InlineArray<21, Atomic<Int>>

    private let shape: Shape
    private let labels: [UInt8]
    private let sum = Atomic<Int64>(0)
    /// How many were recorded per bucket, not cumulated; one more than `MetricDefinition.bucketsMax`, for `+Inf`.
    private let counts = Counts { _ in Atomic<Int>(0) }

    init(shape: Shape, labels: [UInt8]) {
        self.shape = shape
        self.labels = labels
    }

    func recordNanoseconds(_ duration: Int64) {
        // A timer may share the name, and so the parts, of a recorder of seconds.
        add(shape.partsPerUnit == Self.timerParts ? duration : duration / (Self.timerParts / shape.partsPerUnit))
    }

    func record(_ value: Int64) {
        let (scaled, overflows) = value.multipliedReportingOverflow(by: shape.partsPerUnit)
        add(overflows ? (value < 0 ? .min : .max) : scaled)
    }

    /// NaN isn't counted: it has no bucket, and would make the sum NaN for good.
    func record(_ value: Double) {
        guard !value.isNaN else { return }
        add(Int64(exactly: (value * Double(shape.partsPerUnit)).rounded()) ?? (value < 0 ? .min : .max))
    }

    private func add(_ parts: Int64) {
        var low = 0
        var high = shape.bounds.count
        while low < high {
            let middle = (low + high) / 2
            if parts <= shape.bounds[middle] { high = middle } else { low = middle + 1 }
        }
        // Safe: what wraps around looks like a restart, which rate() takes care of; `add` would be a loop, and trap.
        counts[low].wrappingAdd(1, ordering: .relaxed)
        sum.wrappingAdd(parts, ordering: .relaxed)
    }

    func append(to text: inout [UInt8]) {
        var cumulated = 0
        for index in shape.boundTexts.indices {
            cumulated += counts[index].load(ordering: .relaxed)
            appendName("_bucket{", to: &text)
            text += labels
            if !labels.isEmpty { text.append(UInt8(ascii: ",")) }
            text.append(contentsOf: "le=\"".utf8)
            text += shape.boundTexts[index]
            text.append(contentsOf: "\"} ".utf8)
            text.appendSample(cumulated)
        }
        appendName("_sum", to: &text)
        appendOwnLabels(to: &text)
        text.appendSample(Double(sum.load(ordering: .relaxed)) / Double(shape.partsPerUnit))
        appendName("_count", to: &text)
        appendOwnLabels(to: &text)
        text.appendSample(cumulated)
    }

    private func appendName(_ suffix: StaticString, to text: inout [UInt8]) {
        text += shape.name
        text.append(contentsOf: suffix.description.utf8)
    }

    private func appendOwnLabels(to text: inout [UInt8]) {
        if !labels.isEmpty {
            text.append(UInt8(ascii: "{"))
            text += labels
            text.append(UInt8(ascii: "}"))
        }
        text.append(UInt8(ascii: " "))
    }
}
