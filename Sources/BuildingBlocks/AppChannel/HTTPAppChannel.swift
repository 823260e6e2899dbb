// SPDX-License-Identifier: Apache-2.0

package import NIOCore
package import Proxying
import WireHTTP

/// Calls an app that speaks HTTP/1.1.
package final class HTTPAppChannel: AppChannel {
    private let upstream: HTTPUpstream
    private let token: String?
    private let calls: CallLimit?
    private let health: AppHealth?

    /// `token`: sent as `dapr-api-token` with each call, so that the app knows its sidecar. `concurrency`: how many
    /// calls may run at once; nil for any number. `health`: nil if the app's health isn't checked.
    package init(_ upstream: HTTPUpstream, token: String?, concurrency: Int?, health: AppHealth?) {
        self.upstream = upstream
        self.token = token
        calls = concurrency.map { CallLimit(max: $0) }
        self.health = health
    }

    package var isHealthy: Bool { health?.isHealthy ?? true }

    package func call(
        _ request: HTTPRequest, within timeout: TimeAmount?
    ) async throws(AppChannelError) -> AppCall {
        guard isHealthy else { throw .unhealthy }
        let lease = try await calls?.lease()
        var request = request
        request.head.fields.remove("dapr-api-token")
        if let token { request.head.fields.append("dapr-api-token", token) }
        do {
            return AppCall(try await upstream.send(request, within: timeout), lease: lease)
        } catch {
            throw .failed(error)
        }
    }
}
