// SPDX-License-Identifier: Apache-2.0

package import AppInvocation
package import BuildingBlocks
package import Core
package import Logging
package import Proxying
package import Telemetry
import WireHTTP

/// Invocation as its callee's sidecar does it, behind the internal listener: whoever knows this sidecar's secret is a
/// sidecar of the same namespace's registry, so what it says of the caller is passed to the app.
package struct InternalResponder: Sendable {
    private let app: any AppChannel
    private let secret: APIToken
    private let health: HealthState
    private let metrics = InvocationMetrics(.incoming)
    private let tracing: RequestTracing
    private let accessControl: AccessControl?
    private let logger: Logger

    /// - Parameter accessControl: nil: whoever knows the secret may call everything.
    package init(
        app: any AppChannel, secret: APIToken, health: HealthState, tracer: Tracer = .off,
        accessControl: AccessControl? = nil, logger: Logger
    ) {
        self.app = app
        self.secret = secret
        self.health = health
        self.accessControl = accessControl
        self.logger = logger
        tracing = RequestTracing(tracer: tracer)
    }

    package func respond(_ request: HTTPRequest) async -> HTTPResponse {
        guard secret.matches(request.head.fields[InternalField.secret] ?? "") else {
            return refusal(.unauthorized, "this listener is for other sidecars, which know its secret")
        }
        // What is in flight ends in order; what is new may go to another instance.
        if health.isDraining { return refusal(.serviceUnavailable, "the sidecar is shutting down") }
        if let denial = denial(of: request) { return denial }
        var request = request
        let span = tracing.beginInternal(&request)
        var response = await answer(request)
        tracing.endInternal(span, request, &response)
        return response
    }

    private func answer(_ request: HTTPRequest) async -> HTTPResponse {
        let running = metrics.begin()
        let fields = request.head.fields.forwarded(
            streamed: request.body.isStreamed, dropping: InternalField.ofSidecars + ["host"])
        let call = HTTPRequest(
            HTTPRequestHead(request.head.method, request.head.target, fields: fields), body: request.body)
        do {
            let answer = try await app.call(call, within: nil)
            running.answered(answer.response.head.status)
            return answer.response.answer(dropping: [InternalField.refusal], lease: (running, answer.lease))
        } catch {
            running.failed()
            return refusal(error.isUnsent ? .serviceUnavailable : .badGateway, error.description)
        }
    }

    /// What answers a request that the access control doesn't allow.
    private func denial(of request: HTTPRequest) -> HTTPResponse? {
        let head = request.head
        let denial = accessControl?.denial(of: head.method, target: head.target) { head.fields[$0] }
        guard let denial else { return nil }
        metrics.deny()
        logger.emit(.invocationDenied(denial))
        return refusal(.forbidden, denial.sentence)
    }

    /// What the calling sidecar gets in the place of an answer of the app: 401 to whoever isn't a sidecar, 403 for what
    /// the caller may not do. Only after 502 the app may have seen the request.
    private func refusal(_ status: HTTPStatus, _ reason: String) -> HTTPResponse {
        var response = HTTPResponse.text(status, reason)
        response.fields.append(InternalField.refusal, reason)
        return response
    }
}
