// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import HTTPAPI
import Logging
import NIOCore
import ServiceLifecycle
import Subscriptions
import Synchronization
import Testing
import WireHTTP

@testable import Proxying
@testable import Runtime

/// A `Subscriber` as a service, with a fake app and a fake broker.
struct SubscriberRun {
    let subscriber: Subscriber
    let channel: FakeChannel
    let broker: FakeBroker
    let health = HealthState()

    /// Runs `body` beside the service, which is ended after it. Without a channel the app has no port.
    static func with(
        _ channel: FakeChannel?, _ declared: [SubscriptionDeclaration], _ broker: FakeBroker = FakeBroker(),
        _ body: (SubscriberRun) async throws -> Void
    ) async throws {
        let run = SubscriberRun(channel, declared, broker)
        let group = ServiceGroup(
            services: [run.subscriber], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            do { try await body(run) } catch {
                await group.triggerGracefulShutdown()
                throw error
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    private init(_ channel: FakeChannel?, _ declared: [SubscriptionDeclaration], _ broker: FakeBroker) {
        self.channel = channel ?? FakeChannel("[]")
        self.broker = broker
        subscriber = Subscriber(
            components: [
                PubSubComponent(name: "pubsub", type: "pubsub.fake", version: "v1", broker: broker, appID: "cart")
            ],
            declared: declared,
            app: Subscriber.App(id: "cart", channel: channel, subscribeAgainAfter: .milliseconds(40)),
            health: health, metadata: SidecarMetadata(appID: "cart", app: nil),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }
}

/// An app that only says what it is subscribed to.
final class FakeChannel: AppChannel, CustomTestStringConvertible {
    private let body: String
    private let status: Int
    private let failures: Int
    private let calls = Atomic(0)

    /// The first so many calls find nobody.
    init(_ body: String, status: Int = 200, failures: Int = 0) {
        self.body = body
        self.status = status
        self.failures = failures
    }

    var callCount: Int { calls.load(ordering: .relaxed) }
    var testDescription: String { "\(status) \(body)" }

    func call(_ request: HTTPRequest, within timeout: TimeAmount?) async throws(AppChannelError) -> AppCall {
        let number = calls.add(1, ordering: .relaxed).newValue
        guard number > failures else { throw AppChannelError(.unreachable, "nobody listens") }
        return AppCall(
            HTTPUpstream.Response(
                head: HTTPResponseHead(HTTPStatus(status)), body: .bytes(ByteBuffer(string: body))))
    }
}

/// A broker that notes what is asked of it and delivers nothing.
final class FakeBroker: Broker {
    private struct State {
        var refusals: [BrokerError]
        var refusalCount = 0
        var requests: [BrokerSubscriptionRequest] = []
        var isPaused: [Bool] = []
        var endedCount = 0
    }

    let features: BrokerFeatures = []
    let durability = StateDurability.process
    private let state: Mutex<State>

    /// The first subscriptions are refused with these.
    init(refusals: [BrokerError] = []) { state = Mutex(State(refusals: refusals)) }

    var topics: [String] { state.withLock { $0.requests.map(\.topic) } }
    var groups: Set<String> { state.withLock { Set($0.requests.map(\.group)) } }
    var isPaused: [Bool] { state.withLock { $0.isPaused } }
    var refusalCount: Int { state.withLock { $0.refusalCount } }
    var endedCount: Int { state.withLock { $0.endedCount } }

    func publish(_ messages: [BrokerMessage], to topic: String) async -> [Result<Void, BrokerError>] {
        messages.map { _ in .success(()) }
    }

    func subscribe(
        _ request: BrokerSubscriptionRequest,
        deliver: @escaping @Sendable ([ReceivedMessage]) async -> [DeliveryOutcome]
    ) async throws(BrokerError) -> any BrokerSubscription {
        let refusal = state.withLock { state -> BrokerError? in
            guard state.refusals.isEmpty else {
                state.refusalCount += 1
                return state.refusals.removeFirst()
            }
            state.requests.append(request)
            state.isPaused.append(false)
            return nil
        }
        if let refusal { throw refusal }
        return Subscription(broker: self, index: state.withLock { $0.requests.count - 1 })
    }

    private struct Subscription: BrokerSubscription {
        let broker: FakeBroker
        let index: Int

        func setPaused(_ isPaused: Bool) async { broker.state.withLock { $0.isPaused[index] = isPaused } }
        func end() async { broker.state.withLock { $0.endedCount += 1 } }
    }
}
