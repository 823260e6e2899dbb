// SPDX-License-Identifier: Apache-2.0

import Core
package import Telemetry

/// The admin listener's answers: metrics, probes, and what each room tells about itself.
///
/// It is closed from outside by default (127.0.0.1) and reads only; see `Admin.Access` for who may change something.
package struct Admin: Sendable {
    private let endpoints: [String: AdminEndpoint]

    /// - Parameter rooms: the rooms' endpoints; two of one path are a mistake.
    package init(registry: PrometheusRegistry, probes: Probes, rooms: [AdminEndpoint]) {
        let own: [AdminEndpoint] = [
            .metrics(registry),
            .probe("/livez", "Whether the process works, or should be started again.", probes.live),
            .probe("/readyz", "Whether the app takes requests.", probes.ready),
            .probe("/startupz", "Whether the sidecar has started.", probes.started),
        ]
        endpoints = Dictionary(uniqueKeysWithValues: (own + rooms).map { ($0.path, $0) })
    }

    /// Answers any request; a path that doesn't exist is told what does.
    package func respond(to request: AdminRequest) async -> AdminResponse {
        if request.path == "/admin" || request.path == "/admin/" {
            return request.method == "GET" || request.method == "HEAD" ? index : notAllowed(["GET"])
        }
        guard let (endpoint, request) = find(request) else { return notFound(request.path) }
        let method = request.method == "HEAD" ? "GET" : request.method
        guard endpoint.methods.contains(method) else { return notAllowed(endpoint.methods) }
        guard method == "GET" || request.mayChange else {
            return .text("Changes are taken from loopback, outside a browser, or with the API token.\n", status: 403)
        }
        return await endpoint.respond(request)
    }

    /// The endpoint of a request, and the request as that one takes it.
    private func find(_ request: AdminRequest) -> (AdminEndpoint, AdminRequest)? {
        if let endpoint = endpoints[request.path], !endpoint.hasPlaceholders { return (endpoint, request) }
        for endpoint in endpoints.values where endpoint.hasPlaceholders {
            if let taken = endpoint.taking(request) { return (endpoint, taken) }
        }
        return nil
    }

    /// `GET /admin`.
    private var index: AdminResponse {
        var json = JSONWriter(capacity: 1024)
        json.beginObject()
        json.field("version", Version.outrigger)
        json.key("endpoints")
        json.beginArray()
        for endpoint in endpoints.values.sorted(by: { $0.path < $1.path }) {
            json.beginObject()
            json.field("path", endpoint.path)
            json.key("methods")
            json.beginArray()
            for method in endpoint.methods { json.string(method) }
            json.endArray()
            json.field("summary", endpoint.summary)
            json.endObject()
        }
        json.endArray()
        json.endObject()
        return .json(json.bytes + [UInt8(ascii: "\n")])
    }

    private func notFound(_ path: String) -> AdminResponse {
        let known = (["/admin"] + endpoints.keys).sorted().joined(separator: "\n")
        return .text("There is no \(path) here. There is:\n\(known)\n", status: 404)
    }

    private func notAllowed(_ methods: [String]) -> AdminResponse {
        let allowed = methods.contains("GET") ? methods + ["HEAD"] : methods
        var response = AdminResponse.text("This takes \(allowed.joined(separator: ", ")).\n", status: 405)
        response.allow = allowed.joined(separator: ", ")
        return response
    }
}

extension AdminEndpoint {
    static func metrics(_ registry: PrometheusRegistry) -> AdminEndpoint {
        AdminEndpoint("/metrics", summary: "Metrics in Prometheus' text format.") { _ in
            AdminResponse(contentType: PrometheusRegistry.contentType, body: await registry.collectedExposition())
        }
    }

    /// Kubernetes' form: 200 and `ok`, or 503 and a line for each check that fails; `?verbose` lists all.
    static func probe(_ path: String, _ summary: String, _ probes: [Probe]) -> AdminEndpoint {
        let run = ProbeRun(probes)
        return AdminEndpoint(path, summary: summary) { request in
            let results = await run.results()
            let failing = results.filter { $0.outcome != .ok }
            if failing.isEmpty, !request.asks("verbose") { return .text("ok\n") }
            var lines = (request.asks("verbose") ? results : failing).map { result in
                switch result.outcome {
                case .ok: "[+]\(result.name) ok"
                case .failing(let reason): "[-]\(result.name) failed: \(reason)"
                }
            }
            lines.append("\(path.dropFirst()) check \(failing.isEmpty ? "passed" : "failed")")
            return .text(lines.joined(separator: "\n") + "\n", status: failing.isEmpty ? 200 : 503)
        }
    }
}
