// SPDX-License-Identifier: Apache-2.0

import Core
import NIOCore
import Proxying
import WireHTTP

/// One route, made ready: what becomes of its requests, and what is changed in them.
final class Route: Sendable {
    enum Action: Sendable {
        /// On to an upstream.
        case forward(WeightedSplit)
        /// Elsewhere.
        case redirect(RedirectAnswer)
        /// Answered here.
        case respond(DirectAnswer)
    }

    /// Its place in `RouteTable.routes`.
    let index: Int
    let name: String
    let action: Action
    /// For what servers get, but for the host.
    let requestEdits: FieldEdits
    /// For what clients get of servers; answers of the route's own have it in them.
    let responseEdits: FieldEdits
    /// The host that servers see instead of the client's.
    let host: String?
    let rewritesPath: Bool
    private let rewrite: PathRewrite?
    /// How long a response may take to begin; nil: as long as the proxy says, 0: for ever.
    let timeoutNanoseconds: Int64?
    let retry: RetryRules
    /// The place of the mirror's upstream among the proxy's.
    let mirrorUpstream: Int?
    let configuration: RouteConfiguration

    /// - Parameter upstreams: the names of the proxy's.
    init(_ name: String, _ route: RouteConfiguration, index: Int, upstreams: [String]) {
        self.index = index
        self.name = name
        configuration = route
        requestEdits = FieldEdits(route.requestHeaders)
        responseEdits = FieldEdits(route.responseHeaders)
        host = route.rewrite.host
        rewrite = route.rewrite.path.map { PathRewrite(route.match.path, to: $0) }
        rewritesPath = rewrite != nil
        timeoutNanoseconds = route.timeout.map { TimeAmount($0).nanoseconds }
        retry = RetryRules(route.retry)
        mirrorUpstream = route.mirror.to.flatMap { upstreams.firstIndex(of: $0) }
        if !route.redirect.isEmpty {
            action = .redirect(RedirectAnswer(route.redirect, matching: route.match.path, edits: responseEdits))
        } else if !route.respond.isEmpty {
            action = .respond(DirectAnswer(route.respond, edits: responseEdits))
        } else {
            action = .forward(WeightedSplit(route, upstreams: upstreams))
        }
    }

    /// Writes the target that servers see; called only if `rewritesPath`.
    func writeTarget(
        _ head: borrowing HTTPHeadScan, _ bytes: borrowing Span<UInt8>, into buffer: inout ByteBuffer
    ) {
        guard let rewrite else { return buffer.writeTarget(head, bytes) }
        rewrite.write(head, bytes, into: &buffer)
    }

    /// Whether the turns of the other route's split can go on in this one's.
    func sharesSplit(with other: Route) -> Bool {
        guard case .forward(let own) = action, case .forward(let others) = other.action else { return false }
        return own.names == others.names && own.weights == others.weights
    }
}
