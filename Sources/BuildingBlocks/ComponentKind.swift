// SPDX-License-Identifier: Apache-2.0

package import Core
package import Logging

/// A kind of component as a value: its Dapr type, what it can be told, and how it is made.
///
/// Runtime's `Catalog` holds the one list of kinds; nothing registers itself.
package struct ComponentKind<Contract: Sendable>: Sendable {
    /// Dapr's name of the type, such as `state.sqlite`.
    package var type: String
    /// The versions that a document may name; the first is the default.
    package var versions: [String]
    package var settings: [ComponentSetting]
    /// Makes the component; throws a `Problem` for a wrong value, anything else for a failure that a later try may not
    /// meet.
    package var make: @Sendable (ComponentMetadata, ComponentSurroundings) async throws -> Contract

    package init(
        type: String, versions: [String] = ["v1"], settings: [ComponentSetting],
        make: @escaping @Sendable (ComponentMetadata, ComponentSurroundings) async throws -> Contract
    ) {
        self.type = type
        self.versions = versions
        self.settings = settings
        self.make = make
    }
}

/// One key under `spec.metadata` that a kind of component understands. Names are compared without case, as Dapr does.
package struct ComponentSetting: Sendable {
    package enum Form: String, Sendable { case text, integer, boolean, duration }

    package var name: String
    package var form: Form
    package var isRequired: Bool
    package var isSecret: Bool
    package var defaultValue: String?
    package var summary: String

    package init(
        _ name: String, _ form: Form = .text, isRequired: Bool = false, isSecret: Bool = false,
        defaultValue: String? = nil, _ summary: String
    ) {
        self.name = name
        self.form = form
        self.isRequired = isRequired
        self.isSecret = isSecret
        self.defaultValue = defaultValue
        self.summary = summary
    }
}

/// The values of one component's `spec.metadata`, after references to secrets and to the environment were resolved.
package struct ComponentMetadata: Sendable {
    package struct Value: Sendable {
        package var text: String
        package var location: SourceLocation

        package init(text: String, location: SourceLocation) {
            self.text = text
            self.location = location
        }
    }

    package var componentName: String
    package var location: SourceLocation
    /// By lowercased name.
    package var values: [String: Value]

    package init(componentName: String, location: SourceLocation, values: [String: Value]) {
        self.componentName = componentName
        self.location = location
        self.values = values
    }

    package func text(_ name: String) -> String? { values[name.lowercased()]?.text }

    /// Reads a duration as Dapr's components write it: `20s`, `1m30s`, `-1s`, or a plain number of seconds.
    package static func duration(_ text: String) -> Duration? {
        if let seconds = Int64(text) { return .seconds(seconds) }
        guard text.first == "-" else { return Duration(text: text) }
        return Duration(text: String(text.dropFirst())).map { .zero - $0 }
    }
}

/// What a component may know of the sidecar that makes it.
package struct ComponentSurroundings: Sendable {
    package var appID: String
    package var namespace: String
    package var logger: Logger

    package init(appID: String, namespace: String, logger: Logger) {
        self.appID = appID
        self.namespace = namespace
        self.logger = logger
    }
}
