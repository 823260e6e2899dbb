// SPDX-License-Identifier: Apache-2.0

internal import Core

/// Reads the fields of one table of a subscription and collects what is wrong with them.
///
/// Names are compared without case, as Dapr's readers do, and an unknown one is a warning: the table may be written for
/// a newer Dapr.
struct SubscriptionFields {
    let node: DocumentNode
    let key: String
    private(set) var problems: [Problem] = []
    private(set) var warnings: [Problem] = []

    /// - Parameter known: the names that mean something here; empty if any other may be there too.
    init(_ node: DocumentNode, key: String, known: [String] = []) {
        self.node = node
        self.key = key
        guard case .mapping(let entries) = node.content else {
            problems.append(Problem(node.location, key: key, "found \(node.summary), expected a table"))
            return
        }
        let names = Set(known.map { $0.lowercased() })
        for entry in entries where !known.isEmpty && !names.contains(entry.key.lowercased()) {
            let nearest = EditDistance.nearest(to: entry.key, among: known)
            let suggestion = nearest.map { ", expected \($0), perhaps" } ?? ""
            let message = "found an unknown key; it is left out\(suggestion)"
            warnings.append(Problem(entry.keyLocation, key: inner(entry.key), message))
        }
    }

    /// What was read, unless something is wrong with it.
    func result(_ declaration: SubscriptionDeclaration?) -> SubscriptionsRead {
        var result = SubscriptionsRead()
        if problems.isEmpty, let declaration { result.declarations = [declaration] }
        result.problems = problems
        result.warnings = warnings
        return result
    }

    // MARK: - Problems

    mutating func refuse(_ name: String, _ message: String) {
        problems.append(Problem(field(name)?.location ?? node.location, key: inner(name), message))
    }

    mutating func refuse(_ name: String, found: String, expected: String) {
        refuse(name, "found \(found), expected \(expected)")
    }

    /// Refuses a part of a field; nil, so that it may stand for the value.
    mutating func refuse(_ name: String, at location: SourceLocation, found: String, expected: String) -> String? {
        problems.append(Problem(location, key: inner(name), "found \(found), expected \(expected)"))
        return nil
    }

    mutating func require(_ name: String) {
        // What isn't a table has been said to be none.
        guard case .mapping = node.content else { return }
        problems.append(Problem(node.location, key: inner(name), "found nothing, expected a value"))
    }

    mutating func take(_ fields: SubscriptionFields) {
        problems += fields.problems
        warnings += fields.warnings
    }

    // MARK: - Values

    /// A scalar that isn't empty; null and the empty text count as absent, as in Go's structures.
    mutating func text(_ name: String) -> String? {
        guard let value = field(name), !value.isNull else { return nil }
        guard let text = value.text else {
            refuse(name, found: value.summary, expected: "text")
            return nil
        }
        return text.isEmpty ? nil : text
    }

    mutating func requiredText(_ name: String) -> String? {
        let count = problems.count
        if let text = text(name) { return text }
        if problems.count == count { require(name) }
        return nil
    }

    /// A path of the app; a slash is put before one that has none.
    mutating func path(_ name: String, isRequired: Bool = false) -> String? {
        guard let text = isRequired ? requiredText(name) : text(name) else { return nil }
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            refuse(name, found: Problem.quote(text), expected: "a path without spaces, percent-encoded")
            return nil
        }
        return text.hasPrefix("/") ? text : "/\(text)"
    }

    mutating func truth(_ name: String) -> Bool? {
        guard let text = text(name) else { return nil }
        if let truth = TruthText.value(text) { return truth }
        refuse(name, found: Problem.quote(text), expected: "true or false")
        return nil
    }

    mutating func count(_ name: String, max: Int) -> Int? {
        guard let text = text(name) else { return nil }
        if let count = Int(text), (0...max).contains(count) { return count }
        refuse(name, found: Problem.quote(text), expected: "a whole number from 0 to \(max)")
        return nil
    }

    mutating func table(_ name: String, known: [String]) -> SubscriptionFields? {
        guard let value = field(name), !value.isNull else { return nil }
        return SubscriptionFields(value, key: inner(name), known: known)
    }

    mutating func items(_ name: String) -> [DocumentNode] {
        guard let value = field(name), !value.isNull else { return [] }
        guard case .sequence(let items) = value.content else {
            refuse(name, found: value.summary, expected: "a list")
            return []
        }
        return items
    }

    /// The scalars of a table of texts; a number or a boolean is taken for its text.
    mutating func texts(in name: String) -> [(name: String, value: String)] {
        guard let table = field(name), !table.isNull else { return [] }
        guard case .mapping(let entries) = table.content else {
            refuse(name, found: table.summary, expected: "a table")
            return []
        }
        return entries.compactMap { entry in
            if entry.value.isNull { return (entry.key, "") }
            let text =
                entry.value.text
                ?? refuse(
                    "\(name).\(entry.key)", at: entry.value.location, found: entry.value.summary, expected: "text")
            return text.map { (entry.key, $0) }
        }
    }

    /// The value under a name; a path such as `metadata.rawPayload` leads into tables.
    private func field(_ name: String) -> DocumentNode? {
        var found: DocumentNode? = node
        for part in name.split(separator: ".", maxSplits: 1) {
            guard case .mapping(let entries)? = found?.content else { return nil }
            found = entries.last { $0.key.lowercased() == part.lowercased() }?.value
        }
        return found
    }

    private func inner(_ name: String) -> String { key.isEmpty ? name : "\(key).\(name)" }
}
