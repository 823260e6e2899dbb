// SPDX-License-Identifier: Apache-2.0

import Core
import HTTPAPI
import TestKit
import Testing

/// The API on the wire: connections, framing, limits.
@Suite struct APIConnectionTests {
    @Test func `requests in a row on one connection are answered in order`() async throws {
        try await APIServer.run { server async throws in
            let raw = (0..<50).map { index in
                HTTPClient.request("POST", "/v1.0/state/statestore", body: #"[{"key":"k","value":\#(index)}]"#)
                    + HTTPClient.request("GET", "/v1.0/state/statestore/k")
            }
            let answers = try await server.client.exchange(raw.joined(), answers: 100)
            #expect(answers.map(\.status) == (0..<50).flatMap { _ in [204, 200] })
            #expect(answers.filter { $0.status == 200 }.map(\.text) == (0..<50).map { "\($0)" })
        }
    }

    @Test func `a chunked body is read`() async throws {
        try await APIServer.run { server async throws in
            let raw =
                "POST /v1.0/state/statestore HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "a\r\n[{\"key\":\"k\r\n" + "d\r\n\",\"value\":1}]\r\n" + "0\r\n\r\n"
            #expect(try await server.client.exchange(raw)[0].status == 204)
            #expect(try await server.get("k").text == "1")
        }
    }

    @Test func `a body that is announced beyond the limit is refused before it is sent`() async throws {
        try await APIServer.run { server async throws in
            try await server.client.onConnection { connection in
                try connection.write(
                    "POST /v1.0/state/statestore HTTP/1.1\r\nHost: x\r\nContent-Length: 4194305\r\n\r\n")
                let answer = try connection.readAnswer()
                #expect(answer.status == 400)
                #expect(answer["connection"] == "close")
                #expect(
                    answer.text == #"{"errorCode":"ERR_BODY_READ","message":"failed to read request body: "#
                        + #"the body is larger than the limit of 4194304 bytes"}"#)
                #expect(connection.isClosedByServer())
            }
        }
    }

    @Test(arguments: [true, false])
    func `a body that grows beyond the limit is refused with an answer that arrives`(isChunked: Bool) async throws {
        try await APIServer.run({ $0.bodyLimit = .kibibytes(64) }) { server async throws in
            try await server.client.onConnection { connection in
                let body = String(repeating: " ", count: 1 << 20)
                let framing = isChunked ? "Transfer-Encoding: chunked" : "Content-Length: \(body.utf8.count)"
                try connection.write("POST /v1.0/state/statestore HTTP/1.1\r\nHost: x\r\n\(framing)\r\n\r\n")
                try connection.write(isChunked ? "100000\r\n\(body)\r\n0\r\n\r\n" : body)
                let answer = try connection.readAnswer()
                #expect(answer.status == 400 && answer.text.contains("ERR_BODY_READ"))
                // A length that was announced ends the connection; a body that was read to its end doesn't have to.
                if isChunked {
                    try connection.write(HTTPClient.request("GET", "/v1.0/metadata"))
                    #expect(try connection.readAnswer().status == 200)
                } else {
                    #expect(connection.isClosedByServer())
                }
            }
            #expect(try await server.client.send("GET", "/v1.0/metadata").status == 200)
        }
    }

    @Test func `a body of exactly the limit is taken`() async throws {
        try await APIServer.run({ $0.bodyLimit = .kibibytes(1) }) { server async throws in
            let frame = #"[{"key":"k","value":""}]"#
            let fill = String(repeating: "x", count: 1024 - frame.utf8.count)
            let body = #"[{"key":"k","value":"\#(fill)"}]"#
            #expect(try await server.save(body).status == 204)
            #expect(try await server.save(body + " ").status == 400)
        }
    }

    @Test func `a client that asks for it is told to go on`() async throws {
        try await APIServer.run { server async throws in
            try await server.client.onConnection { connection in
                let body = #"[{"key":"k","value":1}]"#
                try connection.write(
                    "POST /v1.0/state/statestore HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
                        + "Content-Length: \(body.utf8.count)\r\n\r\n")
                #expect(try connection.readAnswer().status == 100)
                try connection.write(body)
                #expect(try connection.readAnswer().status == 204)
            }
        }
    }

    @Test(arguments: ["close", "Close"])
    func `a client that wants to close is closed`(word: String) async throws {
        try await APIServer.run { server async throws in
            try await server.client.onConnection { connection in
                try connection.write(HTTPClient.request("GET", "/v1.0/metadata", headers: [("Connection", word)]))
                #expect(try connection.readAnswer()["connection"] == "close")
                #expect(connection.isClosedByServer())
            }
        }
    }

    @Test(arguments: [
        ("NONSENSE\r\n\r\n", 400), ("GET /v1.0/metadata HTTP/9.9\r\n\r\n", 505),
        ("GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n", 400), ("GET / HTTP/1.1\r\nA: b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nA: \(String(repeating: "a", count: 100_000))\r\n\r\n", 431),
        ("GET /\(String(repeating: "a", count: 100_000)) HTTP/1.1\r\n\r\n", 414),
        ("GET / HTTP/1.1\r\n\(String(repeating: "A: b\r\n", count: 1000))\r\n", 431),
        ("GET * HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    ])
    func `what isn't HTTP or is too long is refused and the connection ends`(raw: String, status: Int) async throws {
        try await APIServer.run { server async throws in
            try await server.client.onConnection { connection in
                try connection.write(raw)
                // A refusal of a long text may be lost in the reset of what was still to be read.
                if let answer = try? connection.readAnswer() { #expect(answer.status == status) }
                #expect(connection.isClosedByServer())
            }
            #expect(try await server.client.send("GET", "/v1.0/metadata").status == 200)
        }
    }

    @Test func `a client that leaves within its body harms nobody`() async throws {
        try await APIServer.run { server async throws in
            for _ in 0..<20 {
                try await server.client.onConnection { connection in
                    try connection.write(
                        "POST /v1.0/state/statestore HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n[{")
                }
            }
            #expect(try await server.client.send("GET", "/v1.0/metadata").status == 200)
            await server.service.drained()
            #expect(server.store.keys.isEmpty)
        }
    }
}
