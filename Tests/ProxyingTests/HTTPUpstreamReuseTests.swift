// SPDX-License-Identifier: Apache-2.0

import Core
import Glibc
import NIOCore
import TestKit
import Testing
import WireHTTP

@testable import Proxying

/// Connections that were idle, and what becomes of a request that meets the end of one.
@Suite(.timeLimit(.minutes(1))) struct HTTPUpstreamReuseTests {
    @Test(arguments: [HTTPMethod.get, .put, .delete])
    func `what may be done twice is sent again when the idle connection turns out to be closed`(
        method: HTTPMethod
    ) async throws {
        let server = try HTTPUpstreamServer({ _ in }, closesAfterFirst)
        try await server.send()
        #expect(try await server.send(method) == (200, "ok"))
        #expect(server.server.connectionCount == 2)
    }

    @Test(arguments: [HTTPMethod.post, .patch, .other("MERGE")])
    func `what may have been done is not sent again`(method: HTTPMethod) async throws {
        let server = try HTTPUpstreamServer({ _ in }, closesAfterFirst)
        try await server.send()
        let error = await #expect(throws: HTTPUpstreamError.self) { try await server.send(method) }
        guard case .closed = error else { throw UnexpectedEnd("\(String(describing: error))") }
        #expect(server.server.connectionCount == 1)
    }

    @Test func `an answer that began and broke off isn't asked for again`() async throws {
        let server = try HTTPUpstreamServer { connection in
            try connection.readHead()
            try connection.write(wireAnswer())
            try connection.readHead()
            try connection.write("HTTP/1.1 2")
        }
        try await server.send()
        await #expect(throws: HTTPUpstreamError.self) { try await server.send() }
        #expect(server.server.connectionCount == 1)
    }

    @Test func `a connection that was idle for long is closed, and so are the idle ones when asked`() async throws {
        let server = try HTTPUpstreamServer {
            $0.idleSeconds = 0
        } _: {
            try $0.serve { _ in wireAnswer() }
        }
        try await server.send()
        try await Task.sleep(for: .milliseconds(100))
        try await server.send()
        #expect(server.server.connectionCount == 2)
        let other = try HTTPUpstreamServer { try $0.serve { _ in wireAnswer() } }
        try await other.send()
        other.upstream.closeIdle()
        try await Task.sleep(for: .milliseconds(100))
        try await other.send()
        #expect(other.server.connectionCount == 2)
    }

    @Test func `each idle connection is closed when its own time is over`() async throws {
        let times = AsyncStream.makeStream(of: Duration.self)
        let server = try HTTPUpstreamServer {
            $0.idleSeconds = 1
        } _: { connection in
            if try connection.readHead()[0].contains("later") { usleep(600_000) }
            try connection.write(wireAnswer())
            let start = ContinuousClock.now
            _ = connection.readToEnd()
            times.continuation.yield(ContinuousClock.now - start)
        }
        async let first = server.send()
        async let later = server.send(.get, "/later")
        #expect(try await first == (200, "ok"))
        #expect(try await later == (200, "ok"))
        var ends = times.stream.makeAsyncIterator()
        // One timer for both from the first one's time would close the other after 1.4 s.
        for _ in 0..<2 { #expect(await ends.next() ?? .zero < .milliseconds(1300)) }
    }

    @Test func `no more connections are kept than the limit says`() async throws {
        let server = try HTTPUpstreamServer {
            $0.idleConnectionsMax = 2
        } _: { connection in
            try connection.serve { _ in
                usleep(100_000)
                return wireAnswer()
            }
        }
        for _ in 0..<2 {
            await withTaskGroup { group in
                for _ in 0..<4 { group.addTask { _ = try? await server.send() } }
            }
        }
        #expect(server.server.connectionCount == 6)
    }

    @Test func `what is sent again goes over a new connection, however many idle ones there are`() async throws {
        let server = try HTTPUpstreamServer { connection in
            if connection.number > 3 { return try connection.serve { _ in wireAnswer() } }
            try connection.readHead()
            usleep(100_000)
            try connection.write(wireAnswer())
            try connection.readHead()
        }
        await withTaskGroup { group in
            for _ in 0..<3 { group.addTask { _ = try? await server.send() } }
        }
        #expect(try await server.send() == (200, "ok"))
        #expect(server.server.connectionCount == 4)
    }

    @Test func `a request is sent again once and no more`() async throws {
        let server = try HTTPUpstreamServer { connection in
            try connection.readHead()
            guard connection.number == 1 else { return }
            try connection.write(wireAnswer())
            try connection.readHead()
        }
        try await server.send()
        let error = await #expect(throws: HTTPUpstreamError.self) { try await server.send() }
        guard case .closed = error else { throw UnexpectedEnd("\(String(describing: error))") }
        #expect(server.server.connectionCount == 2)
    }

    @Test func `a body that is still coming is not sent again`() async throws {
        let server = try HTTPUpstreamServer({ _ in }, closesAfterFirst)
        try await server.send()
        let stream = HTTPBodyStream { _ in }
        stream.finish(.success([:]))
        let request = HTTPRequest(HTTPRequestHead(.put, "/"), body: .stream(stream))
        await #expect(throws: HTTPUpstreamError.self) { try await server.upstream.send(request) }
        #expect(server.server.connectionCount == 1)
    }

    @Test func `the trailer of a body in chunks is kept, and the connection too`() async throws {
        let server = try HTTPUpstreamServer { connection in
            try connection.serve { _ in
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nSum: 1\r\n\r\n"
            }
        }
        for _ in 0..<2 {
            let response = try await server.upstream.send(HTTPRequest(HTTPRequestHead(.get, "/")))
            guard case .stream(let stream) = response.body else { throw UnexpectedEnd("the body isn't streamed") }
            #expect(try await stream.next() == ByteBuffer(string: "ok"))
            #expect(try await stream.next() == nil)
            #expect(stream.trailer == ["sum": "1"])
        }
        #expect(server.server.connectionCount == 1)
    }

    @Test func `what waits for its reader doesn't hold the memory that all connections read into`() async throws {
        let server = try HTTPUpstreamServer { connection in
            try connection.serve { _ in "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n" }
        }
        let response = try await server.upstream.send(HTTPRequest(HTTPRequestHead(.get, "/")))
        guard case .stream(let stream) = response.body else { throw UnexpectedEnd("the body isn't streamed") }
        #expect(try await stream.next()?.storageCapacity ?? .max < 1 << 10)
    }
}

/// Answers the first request of the first connection, and closes it at the second without a word.
private let closesAfterFirst: @Sendable (ServedConnection) throws -> Void = { connection in
    if connection.number > 1 { return try connection.serve { _ in wireAnswer() } }
    try connection.readHead()
    try connection.write(wireAnswer())
    try connection.readHead()
}
