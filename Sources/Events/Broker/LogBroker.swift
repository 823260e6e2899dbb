// SPDX-License-Identifier: Apache-2.0

package import BuildingBlocks
import Core
package import Logging
import NIOCore
import Synchronization
import Telemetry

/// Publish and subscribe on an event log: a topic is a stream, a group a consumer with checkpoints on it.
///
/// The path of a message: `publish` appends it; the log tells its watch; the topic's `TopicConsumer` reads it into its
/// `DeliveryQueue`, which says when it goes to the app; what became of it ends in a checkpoint. Which partitions this
/// process serves, the `GroupMembership` settles. `Retention` removes what is old.
package final class LogBroker: Broker {
    package let features: BrokerFeatures = [.keyOrder, .timeToLive, .replay]
    package var durability: StateDurability { log.durability }

    /// The most subscriptions of one process.
    package static let subscriptionsMax = 10_000

    let pubsub: String
    let log: any EventLog
    let names: BrokerNames
    let logger: Logger
    private let limits: DeliveryQueue.Limits
    private let publishMetrics: PublishMetrics
    let retention: Retention
    private let subscriptions: Subscriptions

    /// A broker under the name of its component. Brokers with one name on one log share topics and groups.
    package convenience init(
        pubsub: String, log: any EventLog, retention: RetentionPolicy = RetentionPolicy(), logger: Logger
    ) {
        self.init(pubsub: pubsub, log: log, retention: retention, limits: DeliveryQueue.Limits(), logger: logger)
    }

    init(
        pubsub: String, log: any EventLog, retention policy: RetentionPolicy, limits: DeliveryQueue.Limits,
        balanceInterval: Duration = GroupMembership.intervalDefault, logger: Logger
    ) {
        self.pubsub = pubsub
        self.log = log
        self.limits = limits
        self.logger = logger
        names = BrokerNames(pubsub: pubsub)
        publishMetrics = PublishMetrics(pubsub: pubsub)
        let subscriptions = Subscriptions(
            pubsub: pubsub, log: log, logger: logger, balanceInterval: balanceInterval)
        self.subscriptions = subscriptions
        retention = Retention(policy, names: names, log: log, logger: logger) {
            await subscriptions.presence($0, topic: $1)
        }
    }

    package func publish(_ messages: [BrokerMessage], to topic: String) async -> [Result<Void, BrokerError>] {
        guard !topic.isEmpty else {
            return messages.map { _ in .failure(BrokerError(.invalid, "a topic needs a name")) }
        }
        let stream = names.stream(ofTopic: topic)
        let now = WallClock.milliseconds
        let answers = await log.append(messages.map { EventAppend(stream, [MessageRecord.event($0, now: now)]) })
        publishMetrics.count(answers.count { (try? $0.get()) != nil }, topic: topic)
        retention.note(topic: topic)
        return answers.map { answer in answer.map { _ in }.mapError { BrokerError($0) } }
    }

    package func subscribe(
        _ request: BrokerSubscriptionRequest,
        deliver: @escaping @Sendable ([ReceivedMessage]) async -> [DeliveryOutcome]
    ) async throws(BrokerError) -> any BrokerSubscription {
        try Self.check(request)
        let consumer = TopicConsumer(
            request, pubsub: pubsub, log: log, retention: retention, logger: logger, limits: limits, deliver: deliver)
        try await subscriptions.add(consumer)
        retention.note(topic: request.topic)
        return LogSubscription(consumer: consumer, subscriptions: subscriptions)
    }

    /// The subscriptions of this process, ordered by topic.
    package func subscriptionStatuses() async -> [SubscriptionStatus] { await subscriptions.statuses() }

    /// Ends all subscriptions, as each one's `end` does, and the upkeep of the topics. Publishing goes on as long as
    /// the log takes appends.
    package func close() async {
        retention.stop()
        await subscriptions.endAll()
    }

    private static func check(_ request: BrokerSubscriptionRequest) throws(BrokerError) {
        func require(_ isMet: Bool, _ text: String) throws(BrokerError) {
            if !isMet { throw BrokerError(.invalid, text) }
        }
        try require(!request.topic.isEmpty, "a subscription needs a topic")
        try require(!request.group.isEmpty, "a subscription needs a group")
        try require(request.concurrency >= 1, "the concurrency is at least 1")
        try require(request.batchMessagesMax >= 1, "a batch takes at least 1 message")
        try require(request.retry.attemptsMax >= 1, "a message is tried at least once")
        try require(request.deadLetterTopic != request.topic, "the dead letters of a topic need another topic")
        try require(request.deadLetterTopic?.isEmpty != true, "the topic of dead letters needs a name")
    }
}

private struct LogSubscription: BrokerSubscription {
    let consumer: TopicConsumer
    let subscriptions: Subscriptions

    func setPaused(_ isPaused: Bool) async { consumer.setPaused(isPaused) }
    func end() async { await subscriptions.end(consumer) }
}
