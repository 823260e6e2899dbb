// SPDX-License-Identifier: Apache-2.0

import AppInvocation
internal import Core
internal import HTTPAPI
internal import Settings

/// `spec.accessControl` of Dapr's `kind: Configuration`: who may call this app.
///
/// What isn't understood stops the start: a rule that is left out would let somebody in.
struct DaprAccessControl {
    /// Nil if the document has none, or there are problems.
    private(set) var accessControl: AccessControl?
    private(set) var problems: [Problem] = []
    private(set) var warnings: [Problem] = []

    /// More policies than there are apps that call one; and operations of each.
    static let policiesMax = 4096
    static let operationsMax = 1024

    init(_ document: DocumentNode) {
        guard let node = document["spec"]?["accessControl"], !node.isNull else { return }
        var fields = Self.strictFields(
            node, key: "spec.accessControl", known: ["defaultAction", "trustDomain", "policies"])
        let action = fields.value("defaultAction", .action)
        let trustDomain = fields.text("trustDomain")
        var policies: [AccessControl.Policy] = []
        for item in Self.limited("policies", Self.policiesMax, &fields) {
            guard let policy = Self.policy(item, &fields) else { continue }
            if policies.contains(where: { $0.caller == policy.caller }) {
                fields.refuse(
                    Problem(
                        item.location, key: "spec.accessControl.policies",
                        "found a second policy of \(policy.caller), expected one"))
            }
            policies.append(policy)
        }
        (problems, warnings) = (fields.problems, fields.warnings)
        // As in Dapr: something is said, so what isn't is denied; nothing at all is no access control.
        guard problems.isEmpty, action != nil || trustDomain != nil || !policies.isEmpty else { return }
        accessControl = AccessControl(
            defaultAction: action ?? (policies.isEmpty ? .allow : .deny),
            trustDomain: trustDomain ?? AccessControl.trustDomainDefault, policies: policies)
    }

    private static func policy(_ node: DocumentNode, _ list: inout DocumentFields) -> AccessControl.Policy? {
        let known = ["appId", "defaultAction", "trustDomain", "namespace", "operations"]
        var fields = strictFields(node, key: "spec.accessControl.policies", known: known)
        defer { list.take(fields) }
        let appID = fields.requiredText("appId")
        let trustDomain = fields.requiredText("trustDomain")
        let namespace = fields.requiredText("namespace")
        let action = fields.value("defaultAction", .action)
        let operations = limited("operations", operationsMax, &fields).compactMap { operation($0, &fields) }
        guard let appID, let trustDomain, let namespace else { return nil }
        return AccessControl.Policy(
            caller: AccessControl.Caller(appID: appID, namespace: namespace, trustDomain: trustDomain),
            defaultAction: action, operations: operations)
    }

    private static let verbs = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "*"]

    private static func operation(_ node: DocumentNode, _ list: inout DocumentFields) -> AccessControl.Operation? {
        var fields = strictFields(
            node, key: "spec.accessControl.policies.operations", known: ["name", "httpVerb", "action"])
        defer { list.take(fields) }
        let name = fields.requiredText("name")
        let pattern = name.flatMap(OperationPattern.init)
        if let name, pattern == nil {
            fields.refuse(
                Problem(
                    node["name"]?.location ?? node.location, key: fields.inner("name"),
                    "found \(Problem.quote(name)), expected a path such as /orders, with /* or /** at its end only"))
        }
        let verbs = fields.texts("httpVerb").map { $0.uppercased() }
        for verb in verbs where !Self.verbs.contains(verb) {
            fields.refuse(
                Problem(
                    node["httpVerb"]?.location ?? node.location, key: fields.inner("httpVerb"),
                    "found \(Problem.quote(verb)), expected \(Self.verbs.alternatives)"))
        }
        if verbs.isEmpty {
            fields.warn(
                Problem(
                    node.location, key: fields.inner("httpVerb"),
                    "found nothing, expected verbs or \"*\"; without them the operation means no HTTP request"))
        }
        let action: AccessControl.Action? = fields.value("action", .action)
        if node["action"]?.isNull != false {
            fields.refuse(Problem(node.location, key: fields.inner("action"), "found nothing, expected allow or deny"))
        }
        guard let pattern, let action else { return nil }
        return AccessControl.Operation(pattern: pattern, verbs: verbs, action: action)
    }

    // MARK: - Fields

    /// An unknown key is a problem here, unlike elsewhere in Dapr's documents: a misspelt `operations` opens a door.
    private static func strictFields(_ node: DocumentNode, key: String, known: [String]) -> DocumentFields {
        DocumentFields(node, key: key, known: known, isStrict: true)
    }

    private static func limited(_ name: String, _ limit: Int, _ fields: inout DocumentFields) -> [DocumentNode] {
        let items = fields.items(name)
        guard items.count > limit else { return items }
        fields.refuse(
            Problem(
                fields.node[name]?.location ?? fields.node.location, key: fields.inner(name),
                "found \(items.count), expected at most \(limit)"))
        return []
    }
}

extension SettingType where Value == AccessControl.Action {
    /// Without regard to case, as Dapr compares it.
    fileprivate static var action: Self {
        SettingType(
            expectation: "allow or deny", placeholder: "ACTION", schema: .choice(["allow", "deny"]),
            parse: { AccessControl.Action(rawValue: $0.lowercased()) }, text: \.rawValue)
    }
}
