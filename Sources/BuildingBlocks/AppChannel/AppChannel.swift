// SPDX-License-Identifier: Apache-2.0

package import NIOCore
package import Proxying

/// The one way in which anything calls the app.
package protocol AppChannel: Sendable {
    /// Whether the app can be called at all; one whose health isn't checked always can.
    var isHealthy: Bool { get }

    /// Calls the app. `timeout` bounds the wait for the head of its response; the body may take longer.
    ///
    /// The request's fields are those that the app shall see; the channel adds what belongs to it, such as
    /// `dapr-api-token`.
    func call(_ request: HTTPRequest, within timeout: TimeAmount?) async throws(AppChannelError) -> AppResponse
}

/// What the app answered. While somebody holds it, the call counts as running.
package struct AppResponse: Sendable {
    package var response: HTTPUpstream.Response
    package var lease: CallLimit.Lease?

    package init(_ response: HTTPUpstream.Response, lease: CallLimit.Lease? = nil) {
        self.response = response
        self.lease = lease
    }
}

/// Why the app wasn't called, or gave no response.
package enum AppChannelError: Error, Sendable, CustomStringConvertible {
    /// Its last health checks failed, or none has succeeded yet.
    case unhealthy
    /// The sidecar wasn't told a port of the app.
    case noPort
    /// Too many calls wait for their turn.
    case overloaded(limit: Int)
    case failed(HTTPUpstreamError)

    package var description: String {
        switch self {
        case .unhealthy: "app is not in a healthy state"
        case .noPort: "the app has no port; name it with --app-port"
        case .overloaded(let limit): "more than \(limit) calls wait for the app"
        case .failed(let error): error.description
        }
    }
}
