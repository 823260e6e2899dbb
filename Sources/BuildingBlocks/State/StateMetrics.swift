// SPDX-License-Identifier: Apache-2.0

import Metrics

/// What is measured of one state component; every handle is made once, when the component is.
struct StateMetrics: Sendable {
    enum Operation: String, CaseIterable {
        case get
        case bulkGet = "bulk_get"
        case set, delete, transaction
    }

    private let timers: [Metrics.Timer]
    private let errors: [StateError.Code: Counter]

    init(component: String) {
        timers = Operation.allCases.map { operation in
            Metrics.Timer(
                label: "outrigger_state_operation_seconds",
                dimensions: [("component", component), ("operation", operation.rawValue)])
        }
        var errors: [StateError.Code: Counter] = [:]
        for code in StateError.Code.allCases {
            errors[code] = Counter(
                label: "outrigger_state_errors_total", dimensions: [("component", component), ("code", code.rawValue)])
        }
        self.errors = errors
    }

    func record(_ operation: Operation, since start: ContinuousClock.Instant) {
        let elapsed = (ContinuousClock.now - start).components
        timers[operation.index].recordNanoseconds(elapsed.seconds * 1_000_000_000 + elapsed.attoseconds / 1_000_000_000)
    }

    func count(_ code: StateError.Code) { errors[code]?.increment() }
}

extension StateMetrics.Operation {
    /// The place of the timer, which is that of the case.
    fileprivate var index: Int {
        switch self {
        case .get: 0
        case .bulkGet: 1
        case .set: 2
        case .delete: 3
        case .transaction: 4
        }
    }
}
