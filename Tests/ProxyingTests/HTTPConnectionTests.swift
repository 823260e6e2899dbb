// SPDX-License-Identifier: Apache-2.0

import Core
import Glibc
import Logging
import NIOCore
import ServiceLifecycle
import TestKit
import Testing
import WireHTTP

@testable import Proxying

/// Connections that are old, slow, or open at the end.
@Suite struct HTTPConnectionTests {
    private static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private func listener(
        _ change: (inout HTTPListenerLimits) -> Void = { _ in },
        _ respond: @escaping HTTPListener.Responder = { _ in HTTPResponse(.ok) }
    ) -> HTTPListener {
        var limits = HTTPListenerLimits()
        change(&limits)
        return HTTPListener(
            address: ListenAddress(host: "127.0.0.1", port: 0), limits: limits,
            eventLoopGroup: EpollEventLoopGroup.singleton, logger: Self.quiet, respond: respond)
    }

    @Test(arguments: ["", "GET / HTTP/1.1\r\nHost:"])
    func `a connection whose first head doesn't end in time is closed`(begin: String) async throws {
        let listener = listener { $0.headTimeout = .milliseconds(200) }
        let client = HTTPClient(port: try await listener.bind())
        #expect(
            try await client.onConnection { connection in
                try connection.write(begin)
                return connection.isClosedByServer()
            })
        await listener.stop()
    }

    @Test func `a later head that trickles in is given up, and what is answered slowly isn't`() async throws {
        let listener = listener {
            $0.headTimeout = .milliseconds(500)
            $0.idleTimeout = .milliseconds(800)
        } _: { _ in
            try await Task.sleep(for: .milliseconds(700))
            return HTTPResponse(.ok)
        }
        let client = HTTPClient(port: try await listener.bind())
        let writes = try await client.onConnection { connection in
            try connection.write(HTTPClient.request("GET", "/"))
            #expect(try connection.readAnswer().status == 200)
            var writes = 0
            try? connection.write("GET / HTTP/1.1\r\n")
            while writes < 50, (try? connection.write("A: b\r\n")) != nil {
                writes += 1
                usleep(100_000)
            }
            return writes
        }
        #expect((1..<50).contains(writes))
        await listener.stop()
    }

    @Test(arguments: ["", "Connection: keep-alive\r\n"])
    func `a client of HTTP 1.0 is answered and closed`(header: String) async throws {
        let listener = listener()
        let client = HTTPClient(port: try await listener.bind())
        try await client.onConnection { connection in
            try connection.write("GET / HTTP/1.0\r\n\(header)\r\n")
            let answer = try connection.readAnswer()
            #expect(answer.status == 200 && answer["connection"] == "close")
            #expect(connection.isClosedByServer())
        }
        await listener.stop()
    }

    @Test func `answers have their date`() async throws {
        let listener = listener()
        let client = HTTPClient(port: try await listener.bind())
        let before = DateHeader.text(second: time(nil))
        let date = try await client.send("GET", "/")["date"]
        #expect([before, DateHeader.text(second: time(nil))].contains(date ?? ""))
        #expect(DateHeader.text(second: 784_111_777) == "Sun, 06 Nov 1994 08:49:37 GMT")
        await listener.stop()
    }

    @Test func `a service group that ends answers what is in flight and closes what is idle`() async throws {
        let (entries, entered) = AsyncStream.makeStream(of: Void.self)
        let listener = listener { _ in
        } _: { _ in
            entered.yield()
            try await Task.sleep(for: .milliseconds(300))
            return HTTPResponse(.ok)
        }
        let client = HTTPClient(port: try await listener.bind())
        let group = ServiceGroup(services: [listener], logger: Self.quiet)
        async let run: Void = group.run()
        async let isIdleClosed = client.onConnection { connection in
            try connection.write(HTTPClient.request("GET", "/"))
            _ = try connection.readAnswer()
            return connection.isClosedByServer()
        }
        for await _ in entries { break }
        try await Task.sleep(for: .milliseconds(400))
        async let answer = client.send("GET", "/")
        for await _ in entries { break }
        await group.triggerGracefulShutdown()
        #expect(try await answer.status == 200)
        #expect(try await isIdleClosed)
        try await run
    }
}
