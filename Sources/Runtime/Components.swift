// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Telemetry

/// The components of one sidecar, made from its documents; a block without a document gets its embedded default.
struct Components: Sendable {
    /// The name of the embedded default, which Dapr's own quickstarts use too.
    static let defaultStateName = "statestore"

    var state: [StateComponent] = []

    /// Makes what was planned, in that order.
    ///
    /// A component that can't be made stops the start with a `ComponentError`, unless its document says `ignoreErrors`.
    init(_ plans: [StatePlan], _ surroundings: ComponentSurroundings) async throws {
        for plan in plans {
            do {
                state.append(try await plan.make(surroundings))
            } catch  where plan.document.ignoreErrors {
                surroundings.logger.emit(
                    .componentIgnored(plan.document.name, type: plan.document.type, "\(error)"))
            }
        }
    }

    init() {}

    /// Adds the embedded store, which is there as long as no document names a state store.
    mutating func addDefaultState(_ store: any StateStore, _ surroundings: ComponentSurroundings) {
        state.append(
            StateComponent(
                name: Self.defaultStateName, type: "state.sqlite", version: "v1", store: store,
                appID: surroundings.appID, namespace: surroundings.namespace))
    }
}
