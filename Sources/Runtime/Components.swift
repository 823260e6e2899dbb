// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Core
import Logging
import Telemetry

/// The components of one sidecar, made from its documents; a block without a document gets its embedded default.
struct Components: Sendable {
    /// The name of the embedded default, which Dapr's own quickstarts use too.
    static let defaultStateName = "statestore"

    var state: [StateComponent] = []

    /// What making components needs to know and may use.
    struct Workshop {
        var catalog: Catalog
        var templates: ComponentTemplates
        var logger: Logger
    }

    /// Makes what the documents ask for, in their order.
    ///
    /// Every wrong value is found before anything is made, and thrown as `Problems`. A component that can't be made
    /// stops the start with a `ComponentError`, unless its document says `ignoreErrors`.
    static func make(_ documents: [ComponentDocument], in workshop: Workshop) async throws -> Components {
        let plans = try plan(documents, in: workshop)
        var components = Components()
        for plan in plans {
            do {
                components.state.append(try await plan.make(in: workshop))
            } catch where plan.document.ignoreErrors {
                workshop.logger.emit(.componentIgnored(plan.document.name, type: plan.document.type, "\(error)"))
            }
        }
        return components
    }

    /// Adds the embedded store if no document gave a state store.
    mutating func addDefaultState(_ store: any StateStore, appID: String, namespace: String) {
        state.append(
            StateComponent(
                name: Self.defaultStateName, type: "state.sqlite", version: "v1", store: store, appID: appID,
                namespace: namespace))
    }

    private static func plan(
        _ documents: [ComponentDocument], in workshop: Workshop
    ) throws(Problems) -> [StatePlan] {
        var plans: [StatePlan] = []
        var problems: [Problem] = []
        for document in documents {
            do throws(Problems) {
                let (plan, warnings) = try StatePlan.read(document, in: workshop)
                plans.append(plan)
                for warning in warnings { workshop.logger.emit(.configurationWarned(warning)) }
            } catch {
                problems += error.all
            }
        }
        guard problems.isEmpty else { throw Problems(problems) }
        return plans
    }
}

/// A state store that was asked for and can be tried.
private struct StatePlan {
    /// Settings that every state store has: they are the sidecar's business, not the engine's.
    static let sharedSettings = [
        ComponentSetting(
            "keyPrefix", defaultValue: "appid",
            "What keys are stored under: appid, name, namespace, none, or a text of one's own.")
    ]

    var document: ComponentDocument
    var kind: ComponentKind<any StateStore>
    var metadata: ComponentMetadata
    var keyPrefix: StateKeyPrefix

    static func read(
        _ document: ComponentDocument, in workshop: Components.Workshop
    ) throws(Problems) -> (StatePlan, warnings: [Problem]) {
        guard let kind = workshop.catalog.state.first(where: { $0.type == document.type }) else {
            throw Problems([unknownType(document, workshop.catalog)])
        }
        if let version = document.version, !kind.versions.contains(version) {
            throw Problems([
                Problem(
                    document.typeLocation, key: "spec.version",
                    "found \(Problem.quote(version)), expected \(kind.versions.joined(separator: " or "))")
            ])
        }
        let metadata = try document.values(workshop.templates)
        let warnings = try metadata.check(against: kind.settings + sharedSettings)
        return (
            StatePlan(document: document, kind: kind, metadata: metadata, keyPrefix: try keyPrefix(of: metadata)), warnings
        )
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

    func make(in workshop: Components.Workshop) async throws -> StateComponent {
        let surroundings = ComponentSurroundings(
            appID: workshop.templates.appID, namespace: workshop.templates.namespace, logger: workshop.logger)
        let store: any StateStore
        do {
            store = try await withDeadline(document.initTimeout) { [kind, metadata] in
                try await kind.make(metadata, surroundings)
            }
        } catch let problem as Problem {
            throw Problems([problem])
        } catch {
            throw ComponentError(document: document, cause: error)
        }
        return StateComponent(
            name: document.name, type: document.type, version: document.version ?? kind.versions[0], store: store,
            keyPrefix: keyPrefix, appID: surroundings.appID, namespace: surroundings.namespace)
    }

    private static func unknownType(_ document: ComponentDocument, _ catalog: Catalog) -> Problem {
        let nearest = EditDistance.nearest(to: document.type, among: catalog.types)
        let hint = nearest.map { "; \($0), perhaps" } ?? ""
        return Problem(
            document.typeLocation, key: "spec.type",
            "found \(Problem.quote(document.type)), expected one of \(catalog.types.joined(separator: ", "))\(hint)")
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
