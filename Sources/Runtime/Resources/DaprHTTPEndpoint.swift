// SPDX-License-Identifier: Apache-2.0

internal import Core
internal import HTTPAPI
internal import Proxying
internal import Settings
internal import WireHTTP

/// A document of Dapr's `kind: HTTPEndpoint`: a server outside that is invoked by its name.
struct DaprHTTPEndpoint {
    /// Nil if there are problems.
    private(set) var endpoint: HTTPEndpoint?
    private(set) var problems: [Problem]
    private(set) var warnings: [Problem]

    init(_ header: ResourceHeader, _ document: DocumentNode, _ templates: ComponentTemplates) {
        let node = document["spec"] ?? DocumentNode(.mapping([]), at: document.location)
        var spec = DocumentFields(node, key: "spec", known: ["version", "baseUrl", "headers", "clientTLS"])
        let url = Self.url(&spec)
        let fields = Self.fields(&spec, templates)
        let tls = url.flatMap { Self.tls(&spec, isSecure: $0.isSecure) }
        (problems, warnings) = (spec.problems, spec.warnings)
        if problems.isEmpty, let url {
            endpoint = HTTPEndpoint(name: header.name, url: url, fields: fields, tls: tls)
        }
    }

    private static func url(_ spec: inout DocumentFields) -> ServerURL? {
        guard let text = spec.requiredText("baseUrl"), let place = spec.node["baseUrl"]?.location else { return nil }
        let reason: String
        do throws(ServerURL.Invalid) {
            let url = try ServerURL(text)
            guard url.path.contains("?") else { return url }
            reason = "it has a query"
        } catch {
            reason = error.description
        }
        spec.refuse(
            Problem(
                place, key: "spec.baseUrl",
                "found \(Problem.quote(text)), expected an http:// or https:// URL: \(reason)"))
        return nil
    }

    // MARK: - Fields

    /// Fields that say how a message is framed, which is the connection's own business.
    private static let framing = ["connection", "content-length", "expect", "transfer-encoding", "te", "upgrade"]

    private static func fields(_ spec: inout DocumentFields, _ templates: ComponentTemplates) -> HTTPFields {
        var fields = HTTPFields()
        for item in ResourceDocument.items("headers", of: &spec) {
            let key = "spec.headers.\(item.name)"
            do throws(Problem) {
                let value = try templates.text(of: item, key: key)
                guard HTTPFields.isName(item.name), !framing.contains(item.name.lowercased()) else {
                    throw Problem(
                        item.location, key: key, "found \(Problem.quote(item.name)), expected the name of a header")
                }
                guard HTTPFields.isValue(value) else {
                    throw Problem(item.location, key: key, "found control characters, expected a header's value")
                }
                fields.append(item.name, value)
            } catch {
                spec.refuse(error)
            }
        }
        return fields
    }

    // MARK: - TLS

    private static func tls(_ spec: inout DocumentFields, isSecure: Bool) -> TLSClient? {
        let node = spec.node["clientTLS"] ?? DocumentNode(.mapping([]), at: spec.node.location)
        if !isSecure {
            if !node.isNull, spec.node["clientTLS"] != nil {
                spec.warn(Problem(node.location, key: "spec.clientTLS", "found TLS for an http:// URL; it is left out"))
            }
            return nil
        }
        guard !node.isNull else { return client(TLSClientConfiguration(enabled: true), node, &spec) }
        var fields = DocumentFields(
            node, key: "spec.clientTLS", known: ["rootCA", "certificate", "privateKey", "renegotiation"])
        var configuration = TLSClientConfiguration(enabled: true)
        configuration.ca = text("rootCA", of: &fields)
        configuration.certificate = text("certificate", of: &fields)
        configuration.key = text("privateKey", of: &fields)
        if let mode = fields.text("renegotiation"), mode != "Never" {
            fields.refuse(
                Problem(
                    node["renegotiation"]?.location ?? node.location, key: "spec.clientTLS.renegotiation",
                    "found \(Problem.quote(mode)), expected Never, as TLS is safe only without it"))
        }
        spec.take(fields)
        return fields.problems.isEmpty ? client(configuration, node, &spec) : nil
    }

    /// A document of PEM: `{value: …}`.
    private static func text(_ name: String, of tls: inout DocumentFields) -> String? {
        guard let node = tls.node[name], !node.isNull else { return nil }
        var fields = DocumentFields(node, key: tls.inner(name), known: ["value", "secretKeyRef"])
        defer { tls.take(fields) }
        if let reference = node["secretKeyRef"], !reference.isNull {
            fields.refuse(
                Problem(
                    reference.location, key: fields.inner("secretKeyRef"),
                    "found a secretKeyRef, expected a value, as there are no secret stores yet"))
            return nil
        }
        guard let text = fields.requiredText("value") else { return nil }
        let begin = text.drop { $0.isWhitespace }
        guard begin.hasPrefix("-----BEGIN ") else {
            fields.refuse(
                Problem(
                    node["value"]?.location ?? node.location, key: fields.inner("value"),
                    "found something else, expected PEM (-----BEGIN …)"))
            return nil
        }
        return String(begin)
    }

    private static func client(
        _ configuration: TLSClientConfiguration, _ node: DocumentNode, _ spec: inout DocumentFields
    ) -> TLSClient? {
        let names = ["ca": "rootCA", "certificate": "certificate", "key": "privateKey"]
        let source = TLSSource(key: "spec.clientTLS", names: names) { key in
            (node[String(key.split(separator: ".").last ?? "")] ?? node).location
        }
        do throws(Problems) {
            return try TLSClient(configuration, source, protocols: ["http/1.1"])
        } catch {
            error.all.forEach { spec.refuse($0) }
            return nil
        }
    }
}
