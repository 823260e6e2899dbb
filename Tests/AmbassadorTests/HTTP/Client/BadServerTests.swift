// SPDX-License-Identifier: Apache-2.0

import Core
import Proxying
import TestKit
import Testing

@testable import Ambassador

struct BadServerTests {
    private let request = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

    @Test func `a server that dies in the middle of a body of a length cuts the client's response off`() async throws {
        let server = try ScriptedServer { connection in
            try connection.readHead()
            try connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        }
        try await withProxy([server]) { proxy in
            let answer = (try? await proxy.whole(request)) ?? ""
            #expect(!answer.contains("502"))
            #expect(answer.isEmpty || answer.hasSuffix("half"))
        }
    }

    @Test func `a server that dies in the middle of a chunked body doesn't let it look whole`() async throws {
        let server = try ScriptedServer { connection in
            try connection.readHead()
            try connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")
        }
        try await withProxy([server]) { proxy in
            let answer = (try? await proxy.whole(request)) ?? ""
            #expect(!answer.contains("\r\n0\r\n"))
        }
    }

    @Test func `a server that closes without an answer is a bad gateway`() async throws {
        let server = try ScriptedServer { connection in try connection.readHead() }
        try await withProxy([server]) { proxy in
            let answer = try await proxy.client.send("POST", "/", body: "x")
            #expect(answer.status == 502)
        }
    }

    @Test func `nobody listening is an unavailable service`() async throws {
        let port = try FreePort.next()
        let server = try ScriptedServer { _ in }
        try await withProxy(
            [server],
            { $0.upstreams["up"]?.servers["s0"]?.address = .network(host: "127.0.0.1", port: port) }
        ) { proxy in
            let answer = try await proxy.client.send("GET", "/")
            #expect(answer.status == 503)
            #expect(answer.text.contains("up can't be reached"))
        }
    }

    @Test func `a server that never answers is a timeout`() async throws {
        let server = try ScriptedServer { connection in
            try connection.readHead()
            _ = connection.readSome()
        }
        try await withProxy([server], { $0.timeouts.response = .milliseconds(200) }) { proxy in
            let answer = try await proxy.client.send("GET", "/")
            #expect(answer.status == 504)
        }
    }

    @Test func `the second of two answers to one request reaches nobody`() async throws {
        let server = try ScriptedServer { connection in
            while true {
                try connection.readHead()
                try connection.write(ScriptedServer.ok + "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nstolen")
            }
        }
        try await withProxy([server]) { proxy in
            let answers = try await proxy.client.exchange(
                "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n", answers: 2)
            #expect(answers.map(\.text) == ["ok", "ok"])
            #expect(server.connectionCount == 2)
        }
    }

    @Test func `what an idle server says reaches nobody`() async throws {
        let server = try ScriptedServer { connection in
            try connection.readHead()
            try connection.write(ScriptedServer.ok)
            try connection.write("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nstolen")
            try connection.readHead()
        }
        try await withProxy([server]) { proxy in
            for _ in 0..<3 {
                #expect(try await proxy.client.send("GET", "/").text == "ok")
                try await Task.sleep(for: .milliseconds(50))
            }
        }
    }

    @Test(
        arguments: [
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nok",
            "HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
            "HTTP/1.1 200 OK\r\nX : 1\r\nContent-Length: 2\r\n\r\nok",
            "HTTP/1.1 200 OK\r\nX: 1\r\n folded\r\nContent-Length: 2\r\n\r\nok",
            "ok",
            "HTTP/1.1 101 Switching Protocols\r\n\r\n",
        ])
    func `an answer that could be read in two ways is a bad gateway`(_ answer: String) async throws {
        try await withProxy([try .answering(answer)]) { proxy in
            let answer = try await proxy.client.send("GET", "/")
            #expect(answer.status == 502)
        }
    }

    @Test func `an endless head of a server is a bad gateway`() async throws {
        let server = try ScriptedServer { connection in
            try connection.readHead()
            try connection.write("HTTP/1.1 200 OK\r\n")
            while true { try connection.write("X-Filler: \(String(repeating: "x", count: 1000))\r\n") }
        }
        try await withProxy([server]) { proxy in
            let answer = try await proxy.client.send("GET", "/")
            #expect(answer.status == 502)
        }
    }

    @Test func `a server that stalls in the middle of a body is to blame, not the client`() async throws {
        let server = try ScriptedServer { connection in
            try connection.readHead()
            try connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
            _ = connection.readSome()
        }
        try await withProxy([server], { $0.timeouts.response = .milliseconds(200) }) { proxy in
            let answer = (try? await proxy.whole(request)) ?? ""
            #expect(answer.isEmpty || answer.hasSuffix("half"))
            let failures = await proxy.proxy.snapshot().upstreams.first?.endpoints.first?.counters.failures
            #expect(failures == 1)
        }
    }

    @Test func `a bad chunk of a server cuts the response off`() async throws {
        try await withProxy(
            [try .answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\nxyz\r\n")]
        ) { proxy in
            let answer = (try? await proxy.whole(request)) ?? ""
            #expect(!answer.contains("\r\n0\r\n"))
        }
    }

    @Test func `informational responses pass, but not without an end`() async throws {
        let hints = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
        try await withProxy([try .answering(hints + ScriptedServer.ok)]) { proxy in
            let answer = try await proxy.whole(request)
            #expect(answer.hasPrefix(hints))
            #expect(answer.hasSuffix("ok"))
        }
        try await withProxy([try .answering(String(repeating: hints, count: 100))]) { proxy in
            let answer = try await proxy.whole(request)
            #expect(answer.contains("HTTP/1.1 502"))
        }
    }

    @Test func `an informational response loses what belongs to the server's connection, as the final one does`()
        async throws
    {
        let hints =
            "HTTP/1.1 103 Early Hints\r\nConnection: close, x-hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\n"
            + "Link: </a>\r\n\r\n"
        try await withProxy([try .answering(hints + ScriptedServer.ok)]) { proxy in
            let answers = try await proxy.client.onConnection { connection in
                try (0..<2).map { _ in
                    try connection.write(HTTPClient.request("GET", "/"))
                    return try [connection.readHead(), connection.readHead(), connection.read(2)]
                }
            }
            let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
            #expect(answers.allSatisfy { $0 == ["HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", ok, "ok"] })
        }
    }
}
