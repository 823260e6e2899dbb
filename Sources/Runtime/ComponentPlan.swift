// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Core
import Subscriptions

/// A component that a document asks for, checked against its kind, and not made yet.
///
/// Plans are made while the configuration is read, so that every wrong value is found before anything listens.
struct ComponentPlan<Contract: Sendable>: Sendable {
    let document: ComponentDocument
    let metadata: ComponentMetadata
    /// What the user should hear of although it stops nothing.
    let warnings: [Problem]
    private let kind: ComponentKind<Contract>

    /// Checks one document; all that is wrong with it is thrown at once. `shared`: settings that every component of the
    /// block has; they are the sidecar's business, not the engine's.
    init(
        _ document: ComponentDocument, _ kind: ComponentKind<Contract>, shared: [ComponentSetting],
        _ templates: ComponentTemplates
    ) throws(Problems) {
        self.document = document
        self.kind = kind
        var whole = kind
        whole.settings += shared
        (metadata, warnings) = try document.metadata(for: whole, templates)
    }

    var version: String { document.version ?? kind.versions[0] }

    /// Makes the component, within the document's `initTimeout`.
    func make(_ surroundings: ComponentSurroundings) async throws -> Contract {
        do {
            return try await withDeadline(document.initTimeout) { [kind, metadata] in
                try await kind.make(metadata, surroundings)
            }
        } catch let problem as Problem {
            throw Problems([problem])
        } catch {
            throw ComponentError(document: document, cause: error)
        }
    }
}

/// All components that the documents ask for.
struct ComponentPlans: Sendable {
    var state: [StatePlan] = []
    var pubsub: [PubSubPlan] = []

    /// Checks one document, and adds its plan; returns what the user should hear of.
    mutating func add(
        _ document: ComponentDocument, _ catalog: Catalog, _ templates: ComponentTemplates
    ) throws(Problems) -> [Problem] {
        if let kind = catalog.state.first(where: { $0.type == document.type }) {
            let plan = try StatePlan(document, kind, templates)
            state.append(plan)
            return plan.component.warnings
        }
        if let kind = catalog.pubsub.first(where: { $0.type == document.type }) {
            let plan = try PubSubPlan(document, kind, templates)
            pubsub.append(plan)
            return plan.component.warnings
        }
        throw Problems([document.unknownType(known: catalog.types)])
    }
}

/// A state store that a document asks for.
struct StatePlan: Sendable {
    private static let sharedSettings = [
        ComponentSetting(
            "keyPrefix", defaultValue: "appid",
            "What keys are stored under: appid, name, namespace, none, or a text of one's own.")
    ]

    let component: ComponentPlan<any StateStore>
    private let keyPrefix: StateKeyPrefix

    init(
        _ document: ComponentDocument, _ kind: ComponentKind<any StateStore>, _ templates: ComponentTemplates
    ) throws(Problems) {
        component = try ComponentPlan(document, kind, shared: Self.sharedSettings, templates)
        keyPrefix = try Self.keyPrefix(of: component.metadata)
    }

    func make(_ surroundings: ComponentSurroundings) async throws -> StateComponent {
        StateComponent(
            name: component.document.name, type: component.document.type, version: component.version,
            store: try await component.make(surroundings), keyPrefix: keyPrefix, appID: surroundings.appID,
            namespace: surroundings.namespace)
    }

    private static func keyPrefix(of metadata: ComponentMetadata) throws(Problems) -> StateKeyPrefix {
        let value = metadata.values["keyprefix"]
        do {
            return try StateKeyPrefix(value?.text)
        } catch {
            throw Problems([
                Problem(
                    value?.location ?? metadata.location, key: "spec.metadata.keyPrefix",
                    "found \(Problem.quote(value?.text ?? "")), expected a text without ||")
            ])
        }
    }
}

/// A pub/sub component that a document asks for.
struct PubSubPlan: Sendable {
    private static let sharedSettings = [
        ComponentSetting("allowedTopics", .text, "The only topics that may be used, with commas between them."),
        ComponentSetting("protectedTopics", .text, "Topics for apps alone that the scopes give them to."),
        ComponentSetting("publishingScopes", .text, "What apps may publish to: `app1=topic1,topic2;app2=`."),
        ComponentSetting("subscriptionScopes", .text, "What apps may subscribe to, written in the same way."),
    ]

    let component: ComponentPlan<any Broker>

    init(
        _ document: ComponentDocument, _ kind: ComponentKind<any Broker>, _ templates: ComponentTemplates
    ) throws(Problems) {
        component = try ComponentPlan(document, kind, shared: Self.sharedSettings, templates)
    }

    func make(_ surroundings: ComponentSurroundings) async throws -> PubSubComponent {
        PubSubComponent(
            name: component.document.name, type: component.document.type, version: component.version,
            broker: try await component.make(surroundings),
            scopes: TopicScopes(component.metadata, appID: surroundings.appID), appID: surroundings.appID)
    }
}

/// A component that could not be made although its document is right.
struct ComponentError: Error, CustomStringConvertible {
    var document: ComponentDocument
    var cause: any Error

    var description: String {
        "\(document.header.location): component \(document.name) (\(document.type)) can't be made: \(cause)"
    }
}
