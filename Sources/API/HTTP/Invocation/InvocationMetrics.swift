// SPDX-License-Identifier: Apache-2.0

import Metrics
import WireHTTP

/// What is measured of invocations that go one way; every handle is made once.
final class InvocationMetrics: Sendable {
    enum Direction: String {
        case incoming = "in"
        case outgoing = "out"
    }

    private let counters: [Counter]
    private let timer: Metrics.Timer
    private let inFlight: Meter
    private let denied: Counter
    private static let results = ["failed", "2xx", "3xx", "4xx", "5xx"]

    init(_ direction: Direction) {
        let direction = ("direction", direction.rawValue)
        denied = Counter(label: "outrigger_invocations_denied_total", dimensions: [])
        counters = Self.results.map {
            Counter(label: "outrigger_invocations_total", dimensions: [direction, ("result", $0)])
        }
        timer = Metrics.Timer(label: "outrigger_invocation_seconds", dimensions: [direction])
        inFlight = Meter(label: "outrigger_invocations_in_flight", dimensions: [direction])
    }

    /// An invocation that runs as long as somebody holds this: until the last part of its response is out.
    final class Running: Sendable {
        private let metrics: InvocationMetrics
        private let start = ContinuousClock.now

        fileprivate init(_ metrics: InvocationMetrics) {
            self.metrics = metrics
            metrics.inFlight.increment()
        }

        deinit { metrics.inFlight.decrement() }

        func answered(_ status: HTTPStatus) { ended(min(max(status.code / 100, 2), 5) - 1) }
        func failed() { ended(0) }

        private func ended(_ result: Int) {
            let elapsed = (ContinuousClock.now - start).components
            metrics.timer.recordNanoseconds(elapsed.seconds * 1_000_000_000 + elapsed.attoseconds / 1_000_000_000)
            metrics.counters[result].increment()
        }
    }

    /// An invocation that the access control of the callee didn't allow.
    func deny() { denied.increment() }

    func begin() -> Running { Running(self) }
}
