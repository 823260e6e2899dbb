// SPDX-License-Identifier: Apache-2.0

package import Core

/// A Dapr resource document.
package enum ResourceDocument: Sendable {
    case component(ComponentDocument)
    /// What the app wants of a topic; the node is the whole document.
    case subscription(ResourceHeader, DocumentNode)
    /// A server outside that is invoked by the document's name; the node is the whole document.
    case endpoint(ResourceHeader, DocumentNode)
    /// A kind that is recognised and used by nothing yet.
    case unused(Kind, ResourceHeader, DocumentNode)

    /// The kinds beside `Component`.
    package enum Kind: String, Sendable, CaseIterable {
        case configuration = "Configuration"
        case resiliency = "Resiliency"
    }

    package var header: ResourceHeader {
        switch self {
        case .component(let component): component.header
        case .subscription(let header, _), .endpoint(let header, _), .unused(_, let header, _): header
        }
    }
}

/// What all Dapr resources have.
package struct ResourceHeader: Sendable, Equatable {
    package var name: String
    /// Nil: the namespace of whoever reads it.
    package var namespace: String?
    /// The ids of the apps that it is for; empty for all.
    package var scopes: [String]
    package var location: SourceLocation

    /// Whether an app takes notice of the resource.
    package func isMeant(for appID: String?, in namespace: String) -> Bool {
        guard self.namespace == nil || self.namespace == namespace else { return false }
        return scopes.isEmpty || appID.map(scopes.contains) == true
    }
}

/// A document of `kind: Component`, as it was written: references are not followed yet.
package struct ComponentDocument: Sendable, Equatable {
    package struct Item: Sendable, Equatable {
        package enum Source: Sendable, Equatable {
            case text(String)
            case environment(String)
            case secret(name: String, key: String)
        }

        package var name: String
        package var source: Source
        package var location: SourceLocation
    }

    package var header: ResourceHeader
    package var type: String
    /// Where `spec.type` is, for a problem with a type that nobody knows.
    package var typeLocation: SourceLocation
    /// Nil: the default version of the kind.
    package var version: String?
    /// A component that can't be made is left out instead of stopping the start.
    package var ignoreErrors: Bool
    package var initTimeout: Duration
    package var metadata: [Item]
    /// The secret store that `secretKeyRef` means.
    package var secretStore: String?

    package var name: String { header.name }

    /// Dapr's default of `spec.initTimeout`.
    package static let initTimeoutDefault = Duration.seconds(5)
}
