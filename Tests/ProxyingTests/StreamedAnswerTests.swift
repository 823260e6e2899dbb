// SPDX-License-Identifier: Apache-2.0

import NIOCore
import TestKit
import Testing
import WireHTTP

@testable import Proxying

/// Answers that are written part by part, and the framing that tells a client where they end.
@Suite(.serialized, .timeLimit(.minutes(1))) struct StreamedAnswerTests {
    private static func parts(
        _ parts: [String], length: Int? = nil, status: HTTPStatus = .ok, then end: (any Error)? = nil
    ) -> HTTPListener.Responder {
        { _ in
            HTTPResponse(status, length: length) { writer in
                for part in parts { try await writer.write(ByteBuffer(string: part)) }
                if let end { throw end }
            }
        }
    }

    struct Fault: Error {}

    @Test func `a body of an announced length has it, and the connection goes on`() async throws {
        try await ListeningServer.run(respond: Self.parts(["ab", "", "cd"], length: 4)) { server in
            let request = HTTPClient.request("GET", "/")
            let answers = try await server.client.exchange(request + request, answers: 2)
            #expect(answers.map(\.text) == ["abcd", "abcd"] && answers.allSatisfy { $0["content-length"] == "4" })
            #expect(answers.allSatisfy { $0["transfer-encoding"] == nil && $0["connection"] == nil })
        }
    }

    @Test func `a body of no announced length is chunked, and the connection goes on`() async throws {
        let long = String(repeating: "x", count: 100_000)
        try await ListeningServer.run(respond: Self.parts(["ab", "", long])) { server in
            let request = HTTPClient.request("GET", "/")
            let answers = try await server.client.exchange(request + request, answers: 2)
            #expect(answers.map(\.text) == ["ab" + long, "ab" + long])
            #expect(answers.allSatisfy { $0["transfer-encoding"] == "chunked" && $0["content-length"] == nil })
        }
    }

    @Test func `a client of HTTP 1.0 gets no chunks but the connection's end`() async throws {
        try await ListeningServer.run(respond: Self.parts(["ab", "cd"])) { server in
            try await server.client.onConnection { connection in
                try connection.write("GET / HTTP/1.0\r\n\r\n")
                let head = try connection.readHead().lowercased()
                #expect(head.contains("connection: close") && !head.contains("transfer-encoding"))
                #expect(connection.readToEnd() == "abcd")
            }
        }
    }

    @Test func `the answer to HEAD has the fields of the one to GET, no body, and nobody writes it`() async throws {
        let written = Count()
        let bodies: [HTTPResponse] = [
            HTTPResponse(.ok, body: ByteBuffer(string: "abc")),
            HTTPResponse(.ok, length: 7) { _ in written.add() },
            HTTPResponse(.ok, length: nil) { _ in written.add() },
        ]
        let requests = ["/0", "/1", "/2"].map { HTTPClient.request("HEAD", $0) }.joined()
        try await ListeningServer.run { request in
            bodies[Int(request.head.target.dropFirst()) ?? 0]
        } _: { server in
            try await server.client.onConnection { connection in
                try connection.write(requests)
                let answers = try (0..<3).map { _ in try connection.readAnswer(isHead: true) }
                #expect(answers.map { $0["content-length"] } == ["3", "7", nil])
                #expect(answers.map { $0["transfer-encoding"] } == [nil, nil, "chunked"])
                #expect(connection.isSilent(for: 50))
            }
        }
        #expect(written.value == 0)
    }

    @Test(arguments: [204, 304])
    func `a status that has no body gets none`(code: Int) async throws {
        let status = HTTPStatus(code)
        try await ListeningServer.run { request in
            request.head.target == "/"
                ? HTTPResponse(status, body: ByteBuffer(string: "a"))
                : HTTPResponse(status, length: nil) { try await $0.write(ByteBuffer(string: "a")) }
        } _: { server in
            try await server.client.onConnection { connection in
                try connection.write(HTTPClient.request("GET", "/") + HTTPClient.request("GET", "/stream"))
                for _ in 0..<2 {
                    let head = try connection.readHead().lowercased()
                    #expect(head.hasPrefix("http/1.1 \(code) ") && !head.contains("content-length"))
                    #expect(!head.contains("transfer-encoding"))
                }
                #expect(connection.isSilent(for: 50))
            }
        }
    }

    @Test func `a responder's own framing doesn't reach the client, and its date does`() async throws {
        let fields: HTTPFields = ["Content-Length": "99", "Transfer-Encoding": "chunked", "Date": "then", "A": "b"]
        try await ListeningServer.run { _ in
            HTTPResponse(.ok, fields: fields, body: ByteBuffer(string: "abc"))
        } _: { server in
            let answer = try await server.client.send("GET", "/")
            #expect(answer.text == "abc" && answer["a"] == "b" && answer["date"] == "then")
            #expect(answer.headers.map { $0.name.lowercased() }.sorted() == ["a", "content-length", "date"])
        }
    }

    @Test(
        "An answer that breaks off ends the connection before its end, and is logged",
        arguments: [
            (["ab"], 4, nil, "ab"), (["abc", "de"], 4, nil, "abc"), ([], 4, nil, ""),
            (["ab"], 4, Fault(), "ab"), (["ab"], nil, Fault(), "2\r\nab\r\n"),
        ] as [([String], Int?, Fault?, String)])
    func broken(_ row: (parts: [String], length: Int?, error: Fault?, body: String)) async throws {
        let respond = Self.parts(row.parts, length: row.length, then: row.error)
        try await ListeningServer.run(respond: respond) { server in
            try await server.client.onConnection { connection in
                try connection.write(HTTPClient.request("GET", "/") + HTTPClient.request("GET", "/"))
                _ = try connection.readHead()
                #expect(connection.readToEnd() == row.body)
            }
            #expect(server.log.events == ["answer.broken"] && server.log.levels == ["warning"])
        }
    }

    @Test func `each part reaches the client before the next is written`() async throws {
        let taken = (0..<5).map { _ in Moment() }
        try await ListeningServer.run { _ in
            HTTPResponse(.ok, fields: ["content-type": "text/event-stream"], length: nil) { writer in
                for (number, moment) in taken.enumerated() {
                    try await writer.write(ByteBuffer(string: "data: \(number)\n\n"))
                    await moment.wait()
                }
            }
        } _: { server in
            try await server.client.onConnection { connection in
                try connection.write(HTTPClient.request("GET", "/"))
                _ = try connection.readHead()
                for (number, moment) in taken.enumerated() {
                    #expect(try connection.read(14) == "9\r\ndata: \(number)\n\n\r\n")
                    moment.come()
                }
                #expect(try connection.read(5) == "0\r\n\r\n")
            }
        }
    }

    @Test(arguments: [true, false])
    func `a client that leaves cancels whoever answers it, and that is no news`(hasBegun: Bool) async throws {
        let (entered, cancelled) = (Moment(), Moment())
        let wait: @Sendable () async -> Void = {
            entered.come()
            // Ends when its task is cancelled.
            await Moment().wait()
            cancelled.come()
        }
        try await ListeningServer.run { _ in
            if !hasBegun { await wait() }
            return HTTPResponse(.ok, length: nil) { writer in
                try await writer.write(ByteBuffer(string: "a"))
                await wait()
                try await writer.write(ByteBuffer(string: "b"))
            }
        } _: { server in
            async let request: Void = server.client.onConnection { connection in
                try connection.write(HTTPClient.request("GET", "/"))
                if hasBegun { _ = try connection.readHead() }
                _ = connection.isSilent(for: 50)
            }
            await entered.wait()
            try await request
            await cancelled.wait()
            await server.listener.drained()
            #expect(server.log.events == [])
        }
    }

    @Test func `whoever keeps a writer can't write into the next answer`() async throws {
        let (writers, kept) = AsyncStream.makeStream(of: HTTPBodyWriter.self)
        let (entered, goOn) = (Moment(), Moment())
        try await ListeningServer.run { request in
            if request.head.target == "/2" {
                entered.come()
                await goOn.wait()
            }
            return HTTPResponse(.ok, length: nil) { writer in
                kept.yield(writer)
                try await writer.write(ByteBuffer(string: "a"))
            }
        } _: { server in
            async let answers = server.client.exchange(
                HTTPClient.request("GET", "/1") + HTTPClient.request("GET", "/2"), answers: 2)
            await entered.wait()
            for await writer in writers {
                await #expect(throws: HTTPAnswerError.self) { try await writer.write(ByteBuffer(string: "b")) }
                break
            }
            goOn.come()
            let texts = try await answers.map(\.text)
            #expect(texts == ["a", "a"])
        }
    }
}
