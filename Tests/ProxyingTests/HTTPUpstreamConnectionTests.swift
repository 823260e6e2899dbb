// SPDX-License-Identifier: Apache-2.0

import Core
import Glibc
import NIOCore
import Synchronization
import TestKit
import Testing
import WireHTTP

@testable import Proxying

/// Limits, time, cancellation, and bodies that are slow in either direction.
@Suite(.timeLimit(.minutes(1))) struct HTTPUpstreamConnectionTests {
    // MARK: - Limits and time

    @Test func `beyond the limit of connections a request is refused unsent, and later taken`() async throws {
        let server = try HTTPUpstreamServer {
            $0.connectionsMax = 2
        } _: { connection in
            try connection.serve { _ in
                usleep(300_000)
                return wireAnswer()
            }
        }
        async let first = server.send()
        async let second = server.send()
        try await Task.sleep(for: .milliseconds(100))
        let error = await #expect(throws: HTTPUpstreamError.self) { try await server.send() }
        guard case .overloaded(limit: 2) = error else { throw UnexpectedEnd("\(String(describing: error))") }
        #expect(error?.isUnsent == true)
        #expect(try await first == (200, "ok"))
        #expect(try await second == (200, "ok"))
        #expect(try await server.send() == (200, "ok"))
    }

    @Test func `connections that ended or never began don't count`() async throws {
        let server = try HTTPUpstreamServer {
            $0.connectionsMax = 1
        } _: { connection in
            try connection.readHead()
            connection.reset()
        }
        for _ in 0..<10 {
            let error = await #expect(throws: HTTPUpstreamError.self) { try await server.send(.post) }
            guard case .closed = error else { throw UnexpectedEnd("\(String(describing: error))") }
        }
        let nobody = HTTPUpstreamServer.upstream(port: try FreePort.next()) { $0.connectionsMax = 1 }
        for _ in 0..<3 {
            let error = await #expect(throws: HTTPUpstreamError.self) {
                try await nobody.send(HTTPRequest(HTTPRequestHead(.get, "/")))
            }
            guard case .unreachable = error else { throw UnexpectedEnd("\(String(describing: error))") }
        }
    }

    @Test func `an answer that doesn't come in time is given up, with its connection`() async throws {
        let ends = AsyncStream.makeStream(of: Void.self)
        let server = try HTTPUpstreamServer { connection in
            try connection.readHead()
            _ = connection.readToEnd()
            ends.continuation.yield()
        }
        let error = await #expect(throws: HTTPUpstreamError.self) { try await server.send(within: .milliseconds(100)) }
        guard case .timedOut = error else { throw UnexpectedEnd("\(String(describing: error))") }
        for await _ in ends.stream { break }
    }

    @Test func `the time is for the head, and a body may take longer`() async throws {
        let server = try HTTPUpstreamServer { connection in
            try connection.readHead()
            try connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\no")
            usleep(400_000)
            try connection.write("k\r\n0\r\n\r\n")
            _ = connection.readToEnd()
        }
        #expect(try await server.send(within: .milliseconds(200)) == (200, "ok"))
    }

    @Test func `a short body belongs to the answer, and must come in time with it`() async throws {
        let server = try HTTPUpstreamServer { connection in
            try connection.readHead()
            try connection.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfo")
            _ = connection.readToEnd()
        }
        let error = await #expect(throws: HTTPUpstreamError.self) { try await server.send(within: .milliseconds(100)) }
        guard case .timedOut = error else { throw UnexpectedEnd("\(String(describing: error))") }
    }

    @Test func `each of many requests has a time of its own`() async throws {
        let server = try HTTPUpstreamServer { connection in
            try connection.serve { line in
                if line.contains("slow") { usleep(400_000) }
                return wireAnswer()
            }
        }
        async let slow = server.send(.get, "/slow", within: .seconds(5))
        let expired = Task { try await server.send(.get, "/slow", within: .milliseconds(150)) }
        async let quick = server.send(within: .milliseconds(300))
        #expect(try await quick == (200, "ok"))
        await #expect(throws: HTTPUpstreamError.self) { try await expired.value }
        #expect(try await slow == (200, "ok"))
    }

    // MARK: - Leaving

    @Test func `a cancelled request ends its connection, and a task cancelled before sends nothing`() async throws {
        let heads = AsyncStream.makeStream(of: String.self)
        let server = try HTTPUpstreamServer { connection in
            heads.continuation.yield(try connection.readHead()[0])
            heads.continuation.yield("end: \(connection.readToEnd())")
        }
        var seen = heads.stream.makeAsyncIterator()
        let task = Task { try await server.send(.get, "/cancelled") }
        #expect(await seen.next() == "GET /cancelled HTTP/1.1")
        task.cancel()
        await #expect(throws: HTTPUpstreamError.self) { try await task.value }
        #expect(await seen.next() == "end: ")
        let early = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await server.send(.get, "/early")
        }
        await #expect(throws: HTTPUpstreamError.self) { try await early.value }
        async let last = try? server.send(.get, "/last", within: .milliseconds(200))
        #expect(await seen.next() == "GET /last HTTP/1.1")
        _ = await last
    }

    @Test func `a body that nobody reads ends its connection`() async throws {
        let ends = AsyncStream.makeStream(of: Int.self)
        let server = try HTTPUpstreamServer { connection in
            try connection.readHead()
            try connection.write("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nbegin")
            _ = connection.readToEnd()
            ends.continuation.yield(connection.number)
        }
        var response: HTTPUpstream.Response? = try await server.upstream.send(HTTPRequest(HTTPRequestHead(.get, "/")))
        #expect(response?.head.status == .ok)
        response = nil
        for await number in ends.stream {
            #expect(number == 1)
            break
        }
    }

    @Test func `bodies that are let go of never take another request's connection`() async throws {
        let server = try HTTPUpstreamServer { connection in
            try connection.serve { _ in "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n" }
        }
        // Whether the body's end or its abandonment comes first is chance; a fresh request must never pay for it.
        for _ in 0..<300 {
            _ = try await server.upstream.send(HTTPRequest(HTTPRequestHead(.get, "/"))).head.status
            #expect(try await server.send(.post) == (200, "ok"))
        }
    }

    @Test func `requests that are cancelled as they are answered never end another's`() async throws {
        let server = try HTTPUpstreamServer { connection in try connection.serve { _ in wireAnswer() } }
        for _ in 0..<300 {
            let task = Task { try await server.send() }
            await Task.yield()
            task.cancel()
            _ = await task.result
            #expect(try await server.send(.post) == (200, "ok"))
        }
    }

    @Test func `a reader that takes its time holds the server up`() async throws {
        let total = 64 << 20
        let sent = Written()
        let server = try HTTPUpstreamServer { connection in
            try connection.readHead()
            try connection.write("HTTP/1.1 200 OK\r\nContent-Length: \(total)\r\n\r\n")
            let block = [UInt8](repeating: 0, count: 1 << 20)
            for _ in 0..<(total / block.count) {
                try connection.write(block)
                sent.add(block.count)
            }
            _ = connection.readToEnd()
        }
        let response = try await server.upstream.send(HTTPRequest(HTTPRequestHead(.get, "/")))
        try await Task.sleep(for: .milliseconds(500))
        // The sockets hold some megabytes.
        #expect(sent.bytes < total / 2)
        guard case .stream(let stream) = response.body else { throw UnexpectedEnd("the body isn't streamed") }
        var read = 0
        while let part = try await stream.next() { read += part.readableBytes }
        #expect(read == total)
        #expect(sent.bytes == total)
    }
}

/// Counts what a server could write.
final class Written: Sendable {
    private let count = Atomic(0)
    var bytes: Int { count.load(ordering: .sequentiallyConsistent) }
    func add(_ bytes: Int) { count.add(bytes, ordering: .sequentiallyConsistent) }
}
