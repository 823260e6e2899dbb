// SPDX-License-Identifier: Apache-2.0

import Core
import Foundation
import TestKit
import Testing

@testable import Ambassador

/// Clients that read their response late, when for the proxy it has been over for long.
@Suite(.serialized) struct UnreadResponseTests {
    /// More than the socket's buffer and less than what the proxy holds besides.
    private static let body = String(repeating: "0123456789abcdef", count: 20_000)

    private static func server(_ head: String) throws -> ScriptedServer {
        try ScriptedServer { connection in
            try connection.readHead()
            try connection.write(head + body)
        }
    }

    private static let whole = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: \(body.utf8.count)\r\n\r\n"

    /// What the client reads that sends `request`, and does `meanwhile` before it reads anything.
    private func late(
        _ head: String = whole, _ request: String = HTTPClient.request("GET", "/"),
        _ configure: (inout HTTPProxyConfiguration) -> Void = { _ in },
        meanwhile: (ByteConnection, HTTPProxy) -> Void = { _, _ in }
    ) async throws -> String {
        let path = NSTemporaryDirectory() + "late-\(UUID().uuidString.prefix(8)).sock"
        var text = ""
        try await withProxy(
            [try Self.server(head)],
            { configuration in
                configuration.listen = .unix(path: path, permissions: nil)
                configure(&configuration)
            }
        ) { proxy in
            let connection = try ByteConnection(path: path)
            try connection.write(request)
            try await Task.sleep(for: .milliseconds(200))
            meanwhile(connection, proxy.proxy)
            try await Task.sleep(for: .milliseconds(1500))
            text = try connection.readToEnd()
        }
        return text
    }

    @Test func `a response that ends its connection is whole, however late it is read`() async throws {
        let text = try await late(
            Self.whole, HTTPClient.request("GET", "/", headers: [("Connection", "close")]))
        #expect(text.utf8.count > Self.body.utf8.count && text.hasSuffix(Self.body))
    }

    @Test func `a client that says no more gets its whole response`() async throws {
        let text = try await late(meanwhile: { connection, _ in connection.endSending() })
        #expect(text.hasSuffix(Self.body))
    }

    @Test func `the end of a connection that is idle cuts no response off`() async throws {
        let text = try await late(Self.whole, HTTPClient.request("GET", "/"), { $0.timeouts.idle = .milliseconds(300) })
        #expect(text.hasSuffix(Self.body))
    }

    @Test func `a proxy that drains cuts no response off`() async throws {
        let text = try await late(meanwhile: { _, proxy in
            Task { await proxy.drain(within: .seconds(5)) }
        })
        #expect(text.hasSuffix(Self.body))
    }

    @Test func `what a server says last in a tunnel arrives`() async throws {
        let text = try await late(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n",
            HTTPClient.request("GET", "/", headers: [("Connection", "upgrade"), ("Upgrade", "echo")]))
        #expect(text.hasSuffix(Self.body))
    }

    @Test func `a client that reads nothing of its last response is let go`() async throws {
        let text = try await late(
            Self.whole, HTTPClient.request("GET", "/", headers: [("Connection", "close")]),
            { $0.timeouts.body = .milliseconds(300) })
        #expect(!text.isEmpty && !text.hasSuffix(Self.body))
    }

    /// Has the kernel keep little for each of a listener's connections: they take after it.
    private static func shrinkBuffers(ofListenerAt port: Int) {
        for descriptor in 0..<1024 as Range<Int32> {
            var (isListening, address, size) = (Int32(0), sockaddr_in(), Int32(8 << 10))
            var (length, addressLength) = (socklen_t(4), socklen_t(MemoryLayout<sockaddr_in>.size))
            getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &isListening, &length)
            withUnsafeMutablePointer(to: &address) { pointer in
                _ = pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    getsockname(descriptor, $0, &addressLength)
                }
            }
            guard isListening == 1, address.sin_port == in_port_t(port).bigEndian else { continue }
            setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &size, 4)
        }
    }

    @Test func `a client that reads slowly, but goes on reading, gets all`() async throws {
        let count = 2 << 20
        let server = try ScriptedServer { connection in
            try connection.readHead()
            try connection.write("HTTP/1.1 200 OK\r\nContent-Length: \(count)\r\n\r\n")
            try connection.write([UInt8](repeating: 120, count: count))
        }
        try await withProxy([server], { $0.timeouts.body = .milliseconds(300) }) { proxy in
            Self.shrinkBuffers(ofListenerAt: proxy.port)
            let received = try await proxy.client.onConnection(receivedBytesMax: 32 << 10) { connection in
                try connection.write(HTTPClient.request("GET", "/", headers: [("Connection", "close")]))
                var received = 0
                // Until three quarters of what waits have gone out, it takes half a second.
                for _ in 0..<25 {
                    usleep(80_000)
                    received += try connection.read(32 << 10).utf8.count
                }
                return received + connection.readToEnd().utf8.count
            }
            #expect(received > count)
        }
    }
}
