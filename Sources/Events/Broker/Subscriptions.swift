// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Logging
import Synchronization
import Telemetry

/// The subscriptions of one broker in this process: one watch of the log for all of them, one membership for each
/// group.
actor Subscriptions {
    private let names: BrokerNames
    private let log: any EventLog
    private let logger: Logger
    private let balanceInterval: Duration

    /// By their names in the log.
    private var consumers: [String: TopicConsumer] = [:]
    private var memberships: [String: GroupMembership] = [:]
    private var watch: (any EventWatch)?
    private let streams = WatchedStreams()
    /// The last call that tells the watch its streams.
    private var telling: Task<Void, Never>?

    /// How long a new group waits for another instance that creates it at the same time, and between two looks.
    private static let creationLooksMax = 400
    private static let creationLook = Duration.milliseconds(5)

    init(pubsub: String, log: any EventLog, logger: Logger, balanceInterval: Duration) {
        self.balanceInterval = balanceInterval
        names = BrokerNames(pubsub: pubsub)
        self.log = log
        self.logger = logger
    }

    /// Begins to deliver.
    func add(_ consumer: TopicConsumer) async throws(BrokerError) {
        guard consumers.count < LogBroker.subscriptionsMax else {
            throw BrokerError(.overloaded, "the process has as many subscriptions as it may")
        }
        // A second one would get the messages of the same partitions, each of them twice and in no order.
        guard consumers[consumer.consumer] == nil else {
            throw BrokerError(.invalid, "the group is subscribed to this topic in this process already")
        }
        consumers[consumer.consumer] = consumer
        do throws(EventLogError) {
            // First the watch, then the first read: nothing is missed between them.
            streams.add(consumer)
            try await updateWatch()
            try await greet(consumer)
            try await membership(consumer.request.group).add(consumer)
        } catch {
            await forget(consumer)
            throw BrokerError(error)
        }
    }

    func end(_ consumer: TopicConsumer) async {
        guard consumers[consumer.consumer] === consumer else { return }
        await consumer.end()
        await membership(consumer.request.group).remove(consumer)
        await forget(consumer)
    }

    func endAll() async {
        await withDiscardingTaskGroup { group in
            for consumer in consumers.values { group.addTask { await self.end(consumer) } }
        }
    }

    /// What this process knows of a group's interest in a topic.
    func presence(_ group: String, topic: String) -> GroupPresence {
        if consumers[names.consumer(group: group, topic: topic)] != nil { return .subscribed }
        return consumers.values.contains { $0.request.group == group } ? .elsewhere : .unknown
    }

    /// How each stands, ordered by topic and group.
    func statuses() async -> [SubscriptionStatus] {
        var statuses: [SubscriptionStatus] = []
        for consumer in consumers.values { statuses.append(await consumer.status()) }
        return statuses.sorted { ($0.topic, $0.group) < ($1.topic, $1.group) }
    }

    private func membership(_ group: String) -> GroupMembership {
        if let membership = memberships[group] { return membership }
        let membership = GroupMembership(
            group: group, names: names, log: log, logger: logger, interval: balanceInterval)
        memberships[group] = membership
        return membership
    }

    private func forget(_ consumer: TopicConsumer) async {
        if consumers[consumer.consumer] === consumer { consumers[consumer.consumer] = nil }
        streams.remove(consumer)
        guard consumers.isEmpty else { return await tellWatch() }
        // First forgotten, so that a subscription that comes meanwhile begins another.
        let ended = watch.take()
        await ended?.cancel()
    }

    private func updateWatch() async throws(EventLogError) {
        if watch == nil {
            let streams = streams
            let made = try await log.watch { streams.notice($0) }
            if watch == nil { watch = made } else { await made.cancel() }
        }
        await tellWatch()
    }

    /// Tells the watch what is of interest; one after the other, so that an older set never replaces a newer one.
    private func tellWatch() async {
        let earlier = telling
        let task = Task {
            await earlier?.value
            await self.watch?.setStreams(self.streams.names)
        }
        telling = task
        await task.value
    }

    // MARK: - New groups

    /// Makes the group known to the log, or says that it is back.
    private func greet(_ consumer: TopicConsumer) async throws(EventLogError) {
        let places = try await places(of: consumer)
        if places.isNew { return try await create(consumer) }
        if places.absentSinceMilliseconds != nil {
            try await log.save(
                [Checkpoint(stream: consumer.stream, partition: CheckpointPlaces.absence, position: 0)],
                of: consumer.consumer)
        }
    }

    private func places(of consumer: TopicConsumer) async throws(EventLogError) -> CheckpointPlaces {
        CheckpointPlaces(try await log.checkpoints(of: consumer.consumer), stream: consumer.stream)
    }

    /// Saves where the group begins. Only one instance does so, or a later one would move the start of an earlier one.
    private func create(_ consumer: TopicConsumer) async throws(EventLogError) {
        let creator = try await log.join(group: names.newcomers)
        defer { creator.leave() }
        var lookCount = 0
        while !(try creator.tryAcquire(0)) {
            lookCount += 1
            guard lookCount < Self.creationLooksMax else {
                throw EventLogError(.unavailable, "another process has been creating a group for too long")
            }
            try? await Task.sleep(for: Self.creationLook)
        }
        guard try await places(of: consumer).isNew else { return }
        let position: Int64 =
            switch consumer.request.start {
            case .oldest: 0
            case .latest: try await log.head()
            }
        try await log.save(
            [Checkpoint(stream: consumer.stream, partition: CheckpointPlaces.start, position: position)],
            of: consumer.consumer)
        logger.emit(
            .subscriptionGroupCreated(
                topic: consumer.request.topic, group: consumer.request.group, position: position))
    }
}

/// Whether a group still wants a topic, as far as one process knows.
enum GroupPresence {
    case subscribed
    /// The group is here, and not subscribed to the topic any more.
    case elsewhere
    case unknown
}

/// Which consumer wants which stream; read by the log's threads.
private final class WatchedStreams: Sendable {
    private let consumers = Mutex([String: [TopicConsumer]]())

    var names: Set<String> { consumers.withLock { Set($0.keys) } }

    func add(_ consumer: TopicConsumer) {
        consumers.withLock { $0[consumer.stream, default: []].append(consumer) }
    }

    func remove(_ consumer: TopicConsumer) {
        consumers.withLock { consumers in
            let others = (consumers[consumer.stream] ?? []).filter { $0 !== consumer }
            consumers[consumer.stream] = others.isEmpty ? nil : others
        }
    }

    func notice(_ streams: Set<String>) {
        let noticed = consumers.withLock { consumers in streams.flatMap { consumers[$0] ?? [] } }
        for consumer in noticed { consumer.noticeAppend() }
    }
}
