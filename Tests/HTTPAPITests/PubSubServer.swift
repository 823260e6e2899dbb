// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Core
import HTTPAPI
import Logging
import Proxying
import Subscriptions
import Synchronization
import TestKit

/// The API on a free port of loopback, with a broker that keeps what is published: as `pubsub` for every topic, as
/// `scoped` for all but `secret`.
struct PubSubServer: Sendable {
    let broker: RecordingBroker
    let client: HTTPClient
    private let service: HTTPAPIService

    private init(hasComponents: Bool) async throws {
        let broker = RecordingBroker()
        var configuration = APIConfiguration()
        configuration.listen.port = 0
        let values = ["protectedtopics": ComponentMetadata.Value(text: "secret", location: .builtIn)]
        let scopes = TopicScopes(
            ComponentMetadata(componentName: "scoped", location: .builtIn, values: values), appID: "cart")
        let components = [("pubsub", TopicScopes()), ("scoped", scopes)].map { name, scopes in
            PubSubComponent(
                name: name, type: "pubsub.fake", version: "v1", broker: broker, scopes: scopes, appID: "cart")
        }
        service = HTTPAPIService(
            configuration: configuration, components: APIComponents(state: [], pubsub: hasComponents ? components : []),
            invoker: nil, metadata: SidecarMetadata(appID: "cart", app: nil), health: HealthState(),
            eventLoopGroup: EpollEventLoopGroup.singleton, logger: Logger(label: "test"), shutdown: { _ in })
        self.broker = broker
        client = HTTPClient(port: try await service.bind())
    }

    /// Runs `body` beside a server that is stopped after it.
    static func run(hasComponents: Bool = true, _ body: (PubSubServer) async throws -> Void) async throws {
        let server = try await PubSubServer(hasComponents: hasComponents)
        do {
            try await body(server)
            await server.service.stop()
        } catch {
            await server.service.stop()
            throw error
        }
    }
}

/// A broker that keeps what it takes, and refuses what it is told to.
final class RecordingBroker: Broker {
    private struct State {
        var published: [String: [BrokerMessage]] = [:]
        var refusal: @Sendable (Int) -> BrokerError? = { _ in nil }
    }

    let features: BrokerFeatures = [.timeToLive]
    let durability = StateDurability.process
    private let state = Mutex(State())

    var published: [String: [BrokerMessage]] { state.withLock { $0.published } }

    /// From now on each message is refused for whose place in its call there is an error.
    func refuse(_ refusal: @escaping @Sendable (Int) -> BrokerError?) { state.withLock { $0.refusal = refusal } }

    func publish(_ messages: [BrokerMessage], to topic: String) async -> [Result<Void, BrokerError>] {
        state.withLock { state in
            messages.enumerated().map { index, message in
                if let error = state.refusal(index) { return .failure(error) }
                state.published[topic, default: []].append(message)
                return .success(())
            }
        }
    }

    func subscribe(
        _ request: BrokerSubscriptionRequest,
        deliver: @escaping @Sendable ([ReceivedMessage]) async -> [DeliveryOutcome]
    ) async throws(BrokerError) -> any BrokerSubscription {
        throw BrokerError(.invalid, "this broker has no subscribers")
    }
}
