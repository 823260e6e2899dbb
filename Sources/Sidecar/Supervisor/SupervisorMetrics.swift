// SPDX-License-Identifier: Apache-2.0

import Metrics

/// What the supervisor counts.
struct SupervisorMetrics: Sendable {
    let restarts = Counter(label: "outrigger_app_restarts_total")
    /// 1 while requests may go to the app.
    let up = Gauge(label: "outrigger_app_up")
}
