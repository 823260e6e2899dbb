// SPDX-License-Identifier: Apache-2.0

import NIOCore
import TestKit
import Testing
import WireHTTP

@testable import Proxying

/// Bodies that are read while they come: how far they may run ahead, and what becomes of the rest.
@Suite(.serialized, .timeLimit(.minutes(1))) struct StreamedRequestTests {
    private static let chunkedHead = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"

    /// Reads the whole body and answers with its size.
    private static let counting: HTTPListener.Responder = { request in
        guard case .stream(let stream) = request.body else { return HTTPResponse(.ok, body: ByteBuffer(string: "-")) }
        var count = 0
        do {
            while let part = try await stream.next() { count += part.readableBytes }
        } catch {
            return HTTPResponse(.badRequest, body: ByteBuffer(string: "\(error)"))
        }
        return HTTPResponse(.ok, body: ByteBuffer(string: "\(count) \(stream.trailer["t"] ?? "")"))
    }

    @Test func `a body is read as it comes, with its trailer, and the connection goes on`() async throws {
        try await ListeningServer.run(respond: Self.counting) { server in
            let chunked = Self.chunkedHead + "3\r\nabc\r\n1\r\nd\r\n0\r\nT: u\r\n\r\n"
            let long = HTTPClient.request("POST", "/", body: String(repeating: "a", count: 100_000))
            let answers = try await server.client.exchange(chunked + long + chunked, answers: 3)
            #expect(answers.map(\.text) == ["4 u", "100000 ", "4 u"])
        }
    }

    @Test func `a reader that waits stops the sender, and then takes everything`() async throws {
        let (entered, goOn) = (Moment(), Moment())
        let total = 128 << 20
        try await ListeningServer.run { request in
            entered.come()
            await goOn.wait()
            return try await Self.counting(request)
        } _: { server in
            async let text = server.client.onConnection { connection in
                try connection.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: \(total)\r\n\r\n")
                let block = String(repeating: "a", count: 1 << 20)
                let taken = try connection.writeWhileTaken(block, atMost: total)
                // The kernel's buffers take some; the listener takes no more than its own limits.
                #expect(taken < 64 << 20)
                goOn.come()
                var sent = taken
                while sent < total {
                    let part = min(total - sent, 1 << 20)
                    try connection.write(part == 1 << 20 ? block : String(repeating: "a", count: part))
                    sent += part
                }
                return try connection.readAnswer().text
            }
            await entered.wait()
            let answer = try await text
            #expect(answer == "\(total) ")
        }
    }

    @Test func `requests that nobody answers yet aren't read without bound`() async throws {
        let (goOn, begun) = (Moment(), Count())
        try await ListeningServer.run { _ in
            begun.add()
            await goOn.wait()
            return HTTPResponse(.ok)
        } _: { server in
            let requests = String(repeating: HTTPClient.request("GET", "/"), count: 4096)
            let taken = try await server.client.onConnection { connection in
                try connection.writeWhileTaken(requests, atMost: 128 << 20)
            }
            #expect(taken < 64 << 20)
            #expect(begun.value == 1)
            // That the client has left stands behind what isn't read, so only the answer finds out.
            goOn.come()
        }
    }

    @Test func `after an early answer the body is dropped, and the next request is answered`() async throws {
        let begun = Count()
        try await ListeningServer.run { request in
            begun.add()
            return HTTPResponse(request.head.method == .get ? .ok : .conflict)
        } _: { server in
            try await server.client.onConnection { connection in
                let body = String(repeating: "a", count: 200_000)
                try connection.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: \(body.utf8.count)\r\n\r\naa")
                #expect(try connection.readAnswer().status == 409)
                try connection.write(body.dropFirst(2) + HTTPClient.request("GET", "/"))
                #expect(try connection.readAnswer().status == 200)
            }
        }
        #expect(begun.value == 2)
    }

    @Test func `after an early answer only so much is dropped, and only for so long`() async throws {
        try await ListeningServer.run {
            $0.refusedBytesMax = 10_000
            $0.lingerTimeout = .milliseconds(200)
        } respond: { _ in
            HTTPResponse(.conflict)
        } _: { server in
            for chunks in [["20000\r\n" + String(repeating: "a", count: 0x20000)], ["1\r\na\r\n"]] {
                try await server.client.onConnection { connection in
                    try connection.write(Self.chunkedHead)
                    #expect(try connection.readAnswer().status == 409)
                    try? connection.write(chunks[0])
                    #expect(connection.isClosedByServer())
                }
            }
        }
    }

    @Test func `a body that breaks is said to its reader, whose answer is the last`() async throws {
        try await ListeningServer.run(respond: Self.counting) { server in
            try await server.client.onConnection { connection in
                try connection.write(Self.chunkedHead + "1\r\nab\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n")
                let answer = try connection.readAnswer()
                #expect(answer.status == 400 && answer.text.contains("a chunk is longer than its size"))
                #expect(answer["connection"] == "close" && connection.readToEnd() == "")
            }
        }
    }

    @Test func `a body that breaks while nobody reads it is kept no longer`() async throws {
        let goOn = Moment()
        try await ListeningServer.run {
            $0.refusedBytesMax = 1 << 20
        } respond: { _ in
            await goOn.wait()
            return HTTPResponse(.ok)
        } _: { server in
            try await server.client.onConnection { connection in
                try connection.write(Self.chunkedHead + "x\r\n")
                // More than is dropped of a refused request: that ends the connection.
                #expect(throws: HTTPClientError.self) {
                    for _ in 0..<64 { try connection.write(String(repeating: "a", count: 1 << 20)) }
                }
            }
        }
    }

    @Test func `a body that breaks behind its early answer isn't answered twice`() async throws {
        try await ListeningServer.run {
            $0.lingerTimeout = .milliseconds(200)
        } respond: { _ in
            HTTPResponse(.conflict)
        } _: { server in
            try await server.client.onConnection { connection in
                try connection.write(Self.chunkedHead)
                #expect(try connection.readAnswer().status == 409)
                try connection.write("x\r\n")
                #expect(connection.readToEnd() == "")
            }
            #expect(server.log.events == [])
        }
    }

    @Test(arguments: [true, false])
    func `a client that leaves within its body cuts it off`(isReading: Bool) async throws {
        let (entered, ended) = (Moment(), Moment())
        try await ListeningServer.run { request in
            entered.come()
            // Cancelled when the client leaves, whether it reads or does something else.
            if !isReading { await Moment().wait() }
            guard case .stream(let stream) = request.body else { return HTTPResponse(.ok) }
            await #expect(throws: HTTPBodyError.self) { while try await stream.next() != nil {} }
            ended.come()
            return HTTPResponse(.ok)
        } _: { server in
            try await server.client.onConnection { connection in
                try connection.write(Self.chunkedHead + "1\r\na\r\n")
                _ = connection.isSilent(for: 50)
            }
            await entered.wait()
            await ended.wait()
        }
    }

    // MARK: - 100 Continue

    private static func expecting(_ length: Int) -> String {
        "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: \(length)\r\n\r\n"
    }

    @Test func `a client that waits for it is told to go on when somebody reads the body`() async throws {
        let goOn = Moment()
        try await ListeningServer.run {
            $0.idleTimeout = .milliseconds(500)
        } respond: { request in
            await goOn.wait()
            return try await Self.counting(request)
        } _: { server in
            try await server.client.onConnection { connection in
                try connection.write(Self.expecting(3))
                // The client owes nothing yet, so no time runs.
                #expect(connection.isSilent(for: 900))
                goOn.come()
                #expect(try connection.readHead() == "HTTP/1.1 100 Continue\r\n\r\n")
                try connection.write("abc" + HTTPClient.request("GET", "/"))
                #expect(try connection.readAnswer().text == "3 " && connection.readAnswer().text == "-")
            }
        }
    }

    @Test func `a client that isn't told to go on gets its answer, and the connection ends`() async throws {
        try await ListeningServer.run {
            $0.lingerTimeout = .milliseconds(200)
        } respond: { _ in
            HTTPResponse(.conflict)
        } _: { server in
            try await server.client.onConnection { connection in
                try connection.write(Self.expecting(3))
                let answer = try connection.readAnswer()
                #expect(answer.status == 409 && answer["connection"] == "close" && connection.isClosedByServer())
            }
        }
    }

    @Test func `a client that expects to go on without a body gets no more than an answer`() async throws {
        try await ListeningServer.run(respond: Self.counting) { server in
            let answers = try await server.client.exchange(Self.expecting(0) + Self.expecting(0), answers: 2)
            #expect(answers.map(\.status) == [200, 200] && answers[0]["connection"] == nil)
        }
    }
}
