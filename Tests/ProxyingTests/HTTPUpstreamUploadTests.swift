// SPDX-License-Identifier: Apache-2.0

import Core
import Glibc
import NIOCore
import Synchronization
import TestKit
import Testing
import WireHTTP

@testable import Proxying

/// Request bodies that are still coming when the request is sent.
@Suite(.timeLimit(.minutes(1))) struct HTTPUpstreamUploadTests {
    private static func request(_ stream: HTTPBodyStream, fields: HTTPFields = [:]) -> HTTPRequest {
        HTTPRequest(HTTPRequestHead(.post, "/", fields: fields), body: .stream(stream))
    }

    @Test func `parts go out as they come, in chunks`() async throws {
        let server = try HTTPUpstreamServer { connection in
            #expect(try connection.readHead().contains("transfer-encoding: chunked"))
            #expect(try connection.read(count: 8) == "3\r\none\r\n")
            try connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n1st\r\n")
            #expect(try connection.read(count: 13) == "3\r\ntwo\r\n0\r\n\r\n")
            try connection.write("3\r\n2nd\r\n0\r\n\r\n")
            try connection.serve { _ in wireAnswer() }
        }
        let stream = HTTPBodyStream { _ in }
        _ = stream.push(ByteBuffer(string: "one"))
        let response = try await server.upstream.send(Self.request(stream))
        guard case .stream(let answer) = response.body else { throw UnexpectedEnd("the body isn't streamed") }
        #expect(try await answer.next() == ByteBuffer(string: "1st"))
        _ = stream.push(ByteBuffer(string: "two"))
        stream.finish(.success([:]))
        #expect(try await answer.next() == ByteBuffer(string: "2nd"))
        #expect(try await answer.next() == nil)
        #expect(try await server.send() == (200, "ok"))
        #expect(server.server.connectionCount == 1)
    }

    @Test func `a length that was announced is kept, and what breaks it ends the connection`() async throws {
        let bodies = AsyncStream.makeStream(of: String.self)
        let server = try HTTPUpstreamServer { connection in
            let lines = try connection.readHead()
            #expect(lines.contains("content-length: 4") && !lines.contains { $0.contains("chunked") })
            if connection.number == 1 {
                bodies.continuation.yield(try connection.read(count: 4))
                try connection.write(wireAnswer())
            }
            bodies.continuation.yield(connection.readToEnd())
        }
        var seen = bodies.stream.makeAsyncIterator()
        for (parts, isWhole) in [(["fo", "ur"], true), (["fo", "ur+"], false), (["fo"], false)] {
            let stream = HTTPBodyStream { _ in }
            for part in parts { _ = stream.push(ByteBuffer(string: part)) }
            stream.finish(.success([:]))
            let request = Self.request(stream, fields: ["content-length": "4"])
            if isWhole {
                #expect(try await server.upstream.send(request).head.status == .ok)
                #expect(await seen.next() == "four")
                server.upstream.closeIdle()
                #expect(await seen.next() == "")
            } else {
                await #expect(throws: HTTPUpstreamError.self) { try await server.upstream.send(request) }
                #expect(await seen.next()?.count ?? 4 < 4)
            }
        }
    }

    @Test func `a body that breaks off never looks complete to the upstream`() async throws {
        let bodies = AsyncStream.makeStream(of: String.self)
        let server = try HTTPUpstreamServer { connection in
            try connection.readHead()
            bodies.continuation.yield(connection.readToEnd())
        }
        let stream = HTTPBodyStream { _ in }
        _ = stream.push(ByteBuffer(string: "part"))
        async let response = server.upstream.send(Self.request(stream))
        try await Task.sleep(for: .milliseconds(100))
        stream.finish(.failure(.cutOff))
        var result: (any Error)?
        do { _ = try await response } catch { result = error }
        #expect(result is HTTPUpstreamError)
        for await body in bodies.stream {
            #expect(body == "4\r\npart\r\n")
            break
        }
    }

    @Test func `an upstream that doesn't read holds the sender up, and loses nothing`() async throws {
        let opening = AsyncStream.makeStream(of: Int.self)
        let mayRead = Atomic(false)
        let total = 64 << 20
        let server = try HTTPUpstreamServer { connection in
            try connection.readHead()
            while !mayRead.load(ordering: .sequentiallyConsistent) { usleep(10_000) }
            for _ in 0..<(total >> 20) { _ = try connection.read(count: 1 << 20) }
            try connection.write(wireAnswer())
            opening.continuation.yield(connection.readToEnd().utf8.count)
        }
        let resumed = AsyncStream.makeStream(of: Void.self)
        let stream = HTTPBodyStream { demand in if case .resume = demand { resumed.continuation.yield() } }
        let pushed = Written()
        let sender = Task {
            var resumes = resumed.stream.makeAsyncIterator()
            let part = ByteBuffer(repeating: UInt8(ascii: "x"), count: 64 << 10)
            while pushed.bytes < total {
                pushed.add(part.readableBytes)
                if stream.push(part) { await resumes.next() }
            }
            stream.finish(.success([:]))
        }
        async let response = server.upstream.send(Self.request(stream, fields: ["content-length": "\(total)"]))
        try await Task.sleep(for: .milliseconds(500))
        // The sockets hold some megabytes.
        #expect(pushed.bytes < total / 2)
        mayRead.store(true, ordering: .sequentiallyConsistent)
        let status = try await response.head.status
        #expect(status == .ok)
        await sender.value
        #expect(pushed.bytes == total)
        server.upstream.closeIdle()
        for await rest in opening.stream {
            #expect(rest == 0)
            break
        }
    }

    @Test(arguments: ["", "Connection: close\r\n"])
    func `an answer that comes before the end of the body is taken, and the rest isn't sent`(
        fields: String
    ) async throws {
        let server = try HTTPUpstreamServer { connection in
            try connection.readHead()
            try connection.write(wireAnswer(413, "too much", fields: fields))
            _ = connection.readToEnd()
        }
        let stream = HTTPBodyStream { _ in }
        _ = stream.push(ByteBuffer(string: "begin"))
        let response = try await server.upstream.send(Self.request(stream))
        #expect(try await HTTPUpstreamServer.whole(response) == (413, "too much"))
        stream.finish(.success([:]))
        _ = try? await server.send(.post)
        #expect(server.server.connectionCount == 2)
    }

    @Test func `an upstream that refuses a large body and goes is understood`() async throws {
        let server = try HTTPUpstreamServer { connection in
            try connection.readHead()
            try connection.write(wireAnswer(413, "too much", fields: "Connection: close\r\n"))
            usleep(200_000)
        }
        let body = ByteBuffer(repeating: 0, count: 32 << 20)
        let request = HTTPRequest(HTTPRequestHead(.post, "/"), body: .bytes(body))
        #expect(try await HTTPUpstreamServer.whole(try await server.upstream.send(request)) == (413, "too much"))
    }

    @Test func `an upload ends when its connection does, however full it is`() async throws {
        let server = try HTTPUpstreamServer { connection in
            try connection.readHead()
            usleep(100_000)
            connection.reset()
        }
        for _ in 0..<5 {
            let stream = HTTPBodyStream { _ in }
            for _ in 0..<512 { _ = stream.push(ByteBuffer(repeating: 0, count: 64 << 10)) }
            await #expect(throws: HTTPUpstreamError.self) { try await server.upstream.send(Self.request(stream)) }
        }
    }
}
