// SPDX-License-Identifier: Apache-2.0

internal import Core
internal import Settings

extension DocumentNode {
    /// Whether this is one of Dapr's documents rather than one of Outrigger's.
    var isDaprResource: Bool { self["apiVersion"]?.text?.hasPrefix("dapr.io/") == true }
}

extension ResourceDocument {
    private static let daprKeys = ["apiVersion", "kind", "metadata", "auth", "spec", "scopes"]

    /// What a node means; nil if a problem was added.
    static func read(_ node: DocumentNode, problems: inout [Problem], warnings: inout [Problem]) -> ResourceDocument? {
        var fields = DocumentFields(node, key: "")
        defer {
            problems += fields.problems
            warnings += fields.warnings
        }
        guard let kind = fields.requiredText("kind") else { return nil }
        guard kind != "Component" else {
            fields = DocumentFields(node, key: "", known: daprKeys)
            return component(&fields)
        }
        if kind == "Subscription" {
            return header(&fields).map { .subscription($0, node) }
        }
        if kind == "HTTPEndpoint" {
            fields = DocumentFields(node, key: "", known: daprKeys)
            return header(&fields).map { .endpoint($0, node) }
        }
        guard let kind = Kind(rawValue: kind) else {
            let kinds = (["Component", "Subscription", "HTTPEndpoint"] + Kind.allCases.map(\.rawValue)).alternatives
            let location = node["kind"]?.location ?? node.location
            fields.refuse(Problem(location, key: "kind", "found \(Problem.quote(kind)), expected \(kinds)"))
            return nil
        }
        guard let header = header(&fields) else { return nil }
        return .unused(kind, header, node)
    }

    private static func header(_ document: inout DocumentFields) -> ResourceHeader? {
        let scopes = document.texts("scopes")
        var fields = DocumentFields(document.node["metadata"] ?? .nothing(at: document.node.location), key: "metadata")
        defer { document.take(fields) }
        let namespace = fields.text("namespace")
        guard let name = fields.requiredText("name") else { return nil }
        return ResourceHeader(name: name, namespace: namespace, scopes: scopes, location: document.node.location)
    }
}

// MARK: - Components

extension ResourceDocument {
    private static func component(_ document: inout DocumentFields) -> ResourceDocument? {
        checkVersion(&document)
        let header = header(&document)
        var spec = DocumentFields(
            document.node["spec"] ?? .nothing(at: document.node.location), key: "spec",
            known: ["type", "version", "ignoreErrors", "initTimeout", "metadata"])
        let type = spec.requiredText("type")
        let version = spec.text("version")
        let ignoreErrors = spec.value("ignoreErrors", .boolean)
        let initTimeout = spec.value("initTimeout", .duration())
        let metadata = items("metadata", of: &spec)
        document.take(spec)
        guard let header, let type, document.problems.isEmpty else { return nil }
        return .component(
            ComponentDocument(
                header: header, type: type, typeLocation: spec.node["type"]?.location ?? header.location,
                version: version, ignoreErrors: ignoreErrors ?? false,
                initTimeout: initTimeout ?? ComponentDocument.initTimeoutDefault, metadata: metadata,
                secretStore: secretStore(&document)))
    }

    private static func checkVersion(_ document: inout DocumentFields) {
        guard let node = document.node["apiVersion"], node.text != "dapr.io/v1alpha1" else { return }
        document.refuse(Problem(node.location, key: "apiVersion", "found \(node.summary), expected dapr.io/v1alpha1"))
    }

    private static func secretStore(_ document: inout DocumentFields) -> String? {
        guard let auth = document.node["auth"], !auth.isNull else { return nil }
        var fields = DocumentFields(auth, key: "auth", known: ["secretStore"])
        defer { document.take(fields) }
        return fields.text("secretStore")
    }

    /// The values by name in a list of the table; of one name there is one.
    static func items(_ list: String, of spec: inout DocumentFields) -> [ComponentDocument.Item] {
        var items: [ComponentDocument.Item] = []
        for node in spec.items(list) {
            var fields = DocumentFields(
                node, key: spec.inner(list), known: ["name", "value", "secretKeyRef", "envRef"])
            let item = item(&fields)
            spec.take(fields)
            guard let item else { continue }
            if let first = items.first(where: { $0.name.lowercased() == item.name.lowercased() }) {
                let key = "\(spec.inner(list)).\(item.name)"
                spec.refuse(
                    Problem(item.location, key: key, "found a second time, expected once; it is at \(first.location)"))
            }
            items.append(item)
        }
        return items
    }

    private static func item(_ fields: inout DocumentFields) -> ComponentDocument.Item? {
        guard let name = fields.requiredText("name"), let source = source(&fields, name: name) else { return nil }
        return ComponentDocument.Item(
            name: name, source: source, location: fields.node["value"]?.location ?? fields.node.location)
    }

    private static func source(_ fields: inout DocumentFields, name: String) -> ComponentDocument.Item.Source? {
        let key = fields.inner(name)
        if let reference = fields.node["secretKeyRef"], !reference.isNull {
            var inner = DocumentFields(reference, key: "\(key).secretKeyRef", known: ["name", "key"])
            defer { fields.take(inner) }
            guard let secret = inner.requiredText("name") else { return nil }
            // Dapr's rule: without a key the secret's only value has the secret's name.
            return .secret(name: secret, key: inner.text("key") ?? secret)
        }
        if let variable = fields.text("envRef") { return .environment(variable) }
        guard let value = fields.node["value"] else {
            fields.refuse(
                Problem(fields.node.location, key: key, "found nothing, expected a value, an envRef or a secretKeyRef"))
            return nil
        }
        guard case .scalar(let text, _) = value.content else {
            fields.refuse(
                Problem(value.location, key: key, "found \(value.summary), expected text, a number or a boolean"))
            return nil
        }
        return .text(value.isNull ? "" : text)
    }
}

extension DocumentNode {
    fileprivate static func nothing(at location: SourceLocation) -> DocumentNode {
        DocumentNode(.mapping([]), at: location)
    }
}
