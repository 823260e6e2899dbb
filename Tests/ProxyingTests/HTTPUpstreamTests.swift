// SPDX-License-Identifier: Apache-2.0

import Core
import Glibc
import NIOCore
import Synchronization
import TestKit
import Testing
import WireHTTP

@testable import Proxying

/// What an upstream answers, and what becomes of its connection.
@Suite(.timeLimit(.minutes(1))) struct HTTPUpstreamTests {
    @Test func `requests in a row share a connection`() async throws {
        let server = try HTTPUpstreamServer { try $0.serve { line in wireAnswer(200, line) } }
        for number in 0..<20 { #expect(try await server.send(.get, "/\(number)").body == "GET /\(number) HTTP/1.1") }
        #expect(server.server.connectionCount == 1)
    }

    @Test func `requests at once have a connection each, and go on sharing them`() async throws {
        let server = try HTTPUpstreamServer { try $0.serve { line in wireAnswer(200, line) } }
        for _ in 0..<3 {
            try await withThrowingTaskGroup { group in
                for number in 0..<20 {
                    group.addTask { try await server.send(.get, "/\(number)").body == "GET /\(number) HTTP/1.1" }
                }
                for try await isRight in group { #expect(isRight) }
            }
        }
        #expect(server.server.connectionCount <= 20)
    }

    @Test func `a request has its host and framing, and no more than that`() async throws {
        let server = try HTTPUpstreamServer { connection in
            while true {
                let lines = try connection.readHead()
                if lines.contains("content-length: 4") { _ = try connection.read(count: 4) }
                try connection.write(wireAnswer(200, lines.joined(separator: "|")))
            }
        }
        let host = "host: 127.0.0.1:\(server.server.port)"
        #expect(try await server.send(.get, "/a?b").body == "GET /a?b HTTP/1.1|\(host)")
        #expect(try await server.send(.post).body == "POST / HTTP/1.1|\(host)|content-length: 0")
        #expect(try await server.send(.put, body: "four").body == "PUT / HTTP/1.1|\(host)|content-length: 4")
        #expect(try await server.send(.delete).body == "DELETE / HTTP/1.1|\(host)")
    }

    @Test func `a response without a body leaves the connection to the next request`() async throws {
        let server = try HTTPUpstreamServer {
            try $0.serve { line in
                line.hasPrefix("HEAD")
                    ? "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"
                    : line.contains("/304")
                        ? "HTTP/1.1 304 X\r\nContent-Length: 9\r\n\r\n"
                        : line.contains("/204") ? "HTTP/1.1 204 X\r\n\r\n" : wireAnswer()
            }
        }
        #expect(try await server.send(.head) == (200, ""))
        #expect(try await server.send(.get, "/304") == (304, ""))
        #expect(try await server.send(.get, "/204") == (204, ""))
        #expect(try await server.send() == (200, "ok"))
        #expect(server.server.connectionCount == 1)
    }

    @Test(arguments: [0, 1, 32])
    func `informational responses before the final one are passed over`(count: Int) async throws {
        let server = try HTTPUpstreamServer {
            try $0.serve { _ in
                String(repeating: "HTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n", count: count) + wireAnswer()
            }
        }
        #expect(try await server.send() == (200, "ok"))
        #expect(try await server.send() == (200, "ok"))
        #expect(server.server.connectionCount == 1)
    }

    private static let malformed = [
        "NONSENSE\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n", "HTTP/2.0 200 OK\r\n\r\n", "HTTP/1.1 200 OK\nA: b\n\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
        String(repeating: "HTTP/1.1 100 Continue\r\n\r\n", count: 33),
        "HTTP/1.1 200 OK\r\nA: \(String(repeating: "a", count: 100_000))\r\n\r\n",
    ]

    @Test(arguments: malformed.indices)
    func `an answer that isn't HTTP is an error and ends the connection`(index: Int) async throws {
        let ends = AsyncStream.makeStream(of: String.self)
        let server = try HTTPUpstreamServer { connection in
            try connection.readHead()
            try connection.write(Self.malformed[index])
            ends.continuation.yield(connection.readToEnd())
        }
        let error = await #expect(throws: HTTPUpstreamError.self) { try await server.send() }
        guard case .malformed = error else { throw UnexpectedEnd("\(String(describing: error))") }
        for await rest in ends.stream {
            #expect(rest.isEmpty)
            break
        }
    }

    @Test func `a malformed chunk cuts the body off`() async throws {
        let server = try HTTPUpstreamServer { connection in
            try connection.readHead()
            try connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\nxyz\r\n")
            _ = connection.readToEnd()
        }
        await #expect(throws: HTTPBodyError.cutOff) { try await server.send() }
    }

    @Test func `bytes behind a response are never the next one`() async throws {
        let server = try HTTPUpstreamServer {
            try $0.serve { line in line.contains("/first") ? wireAnswer() + wireAnswer(200, "poison") : wireAnswer() }
        }
        #expect(try await server.send(.get, "/first") == (200, "ok"))
        #expect(try await server.send(.get, "/second") == (200, "ok"))
        #expect(server.server.connectionCount == 2)
    }

    @Test func `a server that speaks unasked loses its connection`() async throws {
        let server = try HTTPUpstreamServer { connection in
            if connection.number == 1 {
                try connection.readHead()
                try connection.write(wireAnswer())
                usleep(50_000)
                try connection.write(wireAnswer(200, "poison"))
                _ = connection.readToEnd()
            } else {
                try connection.serve { _ in wireAnswer() }
            }
        }
        #expect(try await server.send() == (200, "ok"))
        try await Task.sleep(for: .milliseconds(200))
        #expect(try await server.send() == (200, "ok"))
        #expect(server.server.connectionCount == 2)
    }

    // MARK: - Ends

    @Test(arguments: [
        "HTTP/1.0 200 OK\r\n\r\nok", "HTTP/1.1 200 OK\r\n\r\nok", "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nok",
    ])
    func `a body without a length goes to the end of the connection`(answer: String) async throws {
        let server = try HTTPUpstreamServer { connection in
            try connection.readHead()
            try connection.write(answer)
        }
        #expect(try await server.send() == (200, "ok"))
        #expect(try await server.send() == (200, "ok"))
        #expect(server.server.connectionCount == 2)
    }

    @Test(arguments: ["", "Content-Length: \(8 << 20)\r\n", "Transfer-Encoding: chunked\r\n"])
    func `a slow reader gets the whole body of a server that has gone`(framing: String) async throws {
        let count = 8 << 20
        let server = try HTTPUpstreamServer { connection in
            try connection.readHead()
            try connection.write("HTTP/1.1 200 OK\r\n\(framing)\r\n")
            let isChunked = framing.hasPrefix("T")
            if isChunked { try connection.write(String(count, radix: 16) + "\r\n") }
            try connection.write([UInt8](repeating: UInt8(ascii: "x"), count: count))
            if isChunked { try connection.write("\r\n0\r\n\r\n") }
        }
        let response = try await server.upstream.send(HTTPRequest(HTTPRequestHead(.get, "/")))
        guard case .stream(let stream) = response.body else { throw UnexpectedEnd("the body isn't streamed") }
        var read = 0
        while let part = try await stream.next() {
            read += part.readableBytes
            if read < 1 << 20 { try await Task.sleep(for: .milliseconds(50)) }
        }
        #expect(read == count)
    }

    @Test(arguments: ["Content-Length: 10\r\n", "Transfer-Encoding: chunked\r\n", "Content-Length: 1000000\r\n"])
    func `a body that is cut off never looks complete`(framing: String) async throws {
        let server = try HTTPUpstreamServer { connection in
            try connection.readHead()
            try connection.write("HTTP/1.1 200 OK\r\n\(framing)\r\n2\r\nok\r\n")
        }
        await #expect(throws: (any Error).self) { try await server.send() }
    }

    @Test func `a connection that ends before the answer is an error`() async throws {
        let server = try HTTPUpstreamServer { connection in
            try connection.readHead()
            if connection.number == 2 { try connection.write("HTTP/1.1 200") }
        }
        for _ in 0..<2 {
            let error = await #expect(throws: HTTPUpstreamError.self) { try await server.send(.post) }
            guard case .closed = error else { throw UnexpectedEnd("\(String(describing: error))") }
        }
    }

    @Test func `nobody who listens is an error that names the address, and nothing was sent`() async throws {
        let upstream = HTTPUpstreamServer.upstream(port: try FreePort.next())
        let error = await #expect(throws: HTTPUpstreamError.self) {
            try await upstream.send(HTTPRequest(HTTPRequestHead(.get, "/")))
        }
        #expect(error?.isUnsent == true)
        #expect(error?.description == "can't connect to \(upstream.address): Connection refused")
    }

    @Test func `a host that has no address is said so`() async throws {
        let upstream = HTTPUpstream(
            address: ListenAddress(host: "no-such-host.invalid", port: 80), eventLoopGroup: HTTPUpstreamServer.loop)
        let error = await #expect(throws: HTTPUpstreamError.self) {
            try await upstream.send(HTTPRequest(HTTPRequestHead(.get, "/")))
        }
        #expect(error?.isUnsent == true)
        #expect(error?.description.contains("no-such-host.invalid") == true)
    }

    @Test func `a host that is a name is found`() async throws {
        let server = try HTTPUpstreamServer { try $0.serve { _ in wireAnswer() } }
        let upstream = HTTPUpstream(
            address: ListenAddress(host: "localhost", port: server.server.port),
            eventLoopGroup: HTTPUpstreamServer.loop)
        let response = try await upstream.send(HTTPRequest(HTTPRequestHead(.get, "/")))
        #expect(try await HTTPUpstreamServer.whole(response) == (200, "ok"))
    }
}

struct UnexpectedEnd: Error, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}
