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
/// messages. A subscription that the broker can't take yet, as on a full disk, is tried again. At the end nothing new
/// is taken, and what is with the app is waited for.
final class Subscriber: Service {
    /// How the app is called and watched.
    struct App: Sendable {
        var id: String
        /// Nil if the app has no port.
        var channel: (any AppChannel)?
        /// Nil if the app's health isn't checked.
        var health: AppHealth?
        var tracer = Tracer.off
        /// How long the app may take for a delivery.
        var deliveryTimeout = AppRequest.timeoutDefault
        /// How long a subscription waits that the broker couldn't take.
        var subscribeAgainAfter = Duration.seconds(5)
    }

    private struct State {
        var running: [any BrokerSubscription] = []
        var served: [SubscriptionDeclaration] = []
        var isPaused = false
        var hasEnded = false
    }

    private let components: [PubSubComponent]
    private let declared: [SubscriptionDeclaration]
    private let app: App
    private let health: HealthState
    private let metadata: SidecarMetadata
    private let logger: Logger
    private let state = Mutex(State())

    init(
        components: [PubSubComponent], declared: [SubscriptionDeclaration], app: App, health: HealthState,
        metadata: SidecarMetadata, logger: Logger
    ) {
        self.components = components
        self.declared = declared
        self.app = app
        self.health = health
        self.metadata = metadata
        self.logger = logger
    }

    func run() async throws {
        guard let channel = app.channel else {
            for declaration in declared { logger.emit(.subscriptionWithoutPort(declaration.topic)) }
            try? await gracefulShutdown()
            return
        }
        await withDiscardingTaskGroup { group in
            var hasBegun = false
            for await isUp in appChanges(channel).cancelOnGracefulShutdown() {
                if hasBegun {
                    await setPaused(!isUp)
                } else if isUp {
                    hasBegun = true
                    let left = await subscribe(await wanted(channel), channel)
                    if !left.isEmpty { group.addTask { await self.subscribeLater(left, channel) } }
                }
            }
            group.cancelAll()
        }
        await end()
    }

    /// Ends every subscription, and lets none begin; what is with the app is waited for.
    func end() async {
        let ended = state.withLock { state in
            defer { state.running = [] }
            state.hasEnded = true
            return state.running
        }
        await withDiscardingTaskGroup { group in
            for subscription in ended { group.addTask { await subscription.end() } }
        }
    }

    /// Whether the app is up and well, now and at each change.
    private func appChanges(_ channel: any AppChannel) -> AsyncStream<Bool> {
        let (changes, continuation) = AsyncStream.makeStream(of: Bool.self, bufferingPolicy: .bufferingNewest(1))
        let health = health
        let tell: @Sendable () -> Void = { continuation.yield(health.isAppReady && channel.isHealthy) }
        health.observeApp(tell)
        app.health?.observe { _ in tell() }
        tell()
        return changes
    }

    private func setPaused(_ isPaused: Bool) async {
        let running = state.withLock { state in
            state.isPaused = isPaused
            return state.running
        }
        for subscription in running { await subscription.setPaused(isPaused) }
    }

    // MARK: - The beginning

    /// What the app says itself goes before what a document says of the same topic.
    private func wanted(_ channel: any AppChannel) async -> [SubscriptionDeclaration] {
        let asked = await askApp(channel)
        let named = Set(asked.map { "\($0.pubsub)\u{0}\($0.topic)" })
        return asked + declared.filter { !named.contains("\($0.pubsub)\u{0}\($0.topic)") }
    }

    /// Subscribes to all; returns those that are worth another try.
    private func subscribe(
        _ wanted: [SubscriptionDeclaration], _ channel: any AppChannel, isAgain: Bool = false
    ) async -> [SubscriptionDeclaration] {
        var left: [SubscriptionDeclaration] = []
        for declaration in wanted {
            do {
                try await subscribe(declaration, channel)
            } catch {
                if !isAgain {
                    logger.emit(
                        .subscriptionRefused(topic: declaration.topic, pubsub: declaration.pubsub, error.description))
                }
                if error.mayPass { left.append(declaration) }
            }
        }
        let served = state.withLock { $0.served }
        metadata.set(subscriptions: served)
        if left.count < wanted.count && !served.isEmpty {
            logger.emit(.subscribed(topics: served.map { "\($0.pubsub)/\($0.topic)" }))
        }
        return left
    }

    private func subscribeLater(_ left: [SubscriptionDeclaration], _ channel: any AppChannel) async {
        var left = left
        while !left.isEmpty {
            do { try await Task.sleep(for: app.subscribeAgainAfter) } catch { return }
            left = await subscribe(left, channel, isAgain: true)
        }
    }

    private func subscribe(_ declaration: SubscriptionDeclaration, _ channel: any AppChannel) async throws(BrokerError)
    {
        guard let component = components.first(where: { $0.name == declaration.pubsub }) else {
            let known = components.isEmpty ? "none" : components.map(\.name).joined(separator: ", ")
            throw BrokerError(.invalid, "there is no such pub/sub component, but \(known)")
        }
        guard component.scopes.maySubscribe(to: declaration.topic) else {
            throw BrokerError(.invalid, "its scopes don't give the app the topic")
        }
        let delivery = SubscriptionDelivery(
            declaration, to: channel, timeout: app.deliveryTimeout, tracer: app.tracer)
        let subscription = try await component.broker.subscribe(declaration.request(group: app.id)) {
            await delivery.deliver($0)
        }
        let isLate = state.withLock { state in
            guard !state.hasEnded else { return true }
            state.running.append(subscription)
            state.served.append(declaration)
            return false
        }
        if isLate { return await subscription.end() }
        await align(subscription)
    }

    /// Pauses a new subscription if the others are; once more if that changed meanwhile.
    private func align(_ subscription: any BrokerSubscription) async {
        var isPaused = false
        while true {
            let wanted = state.withLock { $0.isPaused }
            if wanted == isPaused { return }
            await subscription.setPaused(wanted)
            isPaused = wanted
        }
    }

    // MARK: - What the app says

    /// Tries to ask an app that can't be reached, and the wait after the first of them: Dapr's own policy.
    private static let triesMax = 3
    private static let firstWait = Duration.milliseconds(250)
    private static let answerTimeout = TimeAmount.seconds(10)
    private static let answerBytesMax = 4 << 20

    /// Asks the app for its subscriptions; an app without any answers 404.
    private func askApp(_ channel: any AppChannel) async -> [SubscriptionDeclaration] {
        var wait = Self.firstWait
        for attempt in 1...Self.triesMax {
            do {
                return try await askOnce(channel)
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

    private func askOnce(_ channel: any AppChannel) async throws -> [SubscriptionDeclaration] {
        let request = HTTPRequest(HTTPRequestHead(.get, "/dapr/subscribe"))
        let answer = try await channel.call(request, within: Self.answerTimeout)
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

extension BrokerError {
    /// Whether the broker may do later what it can't do now.
    fileprivate var mayPass: Bool {
        switch code {
        case .storageFull, .overloaded, .unavailable: true
        case .tooLarge, .corrupt, .readOnly, .invalid, .failed: false
        }
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
