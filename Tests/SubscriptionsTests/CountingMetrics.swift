// SPDX-License-Identifier: Apache-2.0

import CoreMetrics
import Synchronization

/// Counters that a test can read; other kinds of metric are none.
final class CountingMetrics: MetricsFactory {
    private let counts = Mutex<[String: Int64]>([:])

    /// The value of a counter by its label and the values of its dimensions.
    subscript(label: String, dimensions: String...) -> Int64 {
        counts.withLock { $0[([label] + dimensions).joined(separator: " ")] ?? 0 }
    }

    private final class Handler: CounterHandler {
        let key: String
        let metrics: CountingMetrics

        init(key: String, metrics: CountingMetrics) {
            self.key = key
            self.metrics = metrics
        }

        func increment(by amount: Int64) { metrics.counts.withLock { $0[key, default: 0] += amount } }
        func reset() {}
    }

    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        Handler(key: ([label] + dimensions.map(\.1)).joined(separator: " "), metrics: self)
    }

    func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        NOOPMetricsHandler.instance
    }

    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler { NOOPMetricsHandler.instance }
    func destroyCounter(_ handler: any CounterHandler) {}
    func destroyRecorder(_ handler: any RecorderHandler) {}
    func destroyTimer(_ handler: any TimerHandler) {}
}
