// SPDX-License-Identifier: Apache-2.0

import CoreMetrics
import Synchronization

/// One line, or one histogram, of the exposition: a handle's other end.
///
/// Every class here is written by any thread without a lock and read by a scrape at the same time. Orderings are
/// relaxed: a scrape may see one of two related changes, as it may when it comes a moment earlier.
protocol PrometheusSeries: AnyObject, Sendable {
    func append(to text: inout [UInt8])
}

/// `name{labels} `, made once for a series.
private func samplePrefix(_ name: String, _ labels: [UInt8]) -> [UInt8] {
    var prefix = Array(name.utf8)
    if !labels.isEmpty { prefix += [UInt8(ascii: "{")] + labels + [UInt8(ascii: "}")] }
    return prefix + [UInt8(ascii: " ")]
}

final class PrometheusCounter: PrometheusSeries, CounterHandler {
    private let prefix: [UInt8]
    private let value = Atomic<Int>(0)

    init(name: String, labels: [UInt8]) { prefix = samplePrefix(name, labels) }

    // Safe: a counter that wraps around looks like a restart, which rate() takes care of; `add` would be a loop, and
    // trap.
    func increment(by amount: Int64) { value.wrappingAdd(Int(amount), ordering: .relaxed) }
    func reset() { value.store(0, ordering: .relaxed) }

    func append(to text: inout [UInt8]) {
        text += prefix
        text.appendSample(value.load(ordering: .relaxed))
    }
}

/// A gauge under each of swift-metrics' names for one, and a counter of fractions.
final class PrometheusNumber: PrometheusSeries, RecorderHandler, MeterHandler, FloatingPointCounterHandler {
    private let prefix: [UInt8]
    private let value = Atomic<Double>(0)

    init(name: String, labels: [UInt8]) { prefix = samplePrefix(name, labels) }

    func record(_ value: Int64) { set(Double(value)) }
    func record(_ value: Double) { set(value) }
    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { self.value.store(value, ordering: .relaxed) }
    func decrement(by amount: Double) { increment(by: -amount) }
    func reset() { set(0.0) }

    func increment(by amount: Double) {
        var seen = value.load(ordering: .relaxed)
        while true {
            let (exchanged, original) = value.weakCompareExchange(
                expected: seen, desired: seen + amount, ordering: .relaxed)
            if exchanged { return }
            seen = original
        }
    }

    func append(to text: inout [UInt8]) {
        text += prefix
        text.appendSample(value.load(ordering: .relaxed))
    }
}

/// A value that is read when a scrape comes.
final class PrometheusObservation: PrometheusSeries {
    private let prefix: [UInt8]
    private let read: @Sendable () -> Double

    init(name: String, labels: [UInt8], read: @escaping @Sendable () -> Double) {
        prefix = samplePrefix(name, labels)
        self.read = read
    }

    func append(to text: inout [UInt8]) {
        text += prefix
        text.appendSample(read())
    }
}
