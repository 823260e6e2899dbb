// SPDX-License-Identifier: Apache-2.0

import Core
import Foundation
import TestKit
import Testing

@testable import Ambassador

/// Limits of heads that change while running.
struct ChangedLimitsTests {
    /// The statuses of a request before and after a change, on one connection and a new one.
    private func statuses(
        _ request: String, _ answer: String = ScriptedServer.ok, _ change: (inout HTTPProxyLimits) -> Void
    ) async throws -> [Int] {
        var changed = HTTPProxyConfiguration()
        var statuses: [Int] = []
        try await withProxy([try .answering(answer)], { changed = $0 }) { proxy in
            change(&changed.limits)
            let (configuration, room, port) = (changed, proxy.proxy, proxy.port)
            statuses = try await proxy.client.onConnection { connection in
                try connection.write(request)
                let first = try connection.readAnswer().status
                room.apply(configuration, upstreamTLS: [:])
                Thread.sleep(forTimeInterval: 0.2)
                try connection.write(request)
                let second = try connection.readAnswer().status
                let new = try HTTPConnection(port: port)
                defer { new.close() }
                // In parts, as a head may come.
                try new.write(String(request.prefix(20)))
                Thread.sleep(forTimeInterval: 0.05)
                try new.write(String(request.dropFirst(20)))
                return [first, second, try new.readAnswer().status]
            }
        }
        return statuses
    }

    private func request(_ fields: [(String, String)]) -> String { HTTPClient.request("GET", "/", headers: fields) }

    @Test func `a head's length`() async throws {
        let long = (0..<3).map { ("X-\($0)", String(repeating: "x", count: 1000)) }
        #expect(try await statuses(request(long)) { $0.head = .kibibytes(2) } == [200, 431, 431])
        let longer = (0..<10).map { ("X-\($0)", String(repeating: "x", count: 10_000)) }
        #expect(try await statuses(request(longer.dropLast(4))) { $0.head = .kibibytes(512) } == [200, 200, 200])
    }

    @Test func `a line's length`() async throws {
        let long = [("X", String(repeating: "x", count: 2000))]
        #expect(try await statuses(request(long)) { $0.line = .kibibytes(1) } == [200, 431, 431])
    }

    @Test func `the number of fields`() async throws {
        let many = (0..<20).map { ("X-\($0)", "x") }
        #expect(try await statuses(request(many)) { $0.fields = 10 } == [200, 431, 431])
    }

    @Test func `those of responses, too`() async throws {
        let fields = (0..<20).map { "X-\($0): x\r\n" }.joined()
        let answer = "HTTP/1.1 200 OK\r\n\(fields)Content-Length: 2\r\n\r\nok"
        #expect(try await statuses(request([]), answer) { $0.fields = 10 } == [200, 502, 502])
    }

    @Test func `a limit that is raised lets more pass`() async throws {
        var changed = HTTPProxyConfiguration()
        try await withProxy(
            [try .answering(ScriptedServer.ok)],
            {
                $0.limits.fields = 10
                changed = $0
            }
        ) { proxy in
            let many = request((0..<20).map { ("X-\($0)", "x") })
            #expect(try await proxy.client.exchange(many)[0].status == 431)
            changed.limits.fields = 100
            proxy.proxy.apply(changed, upstreamTLS: [:])
            try await Task.sleep(for: .milliseconds(200))
            #expect(try await proxy.client.exchange(many)[0].status == 200)
        }
    }
}
