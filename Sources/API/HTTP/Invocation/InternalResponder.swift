// SPDX-License-Identifier: Apache-2.0

package import BuildingBlocks
package import Core
package import Proxying
import WireHTTP

/// Invocation as its callee's sidecar does it, behind the internal listener: whoever knows this sidecar's secret is a
/// sidecar of the same namespace's registry, so what it says of the caller is passed to the app.
package struct InternalResponder: Sendable {
    private let app: any AppChannel
    private let secret: APIToken

    package init(app: any AppChannel, secret: APIToken) {
        self.app = app
        self.secret = secret
    }

    package func respond(_ request: HTTPRequest) async -> HTTPResponse {
        guard secret.matches(request.head.fields[InternalField.secret] ?? "") else {
            return .text(.forbidden, "this listener is for other sidecars")
        }
        let fields = request.head.fields.forwarded(
            streamed: request.body.isStreamed, dropping: [InternalField.secret, "host"])
        let call = HTTPRequest(
            HTTPRequestHead(request.head.method, request.head.target, fields: fields), body: request.body)
        do {
            let answer = try await app.call(call, within: nil)
            return answer.response.answer(dropping: [InternalField.refusal], lease: answer.lease)
        } catch {
            return HTTPResponse(.badGateway, fields: [InternalField.refusal: error.description])
        }
    }
}
