// SPDX-License-Identifier: Apache-2.0

import Core
import Foundation
import Proxying
import TestKit
import Testing

@testable import Ambassador

/// Each way in which an exchange can end, many at once, and then a look at what is left of them.
@Suite(.serialized) struct ErrorPathTests {
    /// What the server does, by the request's path.
    private static let servings = [
        "/ok": ScriptedServer.ok,
        "/503": "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
        "/half": "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
        "/half-chunk": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        "/bad-chunk": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\nxyz\r\n",
        "/until-close": "HTTP/1.0 200 OK\r\n\r\nall of it",
        "/malformed": "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
        "/no-http": "no",
        "/unasked": "HTTP/1.1 101 Switching Protocols\r\n\r\n",
        "/hints": String(repeating: "HTTP/1.1 103 Early Hints\r\n\r\n", count: 40),
        "/two": ScriptedServer.ok + ScriptedServer.ok,
        "/upgrade": "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\nhello",
        "/close": "", "/silent": "", "/reset": "", "/stall": "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
    ]

    private static func server() throws -> ScriptedServer {
        try ScriptedServer { connection in
            while true {
                let path = try connection.readHead()[0].split(separator: " ")[1]
                try connection.write(servings[String(path)] ?? ScriptedServer.ok)
                switch path {
                case "/silent", "/stall": Thread.sleep(forTimeInterval: 1)
                case "/reset": return connection.reset()
                case "/ok", "/503", "/two", "/malformed": continue
                default: return
                }
            }
        }
    }

    /// How a client asks.
    private static func requests(_ path: String) -> [String] {
        [
            HTTPClient.request("GET", path), HTTPClient.request("HEAD", path),
            HTTPClient.request("POST", path, body: "body"), HTTPClient.request("PUT", path, body: "body"),
            HTTPClient.request("GET", path, headers: [("Connection", "upgrade"), ("Upgrade", "echo")]),
            HTTPClient.request("GET", path) + HTTPClient.request("GET", path),
            // What stops, is too long, or is no body.
            "PUT \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbo",
            "PUT \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: 4000\r\n\r\n",
            "PUT \(path) HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\nxyz",
            "GET \(path) HTTP/1.0\r\n\r\n", "GET \(path) HTTP/1.1\r\nHost: a\r\nX:",
        ]
    }

    /// What a client does when it has asked.
    private enum Leaving: CaseIterable, Sendable { case reads, endsSending, leaves, resets }

    private static func ask(_ port: Int, _ text: String, _ leaving: Leaving) throws {
        let connection = try ByteConnection(port: port)
        try connection.write(text)
        switch leaving {
        case .reads: break
        case .endsSending: connection.endSending()
        case .leaves: return
        case .resets:
            connection.resetAtEnd()
            // Before, in or after what the server does.
            usleep(UInt32(text.utf8.count % 7) * 10_000)
            return
        }
        for _ in 0..<4 { guard let more = try? connection.receive(), !more.isEmpty else { return } }
    }

    private static func configure(_ configuration: inout HTTPProxyConfiguration) {
        configuration.timeouts.head = .milliseconds(300)
        configuration.timeouts.body = .milliseconds(300)
        configuration.timeouts.idle = .milliseconds(300)
        configuration.timeouts.tunnel = .milliseconds(300)
        configuration.timeouts.response = .milliseconds(400)
        configuration.limits.body = ByteCount(bytes: 100)
        configuration.routes["all"]?.retry.attempts = 2
        configuration.routes["all"]?.retry.on = RetryCondition.allCases
        configuration.routes["all"]?.retry.perTryTimeout = .milliseconds(200)
        configuration.upstreams["up"]?.ejection.enabled = false
        configuration.upstreams["up"]?.keepalive.idle = .milliseconds(100)
        // Small enough to be reached.
        configuration.upstreams["up"]?.limits.connections = 3
        configuration.upstreams["up"]?.limits.pending = 3
        configuration.upstreams["up"]?.limits.requests = 12
        configuration.upstreams["up"]?.limits.retries = 2
    }

    @Test func `after every way to fail, all counts are where they began`() async throws {
        let dead = try FreePort.next()
        try await withProxy(
            [try Self.server(), try Self.server(), try Self.server()],
            { configuration in
                Self.configure(&configuration)
                configuration.upstreams["up"]?.servers["s2"]?.address = .network(host: "127.0.0.1", port: dead)
            }
        ) { proxy in
            let port = proxy.port
            let requests = Self.servings.keys.sorted().flatMap(Self.requests)
            for leaving in Leaving.allCases {
                try await withThrowingTaskGroup { group in
                    for lane in 0..<24 {
                        group.addTask {
                            for text in requests.enumerated().filter({ $0.offset % 24 == lane }).map(\.element) {
                                _ = try await HTTPClient(port: port).onConnection { _ in
                                    try Self.ask(port, text, leaving)
                                }
                            }
                        }
                    }
                    try await group.waitForAll()
                }
            }
            #expect(try await proxy.held() == [])
            // It still works, and nothing is ended that wasn't begun.
            #expect(try await proxy.client.send("GET", "/ok").status == 200)
        }
    }
}
