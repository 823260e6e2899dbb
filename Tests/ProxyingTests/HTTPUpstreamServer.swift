// SPDX-License-Identifier: Apache-2.0

import Core
import NIOCore
import TestKit
import WireHTTP

@testable import Proxying

/// A scripted server and the upstream that calls it, on one event loop, so that all requests share its connections.
struct HTTPUpstreamServer: Sendable {
    let server: ScriptedServer
    let upstream: HTTPUpstream

    static let loop = EpollEventLoopGroup(count: 1, name: "test")

    init(
        _ change: (inout HTTPUpstreamLimits) -> Void = { _ in },
        _ script: @escaping @Sendable (ServedConnection) throws -> Void
    ) throws {
        server = try ScriptedServer(script)
        upstream = Self.upstream(port: server.port, change)
    }

    static func upstream(port: Int, _ change: (inout HTTPUpstreamLimits) -> Void = { _ in }) -> HTTPUpstream {
        var limits = HTTPUpstreamLimits()
        // Between two requests of a test a busy machine may do other things for seconds.
        limits.idleSeconds = 60
        change(&limits)
        return HTTPUpstream(
            address: ListenAddress(host: "127.0.0.1", port: port), limits: limits, eventLoopGroup: loop)
    }

    /// The status and the whole body.
    @discardableResult
    func send(
        _ method: HTTPMethod = .get, _ target: String = "/", body: String = "", within timeout: TimeAmount? = nil
    ) async throws -> (status: Int, body: String) {
        let request = HTTPRequest(HTTPRequestHead(method, target), body: .bytes(ByteBuffer(string: body)))
        return try await Self.whole(try await upstream.send(request, within: timeout))
    }

    static func whole(_ response: HTTPUpstream.Response) async throws -> (status: Int, body: String) {
        let body = try await response.body.collect(upTo: .max)
        return (response.head.status.code, body.map { String(buffer: $0) } ?? "")
    }
}

extension ServedConnection {
    /// Answers each request on this connection with what `answer` makes of its first line.
    func serve(_ answer: (String) throws -> String) throws {
        while true {
            let lines = try readHead()
            let length = lines.first { $0.lowercased().hasPrefix("content-length: ") }
            if let count = length.flatMap({ Int($0.dropFirst(16)) }) { _ = try read(count: count) }
            try write(try answer(lines[0]))
        }
    }
}

/// An answer with its length.
func wireAnswer(_ status: Int = 200, _ body: String = "ok", fields: String = "") -> String {
    "HTTP/1.1 \(status) X\r\n\(fields)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
}
