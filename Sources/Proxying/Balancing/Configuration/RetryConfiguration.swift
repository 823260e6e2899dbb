// SPDX-License-Identifier: Apache-2.0

package import Core

/// Which requests are tried again, how often, and at what cost.
package struct RetryConfiguration: Sendable, Equatable {
    /// Tries after the first one.
    package var attempts = 1
    package var on: [RetryCondition] = [.connectFailure, .reset]
    /// How long one try may take; zero: only the request's own time counts.
    package var perTryTimeout = Duration.zero
    /// Requests of other methods are tried again only if no server can have seen them.
    package var methods: [RetryMethod] = [.get, .head, .options, .trace, .put, .delete]
    /// A longer body isn't kept, and its request not tried again once a byte of it went to a server.
    package var body = ByteCount.kibibytes(64)
    /// The longest pause before the second try, and what those before later ones double.
    package var backoff = Duration.milliseconds(25)
    package var backoffMax = Duration.milliseconds(250)

    package init() {}
}

/// What is a reason to try again.
package enum RetryCondition: String, Sendable, CaseIterable {
    /// No connection could be made, so no server has seen the request.
    case connectFailure = "connect-failure"
    /// The connection ended before an answer, or what came was none.
    case reset
    /// A try took longer than `per-try-timeout`.
    case timeout
    /// Any status from 500.
    case serverError = "5xx"
    /// 502, 503 or 504.
    case gatewayError = "gateway-error"
    case tooManyRequests = "429"
}

/// The methods that can be tried again.
package enum RetryMethod: String, Sendable, CaseIterable {
    case get = "GET"
    case head = "HEAD"
    case options = "OPTIONS"
    case trace = "TRACE"
    case put = "PUT"
    case delete = "DELETE"
    case post = "POST"
    case patch = "PATCH"
}
