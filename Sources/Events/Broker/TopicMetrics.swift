// SPDX-License-Identifier: Apache-2.0

import Metrics
import Synchronization

/// The figures of one subscription; every handle is made once.
struct TopicMetrics: Sendable {
    private let successes: Counter
    private let retries: Counter
    private let drops: Counter
    private let expirations: Counter
    private let redeliveries: Counter
    private let lagEvents: Gauge
    private let lagSeconds: Gauge
    let deadLetters: Counter
    let parked: Counter
    let lost: Counter

    init(pubsub: String, topic: String) {
        let labels = [("pubsub", pubsub), ("topic", topic)]
        let deliveries = { (outcome: String) in
            Counter(label: "outrigger_pubsub_deliveries_total", dimensions: labels + [("outcome", outcome)])
        }
        successes = deliveries("success")
        retries = deliveries("retry")
        drops = deliveries("drop")
        expirations = deliveries("expired")
        redeliveries = Counter(label: "outrigger_pubsub_redeliveries_total", dimensions: labels)
        lagEvents = Gauge(label: "outrigger_pubsub_lag_events", dimensions: labels)
        lagSeconds = Gauge(label: "outrigger_pubsub_lag_seconds", dimensions: labels)
        deadLetters = Counter(label: "outrigger_pubsub_dead_letters_total", dimensions: labels)
        parked = Counter(label: "outrigger_pubsub_parked_total", dimensions: labels)
        lost = Counter(label: "outrigger_pubsub_lost_total", dimensions: labels)
    }

    func record(_ tally: DeliveryTally) {
        if tally.successes > 0 { successes.increment(by: tally.successes) }
        if tally.retries > 0 { retries.increment(by: tally.retries) }
        if tally.drops > 0 { drops.increment(by: tally.drops) }
        if tally.expirations > 0 { expirations.increment(by: tally.expirations) }
        if tally.redeliveries > 0 { redeliveries.increment(by: tally.redeliveries) }
    }

    func recordLag(events: Int64, seconds: Double) {
        lagEvents.record(events)
        lagSeconds.record(seconds)
    }
}

/// Counts what is published, by topic. Publishers choose topics freely, so only so many have a figure of their own.
final class PublishMetrics: Sendable {
    static let topicsMax = 256

    private let pubsub: String
    private let counters = Mutex([String: Counter]())
    private let other: Counter

    init(pubsub: String) {
        self.pubsub = pubsub
        other = Self.counter(pubsub, "other")
    }

    func count(_ published: Int, topic: String) {
        guard published > 0 else { return }
        counter(topic).increment(by: published)
    }

    private func counter(_ topic: String) -> Counter {
        counters.withLock { counters in
            if let counter = counters[topic] { return counter }
            guard counters.count < Self.topicsMax else { return other }
            let counter = Self.counter(pubsub, topic)
            counters[topic] = counter
            return counter
        }
    }

    private static func counter(_ pubsub: String, _ topic: String) -> Counter {
        Counter(label: "outrigger_pubsub_published_total", dimensions: [("pubsub", pubsub), ("topic", topic)])
    }
}
