// SPDX-License-Identifier: Apache-2.0

package import Core
import HTTPTypes
package import HummingbirdCore
import NIOCore

extension Admin {
    /// Who may change something by the admin listener: whoever reaches a listener that is bound to loopback, as long as
    /// no browser sends them (a page from anywhere could otherwise reach it through its reader's browser, which then
    /// adds `Origin`), and whoever gives the API token.
    package struct Access: Sendable {
        private let isLoopback: Bool
        private let token: APIToken?

        package init(listen: ListenAddress, token: String?) {
            isLoopback = listen.host.hasPrefix("127.") || ["::1", "localhost"].contains(listen.host)
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
    package func respond(to request: Request, access: Access) async throws -> Response {
        var body: [UInt8] = []
        for try await part in request.body {
            body += part.readableBytesView
            if body.count > Self.bodyBytesMax {
                let refusal = AdminResponse.text("A change has at most \(Self.bodyBytesMax) bytes.\n", status: 413)
                return Self.response(refusal, isHead: false)
            }
        }
        let headers = request.head.headerFields
        let path = request.head.path ?? "/"
        let target = path.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let mayChange = access.mayChange(token: headers[Self.tokenField], origin: headers[.origin])
        let answer = await respond(
            to: AdminRequest(
                request.head.method.rawValue, target.first.map(String.init) ?? "/",
                query: target.count > 1 ? String(target[1]) : "", body: body, mayChange: mayChange))
        return Self.response(answer, isHead: request.head.method == .head)
    }

    private static func response(_ answer: AdminResponse, isHead: Bool) -> Response {
        var headers = HTTPFields()
        headers[.contentType] = answer.contentType
        headers[.allow] = answer.allow
        let response = Response(
            status: HTTPResponse.Status(code: answer.status), headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: answer.body)))
        return isHead ? response.createHeadResponse() : response
    }

    /// Dapr's header for the API token.
    // Safe: the name is a valid field name.
    private static let tokenField = HTTPField.Name("dapr-api-token")!
}
