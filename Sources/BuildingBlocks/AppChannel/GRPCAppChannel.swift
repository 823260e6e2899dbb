// SPDX-License-Identifier: Apache-2.0

package import NIOHPACK
package import Proxying

/// Calls an app that speaks gRPC: streams are passed to it as they are.
package final class GRPCAppChannel: Sendable {
    private let upstream: HTTP2Upstream
    private let authority: String
    private let token: String?
    private let calls: CallLimit?
    private let health: AppHealth?

    /// `token`: sent as `dapr-api-token` with each call, so that the app knows its sidecar. `concurrency`: how many
    /// calls may run at once; nil for any number. `health`: nil if the app's health isn't checked.
    package init(_ upstream: HTTP2Upstream, token: String?, concurrency: Int?, health: AppHealth?) {
        self.upstream = upstream
        authority = "\(upstream.address)"
        self.token = token
        calls = concurrency.map { CallLimit(max: $0) }
        self.health = health
    }

    /// Passes a call to the app, under `head`, and returns when the app has begun to answer; `dropped` fields of its
    /// answer don't go on. Until the call's end its lease is held.
    package func pass(
        _ call: HTTP2Call, _ head: HPACKHeaders, dropping dropped: [String] = []
    ) async throws(AppChannelError) -> CallLimit.Lease? {
        guard health?.isHealthy ?? true else { throw .unhealthy }
        let lease = try await calls?.lease()
        var fields: HPACKHeaders = [":authority": authority]
        fields.add(contentsOf: head.forwarded(dropping: [":authority", "dapr-api-token"]))
        if let token { fields.add(name: "dapr-api-token", value: token, indexing: .neverIndexed) }
        switch await call.send(fields, to: upstream, reading: HTTP2ResponseReading(dropping: dropped)) {
        case .answered: return lease
        case .gone: throw AppChannelError(.cancelled, "the caller has left")
        case .unsent(let reason): throw AppChannelError(.unreachable, reason)
        case .failed, .refused: throw AppChannelError(.closed, "the app ended the call without an answer")
        }
    }
}
