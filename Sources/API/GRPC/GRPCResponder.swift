// SPDX-License-Identifier: Apache-2.0

import AppInvocation
import Core
package import Logging
import NIOHPACK
package import Proxying
import Telemetry
import WireGRPC

/// The sidecar's gRPC port: whatever is called with `dapr-app-id` is passed to that app.
///
/// A call's path: its token is checked, its service looked for among the sidecar's own, and what remains is an
/// invocation.
package struct GRPCResponder: Sendable {
    private let token: APIToken?
    private let invoker: GRPCInvoker
    private let logsCalls: Bool
    private let logger: Logger

    /// The service of the building blocks.
    private static let daprService = "/dapr.proto.runtime.v1.Dapr/"

    /// `token`: what callers must send; nil if everybody may call.
    package init(token: String?, invoker: GRPCInvoker, logsCalls: Bool, logger: Logger) {
        self.token = token.flatMap { APIToken($0) }
        self.invoker = invoker
        self.logsCalls = logsCalls
        self.logger = logger
    }

    package func respond(to call: HTTP2Call) async {
        guard call.head.isGRPC else { return call.answer([":status": "415"]) }
        let start = ContinuousClock.now
        let code: GRPCStatus.Code
        do throws(GRPCStatus) {
            let name = try callee(call.head)
            code = await invoker.invoke(name, call)
        } catch {
            call.fail(error)
            code = error.code
        }
        if logsCalls {
            logger.emit(
                .grpcCalled(path: call.head.grpcPath, code: code.name, duration: ContinuousClock.now - start))
        }
    }

    private func callee(_ head: HPACKHeaders) throws(GRPCStatus) -> String {
        if let token, !token.matches(head.first(name: InternalField.token) ?? "") {
            throw GRPCStatus(.unauthenticated, "invalid api token")
        }
        if head.grpcPath.hasPrefix(Self.daprService) {
            throw GRPCStatus(.unimplemented, "the building blocks are served over HTTP only")
        }
        let names = head[InternalField.appID]
        guard names.count == 1, !names[0].isEmpty else {
            let found = names.isEmpty ? "none" : names.count == 1 ? "an empty one" : "\(names.count)"
            throw GRPCStatus(
                .unimplemented, "the metadata \(InternalField.appID) names the app that is called; there is \(found)")
        }
        return names[0]
    }
}
