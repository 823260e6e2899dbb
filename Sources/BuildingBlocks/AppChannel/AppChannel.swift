// SPDX-License-Identifier: Apache-2.0

package import NIOCore
package import Proxying

/// The one way in which anything calls the app.
///
/// Whoever implements it adds what every call to the app carries, such as the app's API token, and holds back calls
/// beyond the app's concurrency. It doesn't retry.
package protocol AppChannel: Sendable {
    /// Whether the app can be called at all; one whose health isn't checked always can.
    var isHealthy: Bool { get }

    /// Calls the app; both bodies may be streams. `timeout` bounds the wait for the head of its response.
    ///
    /// The request's fields are those that the app shall see.
    func call(_ request: HTTPRequest, within timeout: TimeAmount?) async throws(AppChannelError) -> AppCall

    /// Calls the app with one request, and gets one answer, both whole in memory.
    func send(_ request: AppRequest) async throws(AppChannelError) -> AppResponse
}

/// A call that the app has begun to answer. While somebody holds it, it counts as running.
package struct AppCall: Sendable {
    package var response: HTTPUpstream.Response
    package var lease: CallLimit.Lease?

    package init(_ response: HTTPUpstream.Response, lease: CallLimit.Lease? = nil) {
        self.response = response
        self.lease = lease
    }
}

/// Why there is no answer of the app. Its description holds nothing that was sent.
package struct AppChannelError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: String, Sendable, CaseIterable {
        /// Its last health checks failed, or none has succeeded yet.
        case unhealthy
        /// The sidecar wasn't told a port of the app.
        case noPort
        /// The app speaks another protocol than that of the call.
        case otherProtocol
        /// Nobody listens.
        case unreachable
        /// The connection ended before an answer began; the app may have seen the call.
        case closed
        case timedOut
        case responseTooLarge
        /// What came isn't HTTP, or ended in the middle.
        case responseInvalid
        /// A named limit of waiting calls is reached.
        case overloaded
        /// Whoever called has gone.
        case cancelled
    }

    package var code: Code
    package var description: String

    package init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }

    /// Whether the app can't have seen the call.
    package var isUnsent: Bool {
        switch code {
        case .unhealthy, .noPort, .otherProtocol, .unreachable, .overloaded: true
        case .closed, .timedOut, .responseTooLarge, .responseInvalid, .cancelled: false
        }
    }

    /// The words are Dapr's.
    package static let unhealthy = AppChannelError(.unhealthy, "app is not in a healthy state")
    package static let noPort = AppChannelError(.noPort, "the app has no port; name it with --app-port")

    package static let speaksGRPC = AppChannelError(
        .otherProtocol, "the app speaks gRPC and can't be called over HTTP (--app-protocol)")

    package static func overloaded(limit: Int) -> AppChannelError {
        AppChannelError(.overloaded, "more than \(limit) calls wait for the app")
    }

    package static func failed(_ error: HTTPUpstreamError) -> AppChannelError { AppChannelError(error) }

    private init(_ error: HTTPUpstreamError) {
        let code: Code =
            switch error {
            case .unreachable: .unreachable
            case .closed, .insecure: .closed
            case .timedOut: .timedOut
            case .malformed: .responseInvalid
            case .overloaded: .overloaded
            case .cancelled: .cancelled
            }
        self.init(code, error.description)
    }
}
