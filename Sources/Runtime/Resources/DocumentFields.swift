// SPDX-License-Identifier: Apache-2.0

internal import Core
internal import Settings

/// Reads the fields of one table of a Dapr document and collects what is wrong with them.
///
/// Unlike in Outrigger's own file an unknown key is a warning, unless the table is strict: Dapr and Kubernetes take no
/// notice of one, and a document may be written for a newer Dapr.
struct DocumentFields {
    let node: DocumentNode
    /// The key of the table, `spec`; empty for the document.
    let key: String
    private(set) var problems: [Problem] = []
    private(set) var warnings: [Problem] = []

    /// - Parameter known: the keys that mean something here; empty if any other may be there too.
    init(_ node: DocumentNode, key: String, known: [String] = [], isStrict: Bool = false) {
        self.node = node
        self.key = key
        guard case .mapping(let entries) = node.content else {
            problems.append(Problem(node.location, key: key, "found \(node.summary), expected a table"))
            return
        }
        for entry in entries where !known.isEmpty && !known.contains(entry.key) {
            let nearest = EditDistance.nearest(to: entry.key, among: known)
            let message =
                isStrict
                ? "found an unknown key, expected \(nearest.map { "\($0), perhaps" } ?? known.alternatives)"
                : "found an unknown key; it is left out\(nearest.map { ", expected \($0), perhaps" } ?? "")"
            let problem = Problem(entry.keyLocation, key: inner(entry.key), message)
            if isStrict { problems.append(problem) } else { warnings.append(problem) }
        }
    }

    mutating func requiredText(_ name: String) -> String? {
        guard let value = node[name], !value.isNull else {
            // What isn't a table has been said to be none.
            if case .mapping = node.content {
                problems.append(Problem(node.location, key: inner(name), "found nothing, expected text"))
            }
            return nil
        }
        return text(name)
    }

    /// A scalar that isn't empty; null counts as absent.
    mutating func text(_ name: String) -> String? {
        guard let value = node[name], !value.isNull else { return nil }
        guard let text = value.text, !text.isEmpty else {
            problems.append(Problem(value.location, key: inner(name), "found \(value.summary), expected text"))
            return nil
        }
        return text
    }

    mutating func value<Value>(_ name: String, _ type: SettingType<Value>) -> Value? {
        guard let node = node[name], !node.isNull else { return nil }
        guard let value = node.text.flatMap(type.parse) else {
            problems.append(
                Problem(node.location, key: inner(name), "found \(node.summary), expected \(type.expectation)"))
            return nil
        }
        return value
    }

    mutating func texts(_ name: String) -> [String] {
        items(name).compactMap { item in
            if let text = item.text { return text }
            problems.append(
                Problem(item.location, key: inner(name), "found \(item.summary) in the list, expected text"))
            return nil
        }
    }

    mutating func items(_ name: String) -> [DocumentNode] {
        guard let value = node[name], !value.isNull else { return [] }
        guard case .sequence(let items) = value.content else {
            problems.append(Problem(value.location, key: inner(name), "found \(value.summary), expected a list"))
            return []
        }
        return items
    }

    mutating func refuse(_ problem: Problem) { problems.append(problem) }
    mutating func warn(_ problem: Problem) { warnings.append(problem) }

    /// Adds what was found in a table inside this one.
    mutating func take(_ fields: DocumentFields) {
        problems += fields.problems
        warnings += fields.warnings
    }

    func inner(_ name: String) -> String { key.isEmpty ? name : "\(key).\(name)" }
}
