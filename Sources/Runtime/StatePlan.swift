// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Core

/// A state store that a document asks for, checked against its kind, and not made yet.
///
/// Plans are made while the configuration is read, so that every wrong value is found before anything listens.
struct StatePlan: Sendable {
    /// Settings that every state store has: they are the sidecar's business, not the engine's.
    static let sharedSettings = [
        ComponentSetting(
            "keyPrefix", defaultValue: "appid",
            "What keys are stored under: appid, name, namespace, none, or a text of one's own.")
    ]

    let document: ComponentDocument
    private let kind: ComponentKind<any StateStore>
    private let metadata: ComponentMetadata
    private let keyPrefix: StateKeyPrefix
    /// What the user should hear of although it stops nothing.
    let warnings: [Problem]

    /// Checks one document; all that is wrong with it is thrown at once.
    init(_ document: ComponentDocument, _ catalog: Catalog, _ templates: ComponentTemplates) throws(Problems) {
        guard let kind = catalog.state.first(where: { $0.type == document.type }) else {
            throw Problems([document.unknownType(known: catalog.types)])
        }
        self.document = document
        self.kind = kind
        var shared = kind
        shared.settings += Self.sharedSettings
        (metadata, warnings) = try document.metadata(for: shared, templates)
        keyPrefix = try Self.keyPrefix(of: metadata)
    }

    /// Makes the store, within the document's `initTimeout`.
    func make(_ surroundings: ComponentSurroundings) async throws -> StateComponent {
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

/// A component that could not be made although its document is right.
struct ComponentError: Error, CustomStringConvertible {
    var document: ComponentDocument
    var cause: any Error

    var description: String {
        "\(document.header.location): component \(document.name) (\(document.type)) can't be made: \(cause)"
    }
}
