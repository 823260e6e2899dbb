// SPDX-License-Identifier: Apache-2.0

package import BuildingBlocks
package import Core
internal import FoundationEssentials

/// What `{…}` in a component's values stands for, and where its references lead.
package struct ComponentTemplates: Sendable {
    package var appID: String
    package var namespace: String
    package var environment: [String: String]

    package init(appID: String, namespace: String, environment: [String: String]) {
        self.appID = appID
        self.namespace = namespace
        self.environment = environment
    }

    /// Fills in Dapr's templates; `{uuid}` is another one each time.
    func fill(_ text: String) -> String {
        guard text.contains("{") else { return text }
        var filled = ""
        var rest = text[...]
        while let brace = rest.firstIndex(of: "{") {
            filled += rest[..<brace]
            rest = rest[brace...]
            if let (template, value) = leading(rest) {
                filled += value
                rest = rest.dropFirst(template.count)
            } else {
                filled.append(rest.removeFirst())
            }
        }
        return filled + rest
    }

    private func leading(_ rest: Substring) -> (template: String, value: String)? {
        for template in ["{uuid}", "{podName}", "{namespace}", "{appID}"] where rest.hasPrefix(template) {
            switch template {
            case "{uuid}": return (template, UUID().uuidString.lowercased())
            case "{podName}": return (template, environment["POD_NAME"] ?? "")
            case "{namespace}": return (template, namespace)
            default: return (template, appID)
            }
        }
        return nil
    }
}

extension ComponentTemplates {
    /// What a value is: templates filled in, references followed.
    func text(of item: ComponentDocument.Item, key: String) throws(Problem) -> String {
        switch item.source {
        case .text(let written): return fill(written)
        case .environment(let name):
            if let value = environment[name] { return value }
            throw Problem(item.location, key: key, "found nothing in the environment as \(name), expected a value")
        case .secret:
            throw Problem(
                item.location, key: key,
                "found a secretKeyRef, expected a value or an envRef, as there are no secret stores yet")
        }
    }
}

extension ComponentDocument {
    /// The values that a kind's `make` gets.
    package func values(_ templates: ComponentTemplates) throws(Problems) -> ComponentMetadata {
        var problems: [Problem] = []
        var values: [String: ComponentMetadata.Value] = [:]
        for item in metadata {
            do throws(Problem) {
                let text = try templates.text(of: item, key: "spec.metadata.\(item.name)")
                values[item.name.lowercased()] = ComponentMetadata.Value(text: text, location: item.location)
            } catch {
                problems.append(error)
            }
        }
        guard problems.isEmpty else { throw Problems(problems) }
        return ComponentMetadata(componentName: name, location: header.location, values: values)
    }
}
