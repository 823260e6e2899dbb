// SPDX-License-Identifier: Apache-2.0

import Core
import Foundation
import Proxying
import TestKit
import Testing
import WireProxyProtocol

@testable import Ambassador

@Suite(.serialized) struct ServerConnectionTests {
    @Test func `whoever waited for a connection and has gone takes nobody's place`() async throws {
        let server = try ScriptedServer { connection in
            let head = try connection.readHead()
            guard head[0].contains("/slow") else { return try connection.write(ScriptedServer.ok) }
            try connection.write("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 20\r\n\r\n")
            for _ in 0..<20 {
                try connection.write("x")
                Thread.sleep(forTimeInterval: 0.1)
            }
        }
        try await withProxy(
            [server],
            { configuration in
                configuration.timeouts.response = .milliseconds(400)
                configuration.upstreams["up"]?.limits.connections = 1
                configuration.upstreams["up"]?.limits.pending = 1
            }
        ) { proxy in
            let client = proxy.client
            async let slow = client.send("GET", "/slow")
            try await Task.sleep(for: .milliseconds(100))
            for _ in 0..<3 { #expect(try await client.send("GET", "/").status == 504) }
            #expect(await proxy.proxy.snapshot().upstreams[0].endpoints[0].waiting == 0)
            #expect(try await slow.body.count == 20)
            #expect(try await client.send("GET", "/").status == 200)
        }
    }

    @Test func `a connection that was made by other rules isn't used again after a change`() async throws {
        let heads = RequestHeads()
        let server = try ScriptedServer { connection in
            while true {
                let head = try connection.readHead()
                heads.add(head, "\(connection.number)")
                if head.contains("GET /slow HTTP/1.1") { Thread.sleep(forTimeInterval: 0.5) }
                try connection.write(ScriptedServer.ok)
            }
        }
        var changed = HTTPProxyConfiguration()
        try await withProxy([server], { changed = $0 }) { proxy in
            let client = proxy.client
            func statuses(_ path: String) async throws -> [Int] {
                async let slow = client.send("GET", "/slow").status
                try await Task.sleep(for: .milliseconds(100))
                let quick = try await client.send("GET", path).status
                return try await [slow, quick]
            }
            // Two connections, of which one is idle when the configuration changes, and one in use.
            #expect(try await statuses("/") == [200, 200])
            for version in [ProxyProtocolVersion.v1, nil] {
                async let slow = client.send("GET", "/slow").status
                try await Task.sleep(for: .milliseconds(100))
                changed.upstreams["up"]?.proxyProtocol = version
                proxy.proxy.apply(changed, upstreamTLS: [:])
                try await Task.sleep(for: .milliseconds(100))
                #expect(try await client.send("GET", "/").status == 200)
                #expect(try await slow == 200)
                #expect(try await client.send("GET", "/").status == 200)
            }
            let isTold = heads.all.map { $0.head[0].hasPrefix("PROXY") }
            #expect(isTold == [false, false, false, true, true, true, false, false])
            // Once with a header of the PROXY protocol for each connection that has one.
            #expect(Set(zip(heads.all, isTold).filter(\.1).map(\.0.body)).count == 3)
            #expect(Set(zip(heads.all, isTold).filter { !$0.1 }.map(\.0.body)).count == 3)
        }
    }

    @Test func `a request that waits for a connection while the rules change gets one by the new ones`() async throws {
        let heads = RequestHeads()
        let server = try ScriptedServer { connection in
            while true {
                let head = try connection.readHead()
                heads.add(head, "")
                if heads.all.count == 1 { Thread.sleep(forTimeInterval: 0.5) }
                try connection.write(ScriptedServer.ok)
            }
        }
        var changed = HTTPProxyConfiguration()
        try await withProxy(
            [server],
            {
                $0.upstreams["up"]?.limits.connections = 1
                changed = $0
            }
        ) { proxy in
            let client = proxy.client
            async let first = client.send("GET", "/").status
            try await Task.sleep(for: .milliseconds(100))
            async let second = client.send("GET", "/").status
            try await Task.sleep(for: .milliseconds(100))
            changed.upstreams["up"]?.proxyProtocol = .v1
            proxy.proxy.apply(changed, upstreamTLS: [:])
            #expect(try await [first, second] == [200, 200])
            #expect(heads.all.map { $0.head[0].hasPrefix("PROXY TCP4 127.0.0.1 ") } == [false, true])
        }
    }

    @Test func `no connection is used again that was idle for longer than it may be`() async throws {
        let server = try ScriptedServer { connection in
            while true {
                let head = try connection.readHead()
                if head[0].contains("/slow") { Thread.sleep(forTimeInterval: 0.5) }
                try connection.write(ScriptedServer.ok)
            }
        }
        try await withProxy([server], { $0.upstreams["up"]?.keepalive.idle = .seconds(1) }) { proxy in
            let client = proxy.client
            // One is idle from now on, the other half a second later, when the first one's end is awaited already.
            async let slow = client.send("GET", "/slow").status
            try await Task.sleep(for: .milliseconds(20))
            #expect(try await client.send("GET", "/").status == 200)
            #expect(try await slow == 200)
            try await Task.sleep(for: .milliseconds(1300))
            #expect(try await client.send("GET", "/").status == 200)
            #expect(server.connectionCount == 3)
        }
    }

    @Test func `a server that takes no more of a body is to blame, not the client`() async throws {
        let server = try ScriptedServer { connection in
            try connection.readHead()
            Thread.sleep(forTimeInterval: 3)
        }
        try await withProxy(
            [server],
            { configuration in
                configuration.timeouts.body = .milliseconds(200)
                configuration.timeouts.response = .milliseconds(600)
            }
        ) { proxy in
            let answer = try await proxy.client.onConnection { connection in
                try connection.write("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 900000000\r\n\r\n")
                let block = String(repeating: "x", count: 1 << 16)
                _ = try? connection.writeWhileTaken(block, atMost: 900_000_000, patience: 150)
                return try connection.readAnswer()
            }
            #expect(answer.status == 504)
        }
    }

    @Test func `a server that answers early has its own time for the rest`() async throws {
        let server = try ScriptedServer { connection in
            try connection.readHead()
            try connection.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab")
            _ = try connection.read(count: 4)
            Thread.sleep(forTimeInterval: 0.6)
            try connection.write("cd")
        }
        try await withProxy([server], { $0.timeouts.body = .milliseconds(250) }) { proxy in
            let answer = try await proxy.client.onConnection { connection in
                for part in ["PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n1", "2", "34"] {
                    try connection.write(part)
                    Thread.sleep(forTimeInterval: 0.1)
                }
                return try connection.readAnswer().text
            }
            #expect(answer == "abcd")
        }
    }

    @Test func `what follows a refused CONNECT is no request`() async throws {
        let heads = RequestHeads()
        let server = try ScriptedServer { connection in
            while true {
                heads.add(try connection.readHead(), "")
                try connection.write("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            }
        }
        try await withProxy([server], { $0.allowsConnect = true }) { proxy in
            let answer = try await proxy.whole(
                "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 403 "))
            #expect(answer.components(separatedBy: "HTTP/1.1 ").count == 2)
            #expect(heads.all.count == 1)
        }
    }

    @Test func `a client that ended its side before the tunnel began has ended it for the server, too`() async throws {
        let server = try ScriptedServer { connection in
            try connection.readHead()
            Thread.sleep(forTimeInterval: 0.2)
            try connection.write("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
            try connection.write(connection.readToEnd() + " and the end")
        }
        try await withProxy([server]) { proxy in
            let answer = try await proxy.client.onConnection { connection in
                try connection.write(
                    "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nearly")
                connection.endWriting()
                return connection.readToEnd()
            }
            #expect(answer.hasSuffix("\r\n\r\nearly and the end"))
        }
    }
}
