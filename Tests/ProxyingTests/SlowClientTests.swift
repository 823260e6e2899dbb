// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import TestKit
import Testing
import WireHTTP

@testable import Proxying

/// Clients that take or give little, and those that are many.
@Suite(.serialized, .timeLimit(.minutes(1))) struct SlowClientTests {
    private static let block = ByteBuffer.letters(64 << 10)

    @Test func `who asks for a stream and doesn't read it stops the writer, and is closed`() async throws {
        let (written, ended) = (Count(), Count())
        try await ListeningServer.run {
            $0.idleTimeout = .milliseconds(300)
        } respond: { _ in
            HTTPResponse(.ok, length: nil) { writer in
                defer { ended.add() }
                while written.value < 256 << 20 {
                    try await writer.write(Self.block)
                    written.add(Self.block.readableBytes)
                }
            }
        } _: { server in
            async let read = server.client.onConnection(receivedBytesMax: 4096) { connection in
                try connection.write(HTTPClient.request("GET", "/"))
                while ended.value == 0 { usleep(10_000) }
                return connection.readToEnd().utf8.count
            }
            let count = try await read
            // What the kernel takes is a few megabytes.
            #expect(count < 16 << 20 && written.value < 16 << 20)
        }
    }

    @Test func `who asks and asks and doesn't read gets no more answers than fit`() async throws {
        let begun = Count()
        let body = ByteBuffer.letters(1 << 20)
        try await ListeningServer.run { _ in
            begun.add()
            return HTTPResponse(.ok, body: body)
        } _: { server in
            let count = 64
            try await server.client.onConnection(receivedBytesMax: 4096) { connection in
                try connection.write(String(repeating: HTTPClient.request("GET", "/"), count: count))
                usleep(300_000)
                #expect(begun.value < 16)
                for _ in 0..<count { #expect(try connection.readAnswer().body.count == 1 << 20) }
            }
            #expect(begun.value == count)
        }
    }

    @Test func `who takes an answer slowly gets all of it, however short the time to the end is`() async throws {
        let size = 16 << 20
        let body = ByteBuffer.letters(size)
        try await ListeningServer.run {
            $0.lingerTimeout = .milliseconds(500)
            $0.idleTimeout = .milliseconds(500)
        } respond: { _ in
            HTTPResponse(.ok, body: body)
        } _: { server in
            for connectionField in ["close", "keep-alive"] {
                let count = try await server.client.onConnection(receivedBytesMax: 64 << 10) { connection in
                    try connection.write(HTTPClient.request("GET", "/", headers: [("Connection", connectionField)]))
                    _ = try connection.readHead()
                    var count = 0
                    while count < size {
                        count += try connection.read(1 << 20).utf8.count
                        usleep(40_000)
                    }
                    return count
                }
                #expect(count == size)
            }
        }
    }

    @Test func `who stops taking an answer is closed`() async throws {
        let size = 16 << 20
        let body = ByteBuffer.letters(size)
        try await ListeningServer.run {
            $0.lingerTimeout = .milliseconds(100)
            $0.idleTimeout = .milliseconds(100)
        } respond: { _ in
            HTTPResponse(.ok, body: body)
        } _: { server in
            for connectionField in ["close", "keep-alive"] {
                try await server.client.onConnection(receivedBytesMax: 4096) { connection in
                    try connection.write(HTTPClient.request("GET", "/", headers: [("Connection", connectionField)]))
                    usleep(1_200_000)
                    #expect(connection.readToEnd().utf8.count < size)
                }
            }
        }
    }

    @Test func `a body of which nothing more comes is given up`() async throws {
        try await ListeningServer.run {
            $0.idleTimeout = .milliseconds(150)
        } respond: { request in
            guard case .stream(let stream) = request.body else { return HTTPResponse(.ok) }
            await #expect(throws: HTTPBodyError.self) { while try await stream.next() != nil {} }
            return HTTPResponse(.ok)
        } _: { server in
            let framings = ["Transfer-Encoding: chunked\r\n\r\n1\r\na", "Content-Length: 9\r\n\r\na"]
            for framing in framings + ["Content-Length: 100000\r\n\r\na"] {
                try await server.client.onConnection { connection in
                    try connection.write("POST / HTTP/1.1\r\nHost: x\r\n\(framing)")
                    #expect(connection.isClosedByServer())
                }
            }
        }
    }

    @Test func `a body may take longer than its head, as long as something comes`() async throws {
        try await ListeningServer.run {
            $0.headTimeout = .milliseconds(500)
            $0.idleTimeout = .milliseconds(800)
        } respond: { request in
            let body = try await request.body.collect(upTo: 100)
            return HTTPResponse(.ok, body: body ?? ByteBuffer())
        } _: { server in
            for framing in ["Content-Length: 4", "Transfer-Encoding: chunked"] {
                try await server.client.onConnection { connection in
                    try connection.write("POST / HTTP/1.1\r\nHost: x\r\n\(framing)\r\n\r\n")
                    for _ in 0..<4 {
                        #expect(connection.isSilent(for: 250))
                        try connection.write(framing.hasPrefix("C") ? "a" : "1\r\na\r\n")
                    }
                    if framing.hasPrefix("T") { try connection.write("0\r\n\r\n") }
                    #expect(try connection.readAnswer().text == "aaaa")
                }
            }
        }
    }

    @Test func `a stream of events may be quiet for longer than a client may`() async throws {
        try await ListeningServer.run {
            $0.idleTimeout = .milliseconds(300)
        } respond: { _ in
            HTTPResponse(.ok, length: nil) { writer in
                try await writer.write(Self.block)
                try await Task.sleep(for: .milliseconds(800))
                try await writer.write(Self.block)
            }
        } _: { server in
            let answer = try await server.client.send("GET", "/")
            #expect(answer.body.count == 2 * Self.block.readableBytes)
        }
    }

    @Test func `only so many connections are open, and one that closes lets the next in`() async throws {
        try await ListeningServer.run {
            $0.connectionsMax = 2
        } respond: { _ in
            HTTPResponse(.ok)
        } _: { server in
            let port = server.client.port
            try await server.client.onConnection { first in
                let request = HTTPClient.request("GET", "/")
                let (second, third) = (try TestKit.HTTPConnection(port: port), try TestKit.HTTPConnection(port: port))
                defer { third.close() }
                for connection in [first, second] {
                    try connection.write(request)
                    #expect(try connection.readAnswer().status == 200)
                }
                let fourth = try TestKit.HTTPConnection(port: port)
                defer { fourth.close() }
                try fourth.write(request)
                #expect(fourth.isSilent(for: 150))
                second.close()
                third.close()
                #expect(try fourth.readAnswer().status == 200)
            }
        }
    }

    @Test func `the drip of a first head is closed, however steady it is`() async throws {
        try await ListeningServer.run {
            $0.headTimeout = .milliseconds(300)
        } respond: { _ in
            HTTPResponse(.ok)
        } _: {
            server in
            let isClosed = try await server.client.onConnection { connection in
                try connection.write("GET / HTTP/1.1\r\n")
                for _ in 0..<100 where connection.isSilent(for: 20) { try? connection.write("A: b\r\n") }
                return connection.isClosedByServer()
            }
            #expect(isClosed)
        }
    }
}
