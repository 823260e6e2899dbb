// SPDX-License-Identifier: Apache-2.0

import Metrics
import Synchronization

/// What is measured of one surface: a handle for each route, method and status, made when it is first needed and kept.
///
/// The three sets are small and fixed, so there are at most 660 counters; a request takes one uncontended lock and adds
/// to one of them.
final class RequestMetrics: Sendable {
    private static let statuses = [200, 204, 400, 401, 404, 409, 500, 501, 503]

    private let surface: String
    private let counters: Mutex<[Counter?]>
    private let timers: [Metrics.Timer]
    private let inFlight = Meter(label: "outrigger_http_requests_in_flight")

    init(surface: String) {
        self.surface = surface
        let count = Route.allCases.count * RouteMethod.allCases.count * (Self.statuses.count + 1)
        counters = Mutex(Array(repeating: nil, count: count))
        timers = Route.allCases.map {
            Metrics.Timer(label: "outrigger_http_request_seconds", dimensions: [("route", $0.rawValue)])
        }
    }

    func began() { inFlight.increment() }

    func ended(_ route: Route, _ method: RouteMethod, status: Int, since start: ContinuousClock.Instant) {
        inFlight.decrement()
        let elapsed = (ContinuousClock.now - start).components
        timers[route.index].recordNanoseconds(elapsed.seconds * 1_000_000_000 + elapsed.attoseconds / 1_000_000_000)
        counter(route, method, status).increment()
    }

    private func counter(_ route: Route, _ method: RouteMethod, _ status: Int) -> Counter {
        let statusIndex = Self.statuses.firstIndex(of: status)
        let methods = RouteMethod.allCases.count
        let index =
            (route.index * methods + method.index) * (Self.statuses.count + 1) + (statusIndex ?? Self.statuses.count)
        return counters.withLock { counters in
            if let counter = counters[index] { return counter }
            let counter = Counter(
                label: "outrigger_http_requests_total",
                dimensions: [
                    ("surface", surface), ("route", route.rawValue), ("method", method.rawValue),
                    ("status", statusIndex == nil ? "other" : "\(status)"),
                ])
            counters[index] = counter
            return counter
        }
    }
}
