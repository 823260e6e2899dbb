// SPDX-License-Identifier: Apache-2.0

import Ambassador
import Core
import Logging
import Telemetry
import WireJSON

/// An HTTP proxy as the admin listener sees it.
protocol ObservedHTTPProxy: Sendable {
    var name: String { get }
    func snapshot() async -> HTTPProxySnapshot
    /// Gives a route other weights, for requests that begin from now on, until the configuration has others for it.
    ///
    /// - Returns: why they can't be; nil if they are.
    func changeSplit(route: String, weights: NamedTable<Int>) async -> String?
}

extension HTTPProxy: ObservedHTTPProxy {
    func changeSplit(route: String, weights: NamedTable<Int>) async -> String? {
        do throws(SplitChangeError) {
            try setSplit(route: route, weights: weights)
            return nil
        } catch {
            return error.description
        }
    }
}

/// What the admin listener tells of HTTP proxies: routes, splits, upstreams, and what mirrors have found; and where a
/// split is changed.
///
/// Each answer is JSON, or with `format=text` lines for people.
struct RoutesRoom: Sendable {
    let proxies: [any ObservedHTTPProxy]
    let logger: Logger

    var endpoints: [AdminEndpoint] {
        [
            AdminEndpoint("/admin/routes", summary: "Each proxy's routes, splits, upstreams and health; ?proxy=.") {
                await answer($0) { $0.isText ? .text($1.map(\.routesText).joined(separator: "\n")) : .routes($1) }
            },
            AdminEndpoint(
                "/admin/routes/compare", summary: "What mirrored requests were answered differently; ?proxy=&route=.",
                respond: compare),
            AdminEndpoint(
                "/admin/routes/{proxy}/{route}/split", methods: ["PUT", "POST"],
                summary: "Changes a route's weights to those of a JSON object, such as {\"v1\": 90, \"v2\": 10}.",
                respond: split),
        ]
    }

    // MARK: - Reading

    private func answer(
        _ request: AdminRequest, _ respond: (AdminRequest, [HTTPProxySnapshot]) throws(AdminRefusal) -> AdminResponse
    ) async -> AdminResponse {
        do throws(AdminRefusal) {
            var snapshots: [HTTPProxySnapshot] = []
            for proxy in try chosen(request) { snapshots.append(await proxy.snapshot()) }
            return try respond(request, snapshots)
        } catch {
            return error.response
        }
    }

    private func compare(_ request: AdminRequest) async -> AdminResponse {
        await answer(request) { request, snapshots throws(AdminRefusal) in
            let route = request.value(of: "route")
            let chosen = snapshots.map { snapshot in
                var snapshot = snapshot
                for name in snapshot.comparisons.names where route != nil && name != route {
                    snapshot.comparisons[name] = nil
                }
                return snapshot
            }
            guard route == nil || chosen.contains(where: { !$0.comparisons.isEmpty }) else {
                throw AdminRefusal(404, "No route \(Problem.quote(route ?? "")) has a mirror that is compared.")
            }
            return request.isText ? .text(chosen.map(\.comparisonsText).joined(separator: "\n")) : .comparisons(chosen)
        }
    }

    /// The proxies that are asked about: one, or all.
    private func chosen(_ request: AdminRequest) throws(AdminRefusal) -> [any ObservedHTTPProxy] {
        guard let name = request.value(of: "proxy") else { return proxies }
        return [try proxy(named: name)]
    }

    private func proxy(named name: String) throws(AdminRefusal) -> any ObservedHTTPProxy {
        guard let proxy = proxies.first(where: { $0.name == name }) else {
            let known = proxies.isEmpty ? "none" : proxies.map(\.name).joined(separator: ", ")
            throw AdminRefusal(404, "There is no HTTP proxy \(Problem.quote(name)); there is: \(known).")
        }
        return proxy
    }

    // MARK: - Changing

    private func split(_ request: AdminRequest) async -> AdminResponse {
        do throws(AdminRefusal) {
            guard let name = request.value(of: "proxy"), let route = request.value(of: "route") else {
                throw AdminRefusal(400, "Expected /admin/routes/PROXY/ROUTE/split.")
            }
            let proxy = try proxy(named: name)
            let weights = try Self.weights(request.body)
            if let reason = await proxy.changeSplit(route: route, weights: weights) {
                throw AdminRefusal(400, "The weights stay as they are: \(reason).")
            }
            logger.emit(.splitChanged(proxy: name, route: route, weights: weights.map { ($0.name, $0.value) }))
            let snapshot = await proxy.snapshot()
            return request.isText ? .text(snapshot.routesText) : .routes([snapshot])
        } catch {
            return error.response
        }
    }

    /// `{"v1": 90, "v2": 10}`
    private static func weights(_ body: [UInt8]) throws(AdminRefusal) -> NamedTable<Int> {
        var weights: NamedTable<Int> = [:]
        var repeated: String?
        do {
            try body.withUnsafeBytes { bytes in
                try JSONReader.read(bytes) { reader throws(JSONError) in
                    try reader.object { key, reader throws(JSONError) in
                        if weights[key] != nil { repeated = key }
                        weights[key] = Int(try reader.integer())
                    }
                }
            }
        } catch {
            throw AdminRefusal(400, "Expected a JSON object of weights, such as {\"v1\": 90, \"v2\": 10}: \(error)")
        }
        if let repeated { throw AdminRefusal(400, "\(Problem.quote(repeated)) has two weights.") }
        return weights
    }
}

extension AdminRequest {
    fileprivate var isText: Bool { value(of: "format") == "text" }
}

extension AdminRefusal {
    fileprivate var response: AdminResponse { .text(sentence + "\n", status: status) }
}
