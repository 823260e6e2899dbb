// SPDX-License-Identifier: Apache-2.0

import Core
import Foundation
import Proxying
import TestKit
import Testing

@testable import Ambassador

@Suite(.serialized) struct RetryTests {
    private static let unavailable = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"

    @Test func `a time that ends in the pause before another try begins no third one`() async throws {
        let heads = RequestHeads()
        let server = try ScriptedServer { connection in
            while true {
                heads.add(try connection.readHead(), "")
                Thread.sleep(forTimeInterval: 0.08)
                try connection.write(Self.unavailable)
            }
        }
        try await withProxy(
            [server],
            { configuration in
                configuration.routes["all"]?.retry.attempts = 1
                configuration.routes["all"]?.retry.on = [.gatewayError, .timeout]
                configuration.routes["all"]?.retry.perTryTimeout = .milliseconds(120)
                configuration.routes["all"]?.retry.backoff = .milliseconds(600)
                configuration.routes["all"]?.retry.backoffMax = .milliseconds(600)
                configuration.upstreams["up"]?.keepalive.idle = .milliseconds(100)
            }
        ) { proxy in
            for _ in 0..<6 {
                let answer = try await proxy.client.send("GET", "/")
                #expect(answer.status == 503)
            }
            #expect(heads.all.count == 12)
            #expect(try await proxy.held() == [])
        }
    }

    @Test func `a client that leaves in the pause before another try leaves no count behind`() async throws {
        try await withProxy(
            [try .answering(Self.unavailable)],
            { configuration in
                configuration.routes["all"]?.retry.attempts = 3
                configuration.routes["all"]?.retry.on = [.gatewayError]
                configuration.routes["all"]?.retry.backoff = .milliseconds(500)
                configuration.routes["all"]?.retry.backoffMax = .milliseconds(500)
                configuration.upstreams["up"]?.keepalive.idle = .milliseconds(100)
            }
        ) { proxy in
            for _ in 0..<8 {
                let connection = try ByteConnection(port: proxy.port)
                try connection.write(HTTPClient.request("GET", "/"))
                try await Task.sleep(for: .milliseconds(30))
                connection.resetAtEnd()
            }
            #expect(try await proxy.held() == [])
        }
    }

    @Test func `the time of a response holds for all tries together`() async throws {
        let server = try ScriptedServer { connection in
            try connection.readHead()
            _ = connection.readSome()
        }
        try await withProxy(
            [server],
            { configuration in
                configuration.routes["all"]?.timeout = .milliseconds(500)
                configuration.routes["all"]?.retry.attempts = 5
                configuration.routes["all"]?.retry.on = [.timeout]
                configuration.routes["all"]?.retry.perTryTimeout = .milliseconds(400)
            }
        ) { proxy in
            let start = ContinuousClock.now
            let answer = try await proxy.client.send("GET", "/")
            #expect(answer.status == 504)
            #expect(ContinuousClock.now - start < .milliseconds(750))
            #expect(await proxy.proxy.snapshot().upstreams[0].endpoints[0].counters.requests == 2)
        }
    }

    @Test func `connections that the server closed while they were idle aren't held against it`() async throws {
        let server = try ScriptedServer { connection in
            try connection.readHead()
            try connection.write(ScriptedServer.ok)
            // The next request meets the end.
            _ = connection.readSome()
            connection.reset()
        }
        try await withProxy(
            [server, try .answering(ScriptedServer.ok)], { $0.upstreams["up"]?.ejection.consecutive5xx = 1 }
        ) { proxy in
            for _ in 0..<20 {
                let answer = try await proxy.client.send("GET", "/")
                #expect(answer.status == 200)
            }
            let endpoints = await proxy.proxy.snapshot().upstreams[0].endpoints
            #expect(endpoints.allSatisfy { !$0.isEjected && $0.counters.failures == 0 })
        }
    }
}
