// SPDX-License-Identifier: Apache-2.0

import CoreMetrics

/// What is measured of one subscription; the handle is made once, when the subscription is.
struct SubscriptionMetrics: Sendable {
    private let ruleFailures: Counter

    init(component: String, topic: String, factory: any MetricsFactory) {
        ruleFailures = Counter(
            label: "outrigger_pubsub_rule_failures_total", dimensions: [("component", component), ("topic", topic)],
            factory: factory)
    }

    func countRuleFailure() { ruleFailures.increment() }
}
