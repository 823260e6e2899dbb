// SPDX-License-Identifier: Apache-2.0

import Metrics
package import WireGRPC
package import WireHTTP

/// What is measured of invocations that go one way; every handle is made once.
package final class InvocationMetrics: Sendable {
    package enum Direction: String, Sendable {
        case incoming = "in"
        case outgoing = "out"
    }

    private let counters: [Counter]
    private let timer: Metrics.Timer
    private let inFlight: Meter
    private let denied = Counter(label: "outrigger_invocations_denied_total", dimensions: [])

    private static let results = ["failed", "2xx", "3xx", "4xx", "5xx"]

    /// Of HTTP.
    package convenience init(_ direction: Direction) {
        self.init(direction, "outrigger_invocation", label: "result", Self.results)
    }

    /// Of gRPC.
    package static func grpc(_ direction: Direction) -> InvocationMetrics {
        InvocationMetrics(
            direction, "outrigger_grpc_invocation", label: "code", GRPCStatus.Code.allCases.map(\.name))
    }

    private init(_ direction: Direction, _ name: String, label: String, _ results: [String]) {
        let direction = ("direction", direction.rawValue)
        counters = results.map { Counter(label: "\(name)s_total", dimensions: [direction, (label, $0)]) }
        timer = Metrics.Timer(label: "\(name)_seconds", dimensions: [direction])
        inFlight = Meter(label: "\(name)s_in_flight", dimensions: [direction])
    }

    /// An invocation that runs as long as somebody holds this: until the last part of its response is out.
    package final class Running: Sendable {
        private let metrics: InvocationMetrics
        private let start = ContinuousClock.now

        fileprivate init(_ metrics: InvocationMetrics) {
            self.metrics = metrics
            metrics.inFlight.increment()
        }

        deinit { metrics.inFlight.decrement() }

        package func answered(_ status: HTTPStatus) { ended(min(max(status.code / 100, 2), 5) - 1) }
        package func failed() { ended(0) }
        package func ended(_ code: GRPCStatus.Code) { ended(code.rawValue) }

        private func ended(_ result: Int) {
            let elapsed = (ContinuousClock.now - start).components
            metrics.timer.recordNanoseconds(elapsed.seconds * 1_000_000_000 + elapsed.attoseconds / 1_000_000_000)
            metrics.counters[result].increment()
        }
    }

    /// An invocation that the access control of the callee didn't allow.
    package func deny() { denied.increment() }

    package func begin() -> Running { Running(self) }
}
