// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Core
import HTTPAPI
import LogBroker
import Logging
import NIOCore
import Proxying
import ServiceLifecycle
import Subscriptions
import Synchronization
import Telemetry
import WireHTTP

/// What the app is subscribed to, as a service.
///
/// Once the app is up and well it is asked what it wants; that and what the documents declare is served from then on.
/// Deliveries pause while the app is down or unwell, so that an app that restarts doesn't use up the tries of its
/// messages. At the end nothing new is taken, and what is with the app is waited for.
final class Subscriber: Service {
    private let components: [PubSubComponent]
    private let declared: [SubscriptionDeclaration]
    private let calls: AppCalls
    private let appID: String
    private let tracer: Tracer
    private let health: HealthState
    private let metadata: SidecarMetadata
    private let logger: Logger
    private let running = Mutex<[any BrokerSubscription]>([])

    init(
        components: [PubSubComponent], declared: [SubscriptionDeclaration], calls: AppCalls, appID: String,
        tracer: Tracer, health: HealthState, metadata: SidecarMetadata, logger: Logger
    ) {
        self.tracer = tracer
        self.components = components
        self.declared = declared
        self.calls = calls
        self.appID = appID
        self.health = health
        self.metadata = metadata
        self.logger = logger
    }

    func run() async throws {
        guard calls.canCall else {
            for declaration in declared { logger.emit(.subscriptionWithoutPort(declaration.topic)) }
            try? await gracefulShutdown()
            return
        }
        var hasBegun = false
        for await isUp in appChanges().cancelOnGracefulShutdown() {
            if hasBegun {
                await setPaused(!isUp)
            } else if isUp {
                hasBegun = true
                await begin()
            }
        }
        await end()
    }

    /// Ends every subscription; what is with the app is waited for.
    func end() async {
        let ended = running.withLock { running in
            defer { running = [] }
            return running
        }
        await withDiscardingTaskGroup { group in
            for subscription in ended { group.addTask { await subscription.end() } }
        }
    }

    /// Whether the app is up and well, now and at each change.
    private func appChanges() -> AsyncStream<Bool> {
        let (changes, continuation) = AsyncStream.makeStream(of: Bool.self, bufferingPolicy: .bufferingNewest(1))
        let (health, channel) = (health, calls.channel)
        let tell: @Sendable () -> Void = { continuation.yield(health.isAppReady && channel.isHealthy) }
        health.observeApp(tell)
        calls.health?.observe { _ in tell() }
        tell()
        return changes
    }

    private func setPaused(_ isPaused: Bool) async {
        for subscription in running.withLock({ $0 }) { await subscription.setPaused(isPaused) }
    }

    // MARK: - The beginning

    private func begin() async {
        var wanted = await askApp()
        // What the app says itself goes before what a document says of the same topic.
        let named = Set(wanted.map { "\($0.pubsub)\u{0}\($0.topic)" })
        wanted += declared.filter { !named.contains("\($0.pubsub)\u{0}\($0.topic)") }
        var served: [SubscriptionDeclaration] = []
        for declaration in wanted where await subscribe(declaration) { served.append(declaration) }
        metadata.set(subscriptions: served)
        if !served.isEmpty { logger.emit(.subscribed(topics: served.map { "\($0.pubsub)/\($0.topic)" })) }
    }

    private func subscribe(_ declaration: SubscriptionDeclaration) async -> Bool {
        let (pubsub, topic) = (declaration.pubsub, declaration.topic)
        guard let component = components.first(where: { $0.name == pubsub }) else {
            logger.emit(.subscriptionRefused(topic: topic, pubsub: pubsub, "there is no such pub/sub component"))
            return false
        }
        guard component.scopes.maySubscribe(to: topic) else {
            logger.emit(.subscriptionRefused(topic: topic, pubsub: pubsub, "its scopes don't give the app the topic"))
            return false
        }
        let delivery = SubscriptionDelivery(declaration, to: calls.channel, tracer: tracer)
        do {
            let subscription = try await component.broker.subscribe(declaration.request(group: appID)) {
                await delivery.deliver($0)
            }
            running.withLock { $0.append(subscription) }
            return true
        } catch {
            logger.emit(.subscriptionRefused(topic: topic, pubsub: pubsub, error.description))
            return false
        }
    }

    // MARK: - What the app says

    /// Tries to ask an app that can't be reached, and the wait after the first of them: Dapr's own policy.
    private static let triesMax = 3
    private static let firstWait = Duration.milliseconds(250)
    private static let answerTimeout = TimeAmount.seconds(10)
    private static let answerBytesMax = 4 << 20

    /// Asks the app for its subscriptions; an app without any answers 404.
    private func askApp() async -> [SubscriptionDeclaration] {
        var wait = Self.firstWait
        for attempt in 1...Self.triesMax {
            do {
                return try await askOnce()
            } catch {
                guard attempt < Self.triesMax else {
                    logger.emit(.subscriptionsUnknown("\(error)"))
                    return []
                }
                try? await Task.sleep(for: wait)
                wait = wait * 2
            }
        }
        return []
    }

    private func askOnce() async throws -> [SubscriptionDeclaration] {
        let request = HTTPRequest(HTTPRequestHead(.get, "/dapr/subscribe"))
        let answer = try await calls.channel.call(request, within: Self.answerTimeout)
        let status = answer.response.head.status
        guard status.isSuccess else {
            if status != .notFound { logger.emit(.subscriptionsUnknown("the app answered \(status.code)")) }
            return []
        }
        guard let body = try await answer.response.body.collect(upTo: Self.answerBytesMax) else {
            logger.emit(.subscriptionsUnknown("the app's answer is larger than \(Self.answerBytesMax) bytes"))
            return []
        }
        let read = body.withUnsafeReadableBytes { SubscriptionDeclaration.read(answer: $0) }
        for problem in read.problems + read.warnings { logger.emit(.subscriptionMalformed("\(problem)")) }
        return read.declarations
    }
}

/// Ends a broker when its subscriptions and publishers have ended.
struct BrokerService: Service {
    var broker: LogBroker

    func run() async throws {
        try? await gracefulShutdown()
        await broker.close()
    }
}
