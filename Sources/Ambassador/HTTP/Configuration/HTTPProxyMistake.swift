// SPDX-License-Identifier: Apache-2.0

internal import Core
internal import Proxying
internal import Settings
internal import WireHTTP

/// What is wrong between the settings of a proxy, each of which is right for itself.
package struct HTTPProxyMistake: Sendable, Equatable {
    /// Under the proxy's own: `routes.checkout.to`.
    package var key: String
    package var message: String
}

extension HTTPProxyConfiguration {
    /// All that is wrong, in the order of the file.
    package var mistakes: [HTTPProxyMistake] {
        var mistakes: [HTTPProxyMistake] = []
        for (name, upstream) in upstreams {
            mistakes += upstream.mistakes.map {
                HTTPProxyMistake(key: "upstreams.\(name).\($0.key)", message: $0.message)
            }
        }
        if routes.isEmpty, redirectToHTTPS == nil {
            mistakes.append(HTTPProxyMistake(key: "routes", message: "found nothing, expected at least one route"))
        }
        if redirectToHTTPS != nil, routes[Self.redirectionName] != nil {
            mistakes.append(
                HTTPProxyMistake(
                    key: "routes.\(Self.redirectionName)",
                    message: "found a route with the name of the setting, expected another name"))
        }
        mistakes += clientCertificateMistakes
        var seen: [RouteMatchIdentity: String] = [:]
        for (name, route) in routes {
            var check = RouteCheck(route, key: "routes.\(name)", upstreams: upstreams.names)
            check.all()
            if let other = seen.updateValue(name, forKey: RouteMatchIdentity(route.match)) {
                check.add("match", "found what routes.\(other) matches, too; expected something else")
            }
            mistakes += check.mistakes
        }
        return mistakes
    }

    private var clientCertificateMistakes: [HTTPProxyMistake] {
        guard let name = forwarding.clientCertificateHeader else { return [] }
        func mistake(_ key: String, _ message: String) -> [HTTPProxyMistake] {
            [HTTPProxyMistake(key: key, message: message)]
        }
        guard HTTPFieldName(name.utf8.span) == .other else {
            return mistake(
                "client-certificate-header",
                "found \(Problem.quote(name)), expected another header: this one says something else")
        }
        guard tls.ca == nil else { return [] }
        // Whoever names it believes that certificates are looked at.
        return mistake(
            "tls.ca", "found nothing, expected the authorities of clients because client-certificate-header is given")
    }

    /// What a name that is no upstream gets to hear.
    func unknownUpstream(_ name: String) -> String { RouteCheck.unknownUpstream(name, among: upstreams.names) }
}

/// A match so that two that mean the same are equal.
private struct RouteMatchIdentity: Hashable {
    private let hosts: Set<HostPattern>
    private let path: PathPattern
    private let methods: Set<String>
    private let header: [String: String]
    private let query: [String: String]

    init(_ match: RouteMatchConfiguration) {
        hosts = Set(match.hosts)
        path = match.path
        methods = Set(match.methods)
        header = Dictionary(match.header.map { ($0.name.lowercased(), $0.value) }, uniquingKeysWith: { $1 })
        query = Dictionary(match.query.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
    }
}
