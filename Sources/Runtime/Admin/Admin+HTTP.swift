// SPDX-License-Identifier: Apache-2.0

package import Core
import NIOCore
package import Proxying
import WireHTTP

extension Admin {
    /// Who may change something by the admin listener: whoever reaches a listener that is bound to loopback, as long as
    /// no browser sends them (a page from anywhere could otherwise reach it through its reader's browser, which then
    /// adds `Origin`), and whoever gives the API token.
    package struct Access: Sendable {
        private let isLoopback: Bool
        private let token: APIToken?

        package init(listen: ListenAddress, token: String?) {
            isLoopback = listen.isLoopback
            self.token = token.flatMap(APIToken.init)
        }

        func mayChange(token given: String?, origin: String?) -> Bool {
            if let token, let given, token.matches(given) { return true }
            return isLoopback && origin == nil
        }
    }

    /// Longest body of a change.
    package static let bodyBytesMax = 64 << 10

    /// Answers one HTTP request: the function for the listener.
    package func respond(to request: HTTPRequest, access: Access) async throws -> HTTPResponse {
        guard let body = try await request.body.collect(upTo: Self.bodyBytesMax) else {
            let refusal = AdminResponse.text("A change has at most \(Self.bodyBytesMax) bytes.\n", status: 413)
            return Self.response(refusal)
        }
        let fields = request.head.fields
        let target = request.head.target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let mayChange = access.mayChange(token: fields["dapr-api-token"], origin: fields["origin"])
        let answer = await respond(
            to: AdminRequest(
                request.head.method.name, target.first.map(String.init) ?? "/",
                query: target.count > 1 ? String(target[1]) : "", body: Array(body.readableBytesView),
                mayChange: mayChange))
        return Self.response(answer)
    }

    private static func response(_ answer: AdminResponse) -> HTTPResponse {
        var fields: HTTPFields = ["content-type": answer.contentType]
        fields["allow"] = answer.allow
        return HTTPResponse(HTTPStatus(answer.status), fields: fields, body: ByteBuffer(bytes: answer.body))
    }
}
