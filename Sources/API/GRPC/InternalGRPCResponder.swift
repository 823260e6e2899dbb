// SPDX-License-Identifier: Apache-2.0

package import AppInvocation
package import BuildingBlocks
package import Core
package import Logging
import NIOHPACK
package import Proxying
package import Telemetry
import WireGRPC
import WireHTTP

/// Invocation over gRPC as its callee's sidecar does it, behind the internal listener.
package struct InternalGRPCResponder: Sendable {
    private let app: GRPCAppChannel?
    private let secret: APIToken
    private let isDraining: @Sendable () -> Bool
    private let metrics = InvocationMetrics.grpc(.incoming)
    private let tracing: GRPCTracing
    private let accessControl: AccessControl?
    private let logger: Logger

    // What the calling sidecar gets in the place of an answer of the app, with the reason.
    private static let unknownCaller = "401"
    /// The access control doesn't allow it.
    static let denied = "403"
    static let unserved = "501"
    /// Only after this the app may have seen the call.
    static let lost = "502"
    private static let passedOver = "503"

    /// `app`: nil if it doesn't speak gRPC. `accessControl`: nil: whoever knows the secret may call everything.
    /// `isDraining`: whether a shutdown has begun.
    package init(
        app: GRPCAppChannel?, secret: APIToken, tracer: Tracer = .off, accessControl: AccessControl? = nil,
        logger: Logger,
        isDraining: @escaping @Sendable () -> Bool
    ) {
        self.app = app
        self.secret = secret
        self.isDraining = isDraining
        self.accessControl = accessControl
        self.logger = logger
        tracing = GRPCTracing(tracer: tracer)
    }

    package func respond(to call: HTTP2Call) async {
        guard secret.matches(call.head.first(name: InternalField.secret) ?? "") else {
            return refuse(call, Self.unknownCaller, "this listener is for other sidecars, which know its secret")
        }
        // What is in flight ends in order; what is new may go to another instance.
        if isDraining() { return refuse(call, Self.passedOver, "the sidecar is shutting down") }
        if let denial = denial(of: call.head) {
            metrics.deny()
            logger.emit(.invocationDenied(denial))
            return refuse(call, Self.denied, denial.sentence)
        }
        guard let app else { return refuse(call, Self.unserved, .otherProtocol) }
        let running = metrics.begin()
        var head = call.head.forwarded(dropping: InternalField.ofSidecars)
        let span = tracing.begin(.server, &head)
        let code = await pass(call, head, to: app)
        running.ended(code)
        tracing.end(span, head, code, caller: head.first(name: InternalField.callerAppID))
    }

    private func pass(_ call: HTTP2Call, _ head: HPACKHeaders, to app: GRPCAppChannel) async -> GRPCStatus.Code {
        let lease: CallLimit.Lease?
        do throws(AppChannelError) {
            lease = try await app.pass(call, head, dropping: [InternalField.refusal])
        } catch {
            refuse(call, error.isUnsent ? Self.passedOver : Self.lost, error.description)
            return error.grpcCode
        }
        defer { withExtendedLifetime(lease) {} }
        return await call.ended(by: head.first(name: InternalField.calleeAppID) ?? "the app")
    }

    private func denial(of head: HPACKHeaders) -> InvocationDenial? {
        accessControl?.denial(of: .post, target: head.first(name: ":path") ?? "") { head.first(name: $0) }
    }

    private func refuse(_ call: HTTP2Call, _ status: String, _ reason: String) {
        call.answer([":status": status, InternalField.refusal: reason])
    }
}
