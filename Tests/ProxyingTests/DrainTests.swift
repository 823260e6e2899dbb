// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import TestKit
import Testing
import WireHTTP

@testable import Proxying

/// The end of a listener, at each point at which a connection may be then.
@Suite(.serialized, .timeLimit(.minutes(1))) struct DrainTests {
    /// Begins the stop while a client's thread goes on, and tells when it is over. The task is of high priority, which
    /// has threads of its own: other tests may keep the usual ones for longer.
    private static func stop(_ server: ListeningServer) -> Task<Void, Never> {
        Task(priority: .high) { await server.listener.stop() }
    }

    /// Returns a little after the listener took its last connection, when every open one has been told to end.
    private static func waitForEnd(of server: ListeningServer) {
        var tries = 0
        while isListening(server.client.port), tries < 500 {
            usleep(10_000)
            tries += 1
        }
        usleep(100_000)
    }

    private static func isListening(_ port: Int) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }

    @Test func `a request whose head has begun is answered, and then the connection ends`() async throws {
        try await ListeningServer.run { _ in
            HTTPResponse(.ok)
        } _: { server in
            try await server.client.onConnection { connection in
                try connection.write("GET / HTTP/1.1\r\nHost:")
                usleep(200_000)
                let stop = Self.stop(server)
                Self.waitForEnd(of: server)
                try connection.write(" x\r\n\r\n")
                let answer = try connection.readAnswer()
                #expect(answer.status == 200 && answer["connection"] == "close" && connection.isClosedByServer())
                _ = stop
            }
        }
    }

    @Test func `a head that doesn't end is waited for only so long`() async throws {
        try await ListeningServer.run {
            $0.lingerTimeout = .milliseconds(100)
        } respond: { _ in
            HTTPResponse(.ok)
        } _: { server in
            let written = Moment()
            async let isClosed = server.client.onConnection { connection in
                try connection.write("GET / HTTP/1.1\r\nHost:")
                written.come()
                return connection.isClosedByServer()
            }
            await written.wait()
            await server.listener.stop()
            let closes = try await isClosed
            #expect(closes)
        }
    }

    @Test(arguments: ["Content-Length: 2\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n2\r\n"])
    func `a request whose body is coming is answered, and then the connection ends`(framing: String) async throws {
        try await ListeningServer.run { request in
            HTTPResponse(.ok, body: try await request.body.collect(upTo: 10) ?? ByteBuffer())
        } _: { server in
            try await server.client.onConnection { connection in
                try connection.write("POST / HTTP/1.1\r\nHost: x\r\n\(framing)a")
                usleep(200_000)
                let stop = Self.stop(server)
                Self.waitForEnd(of: server)
                try connection.write(framing.hasPrefix("C") ? "b" : "b\r\n0\r\n\r\n")
                let answer = try connection.readAnswer()
                #expect(answer.text == "ab" && answer["connection"] == "close" && connection.isClosedByServer())
                _ = stop
            }
        }
    }

    @Test(arguments: [true, false])
    func `an answer that is going out arrives whole`(isStream: Bool) async throws {
        let size = 16 << 20
        let (whole, part) = (ByteBuffer.letters(size), ByteBuffer.letters(size / 256))
        try await ListeningServer.run { _ in
            guard isStream else { return HTTPResponse(.ok, body: whole) }
            return HTTPResponse(.ok, length: size) { writer in
                for _ in 0..<256 { try await writer.write(part) }
            }
        } _: { server in
            try await server.client.onConnection(receivedBytesMax: 4096) { connection in
                try connection.write(HTTPClient.request("GET", "/"))
                _ = try connection.readHead()
                let stop = Self.stop(server)
                usleep(200_000)
                #expect(connection.readToEnd().utf8.count == size)
                _ = stop
            }
        }
    }

    @Test func `the rest of a request that is answered is waited for only so long`() async throws {
        try await ListeningServer.run {
            $0.lingerTimeout = .milliseconds(100)
        } respond: { _ in
            HTTPResponse(.conflict)
        } _: { server in
            try await server.client.onConnection { connection in
                try connection.write("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
                #expect(try connection.readAnswer().status == 409)
                let stop = Self.stop(server)
                #expect(connection.isClosedByServer())
                _ = stop
            }
        }
    }

    @Test func `a stop while clients connect ends`() async throws {
        for _ in 0..<20 {
            try await ListeningServer.run { _ in
                HTTPResponse(.ok)
            } _: { server in
                await withTaskGroup(of: Void.self) { group in
                    for _ in 0..<8 {
                        group.addTask { _ = try? await server.client.onConnection { $0.readToEnd() } }
                    }
                    await server.listener.stop()
                }
            }
        }
    }

    @Test func `a run that is cancelled cuts off what is being answered`() async throws {
        let (entered, cancelled) = (Moment(), Moment())
        try await ListeningServer.run { _ in
            entered.come()
            await Moment().wait()
            cancelled.come()
            return HTTPResponse(.ok)
        } _: { server in
            let run = Task { try await server.listener.run() }
            async let isClosed = server.client.onConnection { connection in
                try connection.write(HTTPClient.request("GET", "/"))
                return connection.isClosedByServer()
            }
            await entered.wait()
            run.cancel()
            try await run.value
            await cancelled.wait()
            #expect(try await isClosed)
        }
    }

    @Test func `what isn't a request is logged for who looks into it, a responder's fault for everybody`() async throws
    {
        let respond: HTTPListener.Responder = { _ in throw HTTPAnswerError.refused }
        try await ListeningServer.run(respond: respond) { server in
            let statuses = try await server.client.exchange("NONSENSE\r\n\r\n").map(\.status)
            #expect(statuses == [400])
            #expect(try await server.client.send("GET", "/").status == 500)
            #expect(server.log.events == ["request.malformed", "request.failed"])
            #expect(server.log.levels == ["debug", "error"])
        }
    }
}
