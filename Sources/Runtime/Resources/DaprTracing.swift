// SPDX-License-Identifier: Apache-2.0

internal import Core
internal import Settings

/// `spec.tracing` of Dapr's `kind: Configuration`, in the words of Outrigger's own settings.
///
/// What can't be done as it asks for is left out with a warning: the document is often shared with Dapr's own sidecars.
struct DaprTracing {
    private var sampling: DocumentNode?
    private var endpoint: DocumentNode?
    private(set) var problems: [Problem]
    private(set) var warnings: [Problem]
    private let location: SourceLocation

    init(_ document: DocumentNode) {
        location = document.location
        guard let tracing = document["spec"]?["tracing"], !tracing.isNull else {
            (problems, warnings) = ([], [])
            return
        }
        var fields = DocumentFields(
            tracing, key: "spec.tracing", known: ["samplingRate", "otel", "zipkin", "stdout"])
        if let rate = tracing["samplingRate"], rate.text?.isEmpty == false { sampling = rate }
        var left: [Problem] = []
        if let otel = tracing["otel"], !otel.isNull { endpoint = Self.endpoint(otel, &fields, &left) }
        for name in ["zipkin", "stdout"] {
            guard let node = tracing[name], !node.isNull, node.text != "false" else { continue }
            left.append(
                Problem(
                    node.location, key: "spec.tracing.\(name)",
                    "found a way to export spans that Outrigger doesn't have, expected otel; it is left out"))
        }
        (problems, warnings) = (fields.problems, fields.warnings + left)
    }

    /// The collector's URL, if spans can be sent to it: by HTTP and without TLS, which Dapr does only when told.
    private static func endpoint(
        _ node: DocumentNode, _ tracing: inout DocumentFields, _ left: inout [Problem]
    ) -> DocumentNode? {
        let key = "spec.tracing.otel"
        var fields = DocumentFields(node, key: key, known: ["endpointAddress", "isSecure", "protocol"])
        defer { tracing.take(fields) }
        let isSecure = fields.value("isSecure", .boolean) ?? true
        let protocolName = fields.text("protocol")
        guard let address = fields.text("endpointAddress"), let place = node["endpointAddress"] else { return nil }
        if protocolName != "http" {
            let found = protocolName.map { Problem.quote($0) } ?? "nothing"
            left.append(
                Problem(
                    node["protocol"]?.location ?? node.location, key: "\(key).protocol",
                    "found \(found), expected http; no spans are exported"))
            return nil
        }
        if isSecure {
            left.append(
                Problem(
                    node["isSecure"]?.location ?? node.location, key: "\(key).isSecure",
                    "found \(node["isSecure"] == nil ? "nothing, which means true" : "true"), expected false, "
                        + "because Outrigger exports without TLS only; no spans are exported"))
            return nil
        }
        return DocumentNode(
            .scalar(address.contains("://") ? address : "http://\(address)", isQuoted: true), at: place.location)
    }

    /// The settings as a document of Outrigger's own, without those that are given already.
    func settings(without isGiven: (_ key: String) -> Bool) -> DocumentNode {
        func entry(_ key: String, _ value: DocumentNode) -> DocumentNode.Entry {
            DocumentNode.Entry(key: key, keyLocation: value.location, value: value)
        }
        var tracing: [DocumentNode.Entry] = []
        if let sampling, !isGiven("sampling") { tracing.append(entry("sampling", sampling)) }
        if let endpoint, !isGiven("otlp.endpoint") {
            let otlp = DocumentNode(.mapping([entry("endpoint", endpoint)]), at: endpoint.location)
            tracing.append(entry("otlp", otlp))
        }
        return DocumentNode(
            .mapping([entry("tracing", DocumentNode(.mapping(tracing), at: location))]), at: location)
    }
}
