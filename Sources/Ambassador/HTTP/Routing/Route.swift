// SPDX-License-Identifier: Apache-2.0

internal import Core
package import NIOCore
package import Proxying
package import WireHTTP

/// One route, made ready: what becomes of its requests, and what is changed in them.
package final class Route: Sendable {
    package enum Action: Sendable {
        /// On to an upstream.
        case forward(WeightedSplit)
        /// Elsewhere.
        case redirect(RedirectAnswer)
        /// Answered here.
        case respond(DirectAnswer)
    }

    /// Its place in `RouteTable.routes`.
    package let index: Int
    package let name: String
    package let action: Action
    /// For what servers get; with the host that they see, if that is another.
    package let requestEdits: FieldEdits
    /// For what clients get of servers; direct answers have it in them.
    package let responseEdits: FieldEdits
    package let rewrite: PathRewrite?
    /// How long a response may take to begin; 0 is for ever.
    package let timeoutNanoseconds: Int64
    package let retry: RetryRules
    /// The place of the mirror's upstream among the proxy's.
    package let mirrorUpstream: Int?
    package let configuration: RouteConfiguration

    init(_ name: String, _ route: RouteConfiguration, index: Int, in proxy: RouteContext) {
        self.index = index
        self.name = name
        configuration = route
        var toServers = route.requestHeaders
        if let host = route.rewrite.host { toServers.set["Host"] = host }
        requestEdits = FieldEdits([toServers])
        responseEdits = FieldEdits([proxy.responseHeaders, route.responseHeaders])
        rewrite = route.rewrite.path.map { PathRewrite(route.match.path, to: $0) }
        timeoutNanoseconds = (route.timeout ?? proxy.timeout).nanoseconds
        retry = RetryRules(route.retry)
        mirrorUpstream = route.mirror.to.flatMap { proxy.upstreams.firstIndex(of: $0) }
        if !route.redirect.isEmpty {
            action = .redirect(
                RedirectAnswer(
                    route.redirect, matching: route.match.path, edits: responseEdits, isEncrypted: proxy.isEncrypted))
        } else if !route.respond.isEmpty {
            action = .respond(DirectAnswer(route.respond, edits: responseEdits))
        } else {
            action = .forward(WeightedSplit(route, upstreams: proxy.upstreams))
        }
    }

    /// Writes the target that servers see; called only if there is a `rewrite`.
    package func writeTarget(
        _ head: borrowing HTTPHeadScan, _ bytes: borrowing Span<UInt8>, into buffer: inout ByteBuffer
    ) {
        guard let rewrite else { return buffer.writeTarget(head, bytes) }
        rewrite.write(head, bytes, into: &buffer)
    }
}

/// What a proxy says to all its routes.
struct RouteContext {
    let upstreams: [String]
    let timeout: Duration
    let responseHeaders: FieldEditsConfiguration
    let isEncrypted: Bool

    init(_ proxy: HTTPProxyConfiguration, isEncrypted: Bool) {
        upstreams = proxy.upstreams.names
        timeout = proxy.timeouts.response
        self.isEncrypted = isEncrypted
        var headers = FieldEditsConfiguration()
        headers.set["Server"] = proxy.server
        if isEncrypted { headers.set["Strict-Transport-Security"] = proxy.hsts.value }
        responseHeaders = headers
    }
}

extension HSTSConfiguration {
    /// What the header says, if there is one.
    fileprivate var value: String? {
        guard age > .zero else { return nil }
        let subdomains = includesSubdomains ? "; includeSubDomains" : ""
        return "max-age=\(age.components.seconds)\(subdomains)\(allowsPreload ? "; preload" : "")"
    }
}

extension Duration {
    fileprivate var nanoseconds: Int64 {
        components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000
    }
}
