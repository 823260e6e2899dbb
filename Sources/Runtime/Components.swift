// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import HTTPAPI
import LogBroker
import Subscriptions
import Telemetry

/// The components of one sidecar, made from its documents; a block without a document gets its embedded default.
struct Components: Sendable {
    /// The names of the embedded defaults, which Dapr's own quickstarts use too.
    static let defaultStateName = "statestore"
    static let defaultPubSubName = "pubsub"

    var state: [StateComponent] = []
    var pubsub: [PubSubComponent] = []

    /// Makes what was planned, in that order.
    ///
    /// A component that can't be made stops the start with a `ComponentError`, unless its document says `ignoreErrors`.
    init(_ plans: ComponentPlans, _ surroundings: ComponentSurroundings) async throws {
        for plan in plans.state {
            let component = try await Self.making(plan.component, surroundings) { try await plan.make(surroundings) }
            if let component { state.append(component) }
        }
        for plan in plans.pubsub {
            let component = try await Self.making(plan.component, surroundings) { try await plan.make(surroundings) }
            if let component { pubsub.append(component) }
        }
    }

    init() {}

    private static func making<Contract, Component>(
        _ plan: ComponentPlan<Contract>, _ surroundings: ComponentSurroundings, _ make: () async throws -> Component
    ) async throws -> Component? {
        do {
            return try await make()
        } catch  where plan.document.ignoreErrors {
            surroundings.logger.emit(.componentIgnored(plan.document.name, type: plan.document.type, "\(error)"))
            return nil
        }
    }

    /// Adds the embedded store, which is there as long as no document names a state store.
    mutating func addDefaultState(_ store: any StateStore, _ surroundings: ComponentSurroundings) {
        state.append(
            StateComponent(
                name: Self.defaultStateName, type: "state.sqlite", version: "v1", store: store,
                appID: surroundings.appID, namespace: surroundings.namespace))
    }

    /// Adds the broker on the embedded log, which is there as long as no document names a pub/sub component.
    mutating func addDefaultPubSub(_ log: any EventLog, _ surroundings: ComponentSurroundings) {
        let broker = LogBroker(pubsub: Self.defaultPubSubName, log: log, logger: surroundings.logger)
        pubsub.append(
            PubSubComponent(
                name: Self.defaultPubSubName, type: "pubsub.sqlite", version: "v1", broker: broker,
                appID: surroundings.appID))
    }

    var ofAPI: APIComponents { APIComponents(state: state, pubsub: pubsub) }
}
