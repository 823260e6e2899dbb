// SPDX-License-Identifier: Apache-2.0

import Core
import WireHTTP

/// What `outrigger routes` asks running proxies or tells them, and how their answers are printed.
package struct RoutesInquiry: Inquiry {
    package enum Question: Sendable {
        case routes(proxy: String?)
        /// What mirrored requests were answered differently.
        case comparison(proxy: String?, route: String?)
        case split(proxy: String, route: String, weights: [(upstream: String, weight: Int)])
    }

    package var question: Question
    /// JSON instead of lines for people.
    package var isJSON: Bool

    package init(_ question: Question, isJSON: Bool) {
        self.question = question
        self.isJSON = isJSON
    }

    package func answer(from search: SidecarSearch) async throws(InquiryError) -> String {
        var sidecars = try await search.ambassadors()
        if case .split(let proxy, _, _) = question { sidecars = [try await owner(of: proxy, among: sidecars, search)] }
        let answers = try await sidecars.ask(method, target, of: search, body: body)
        return isJSON ? answers.jsonArray : answers.parts(orElse: "No HTTP proxy runs here.\n")
    }

    /// The one process that has the proxy.
    private func owner(
        of proxy: String, among sidecars: [RunningSidecar], _ search: SidecarSearch
    ) async throws(InquiryError) -> RunningSidecar {
        let owners = try await sidecars.ask(.get, "/admin/routes".target([("proxy", proxy)]), of: search)
        if owners.count == 1 { return owners[0].sidecar }
        let found = owners.map(\.sidecar.description).joined(separator: "\n  ")
        throw InquiryError(
            description: "several processes have the proxy \(proxy); "
                + "name the one to change by --admin or --app-id:\n  \(found)")
    }

    private var method: HTTPMethod {
        if case .split = question { .put } else { .get }
    }

    private var target: String {
        let format = ("format", isJSON ? nil : "text")
        return switch question {
        case .routes(let proxy): "/admin/routes".target([("proxy", proxy), format])
        case .comparison(let proxy, let route):
            "/admin/routes/compare".target([("proxy", proxy), ("route", route), format])
        case .split(let proxy, let route, _):
            "/admin/routes/\(proxy.percentEncoded)/\(route.percentEncoded)/split".target([format])
        }
    }

    private var body: [UInt8] {
        guard case .split(_, _, let weights) = question else { return [] }
        var json = JSONWriter()
        json.beginObject()
        for (upstream, weight) in weights { json.field(upstream, weight) }
        json.endObject()
        return json.bytes
    }
}
