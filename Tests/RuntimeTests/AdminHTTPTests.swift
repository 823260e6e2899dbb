// SPDX-License-Identifier: Apache-2.0

import Core
import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import Telemetry
import Testing

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

    private func answer(
        _ method: HTTPRequest.Method, _ path: String, body: String = ""
    ) async throws -> Response {
        let head = HTTPRequest(method: method, scheme: "http", authority: "localhost", path: path)
        return try await admin.respond(
            to: Request(head: head, body: RequestBody(buffer: ByteBuffer(string: body))), access: access)
    }

    @Test func `The query and the body reach the endpoint`() async throws {
        let response = try await answer(.put, "/admin/echo?a=b?c", body: "body")
        #expect(response.status == .ok)
        #expect(response.headers[.contentType] == "text/plain; charset=utf-8")
        #expect(response.body.contentLength == "a=b?cbody".utf8.count)
    }

    @Test func `HEAD is answered with the length of the body, without it`() async throws {
        let response = try await answer(.head, "/livez")
        #expect(response.headers[.contentLength] == "3")
        #expect(response.body.contentLength == 0)
    }

    @Test func `A method that isn't taken is answered with those that are`() async throws {
        let response = try await answer(.delete, "/livez")
        #expect(response.status == .methodNotAllowed)
        #expect(response.headers[.allow] == "GET, HEAD")
    }

    @Test func `Too large a body is refused`() async throws {
        let body = String(repeating: "x", count: Admin.bodyBytesMax + 1)
        #expect(try await answer(.put, "/admin/echo", body: body).status == .contentTooLarge)
    }
}
