// SPDX-License-Identifier: Apache-2.0

import Core
import Logging
import NIOCore
import Proxying
import Telemetry
import Testing
import WireHTTP

@testable import Runtime

@Suite struct AdminHTTPTests {
    private let admin: Admin
    private let access = Admin.Access(listen: ListenAddress(host: "127.0.0.1", port: 0), token: nil)

    init() {
        let echo = AdminEndpoint("/admin/echo", methods: ["GET", "PUT"], summary: "Says what it was told.") { request in
            .text(request.query + String(decoding: request.body, as: UTF8.self))
        }
        admin = Admin(
            registry: PrometheusRegistry(logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }),
            probes: Probes(), rooms: [echo])
    }

    private func answer(_ method: HTTPMethod, _ path: String, body: String = "") async throws -> HTTPResponse {
        let request = HTTPRequest(HTTPRequestHead(method, path), body: .bytes(ByteBuffer(string: body)))
        return try await admin.respond(to: request, access: access)
    }

    @Test func `The query and the body reach the endpoint`() async throws {
        let response = try await answer(.put, "/admin/echo?a=b?c", body: "body")
        #expect(response.status == .ok)
        #expect(response.fields["content-type"] == "text/plain; charset=utf-8")
        guard case .bytes(let bytes) = response.body else {
            Issue.record("an answer of the admin listener is whole")
            return
        }
        #expect(String(buffer: bytes) == "a=b?cbody")
    }

    @Test func `A method that isn't taken is answered with those that are`() async throws {
        let response = try await answer(.delete, "/livez")
        #expect(response.status == .methodNotAllowed)
        #expect(response.fields["allow"] == "GET, HEAD")
    }

    @Test func `Too large a body is refused`() async throws {
        let body = String(repeating: "x", count: Admin.bodyBytesMax + 1)
        #expect(try await answer(.put, "/admin/echo", body: body).status == .contentTooLarge)
    }
}
