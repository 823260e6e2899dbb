// SPDX-License-Identifier: Apache-2.0

import Core
import Foundation
import TestKit
import Testing

@testable import Ambassador

/// What servers are told of clients, and a change of it while running.
struct ChangedForwardingTests {
    /// Answers with the head that it got.
    private static func telling() throws -> ScriptedServer {
        try ScriptedServer { connection in
            while true {
                let head = try connection.readHead().joined(separator: "\n")
                try connection.write("HTTP/1.1 200 OK\r\nContent-Length: \(head.utf8.count)\r\n\r\n\(head)")
            }
        }
    }

    @Test func `a change reaches the next request of a connection that is open`() async throws {
        var configuration = HTTPProxyConfiguration()
        try await withProxy([try Self.telling()], { configuration = $0 }) { proxy in
            configuration.forwarding.policy = .off
            let (changed, room) = (configuration, proxy.proxy)
            try await proxy.client.onConnection { connection in
                func told() throws -> Bool {
                    try connection.write(HTTPClient.request("GET", "/", headers: []))
                    return try connection.readAnswer().text.contains("X-Forwarded-For: 127.0.0.1")
                }
                #expect(try told())
                room.apply(changed, upstreamTLS: [:])
                var isTold = true
                for _ in 0..<250 where isTold {
                    isTold = try told()
                    Thread.sleep(forTimeInterval: 0.02)
                }
                #expect(!isTold)
            }
        }
    }
}
