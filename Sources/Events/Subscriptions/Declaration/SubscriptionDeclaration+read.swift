// SPDX-License-Identifier: Apache-2.0

internal import BuildingBlocks
package import Core
internal import WireJSON

/// Declarations that were read, and what was wrong with others, which are left out.
package struct SubscriptionsRead: Sendable {
    package var declarations: [SubscriptionDeclaration] = []
    package var problems: [Problem] = []
    package var warnings: [Problem] = []
}

extension SubscriptionDeclaration {
    private static let versions = ["dapr.io/v1alpha1", "dapr.io/v2alpha1"]
    private static let known = [
        "pubsubname", "topic", "route", "routes", "metadata", "deadLetterTopic", "bulkSubscribe",
    ]

    /// Reads a document of `kind: Subscription`, of either version.
    package static func read(document: DocumentNode) -> SubscriptionsRead {
        var fields = SubscriptionFields(document, key: "")
        let version = fields.text("apiVersion")
        if let version, !versions.contains(version) {
            fields.refuse("apiVersion", found: Problem.quote(version), expected: versions.joined(separator: " or "))
        }
        let scopes = fields.items("scopes").compactMap { item in
            item.text ?? fields.refuse("scopes", at: item.location, found: item.summary, expected: "the id of an app")
        }
        guard var spec = fields.table("spec", known: known) else {
            fields.require("spec")
            return fields.result(nil)
        }
        var declaration = read(&spec, origin: .declarative)
        declaration?.scopes = scopes
        declaration?.location = document.location
        fields.take(spec)
        return fields.result(declaration)
    }

    /// Reads an app's answer to `GET /dapr/subscribe`.
    package static func read(answer body: UnsafeRawBufferPointer) -> SubscriptionsRead {
        var result = SubscriptionsRead()
        let list: DocumentNode
        do { list = try DocumentNode(json: body, named: answerName) } catch {
            let location = SourceLocation.file(answerName, line: error.line, column: error.column)
            result.problems = [Problem(location, key: "", "found what isn't JSON: \(error), expected a list")]
            return result
        }
        if list.isNull { return result }
        guard case .sequence(let items) = list.content else {
            result.problems = [Problem(list.location, key: "", "found \(list.summary), expected a list")]
            return result
        }
        for (index, item) in items.enumerated() {
            var fields = SubscriptionFields(item, key: "[\(index)]", known: known)
            let declaration = read(&fields, origin: .programmatic)
            let read = fields.result(declaration)
            result.declarations += read.declarations
            result.problems += read.problems
            result.warnings += read.warnings
        }
        return result
    }

    /// What a problem calls the answer in place of a file.
    private static let answerName = "GET /dapr/subscribe"

    // MARK: - Parts

    private static func read(_ fields: inout SubscriptionFields, origin: Origin) -> SubscriptionDeclaration? {
        let pubsub = fields.requiredText("pubsubname")
        let topic = fields.requiredText("topic")
        guard let pubsub, let topic else { return nil }
        var declaration = SubscriptionDeclaration(
            pubsub: pubsub, topic: topic, origin: origin, location: fields.node.location)
        declaration.readRoutes(&fields)
        declaration.readMetadata(&fields)
        declaration.deadLetterTopic = fields.text("deadLetterTopic")
        if declaration.deadLetterTopic == topic {
            fields.refuse("deadLetterTopic", found: Problem.quote(topic), expected: "another topic than its own")
        }
        declaration.readBulk(&fields)
        return declaration
    }

    private mutating func readRoutes(_ fields: inout SubscriptionFields) {
        defaultPath = fields.path("route")
        if var routes = fields.table("routes", known: ["rules", "default"]) {
            for (index, item) in routes.items("rules").enumerated() {
                var rule = SubscriptionFields(item, key: "\(routes.key).rules[\(index)]", known: ["match", "path"])
                if let path = rule.path("path", isRequired: true) { read(rule: &rule, path: path) }
                routes.take(rule)
            }
            defaultPath = routes.path("default") ?? defaultPath
            fields.take(routes)
        }
        // A wrong rule has been reported already; without any there is nothing to deliver to.
        if rules.isEmpty && defaultPath == nil && fields.problems.isEmpty { fields.require("route") }
    }

    private mutating func read(rule fields: inout SubscriptionFields, path: String) {
        let match = fields.text("match") ?? ""
        do { rules.append(try Rule(match: match, path: path)) } catch {
            fields.refuse("match", "not a CEL expression: \(error)")
        }
    }

    private mutating func readMetadata(_ fields: inout SubscriptionFields) {
        for (name, value) in fields.texts(in: "metadata") {
            if let expectation = options.take(name, value) {
                fields.refuse("metadata.\(name)", found: Problem.quote(value), expected: expectation)
            }
            metadata.append(.init(name, value))
        }
        if options.retry.longest < options.retry.first { options.retry.longest = options.retry.first }
    }

    private mutating func readBulk(_ fields: inout SubscriptionFields) {
        let known = ["enabled", "maxMessagesCount", "maxAwaitDurationMs"]
        guard var table = fields.table("bulkSubscribe", known: known) else { return }
        var bulk = Bulk()
        let isEnabled = table.truth("enabled") ?? false
        // Zero means that nothing was said.
        if let count = table.count("maxMessagesCount", max: Self.bulkMessagesMax), count > 0 {
            bulk.messagesMax = count
        }
        if let wait = table.count("maxAwaitDurationMs", max: Self.bulkWaitMillisecondsMax), wait > 0 {
            bulk.wait = .milliseconds(wait)
        }
        fields.take(table)
        if isEnabled { self.bulk = bulk }
    }

    /// The most events of one call; each has its place in memory twice while it is delivered.
    package static let bulkMessagesMax = 10_000
    package static let bulkWaitMillisecondsMax = 60_000
}
