// SPDX-License-Identifier: Apache-2.0

import Core
import Logging
import NIOCore
import NIOEmbedded
import Proxying
import TestKit
import Testing
import WireHTTP
import WireJSON

@testable import Ambassador

@Suite struct AccessLogTests {
    private let facts = AccessLogFacts(
        status: 502, origin: .upstream, nanoseconds: 1_234_567_000, bytesIn: 3, bytesOut: 100,
        route: "everything", upstream: "v1", endpoint: "10.0.0.1:80", retries: 1)
    /// 2026-03-01T12:00:00.200Z
    private let now = UTCTime(seconds: 1_772_366_400, nanoseconds: 200_000_000)

    /// What is written for a request and a response with these lines.
    private func line(
        _ format: String, request: [String] = [], response: [String]? = nil, target: String = "/a?token=1",
        facts: AccessLogFacts? = nil, client: String? = nil,
        _ change: (inout AccessLogConfiguration) -> Void = { _ in }
    ) async throws -> String {
        var configuration = AccessLogConfiguration()
        configuration.format = try #require(AccessLogFormat(text: format))
        change(&configuration)
        return try await written(configuration) { log in
            var head = HTTPHeadScan()
            let lines = ["GET \(target) HTTP/1.1", "Host: shop"] + request + ["", ""]
            let bytes = Array(lines.joined(separator: "\r\n").utf8)
            _ = try head.scanRequest(bytes.span)
            let place = client.flatMap { client in
                bytes.indices.first { bytes[$0...].starts(with: client.utf8) }.map { $0..<$0 + client.utf8.count }
            }
            let entry = log.begin(head, bytes.span, peer: Array("10.0.0.9".utf8), client: place)
            if let response {
                let bytes = Array((["HTTP/1.1 200 OK"] + response + ["", ""]).joined(separator: "\r\n").utf8)
                _ = try head.scanResponse(bytes.span)
                log.noteResponse(entry, head, bytes.span)
            }
            log.end(entry, facts ?? self.facts, now: now)
        }
    }

    /// What is in the file after `body`.
    private func written(
        _ configuration: AccessLogConfiguration, _ body: (AccessLog) throws -> Void
    ) async throws -> String {
        let path = TemporaryFile.path("access")
        let file = try AccessLogFile(path: path, proxy: "web", buffer: .mebibytes(1), logger: .silent)
        let log = AccessLog(
            configuration, proxy: "web", file: file, eventLoop: EmbeddedEventLoop(), random: SmallGenerator(seed: 7))
        try body(log)
        log.flush()
        await file.close()
        return try TemporaryFile.take(path)
    }

    @Test func `JSON has what is known, and no query`() async throws {
        let parent = "traceparent: 00-0123456789abcdef0123456789abcdef-0123456789abcdef-01"
        let text = try await line("json", request: [parent])
        #expect(
            text == #"{"time":"2026-03-01T11:59:58.965Z","client":"10.0.0.9","proxy":"web","method":"GET","#
                + #""host":"shop","path":"/a","protocol":"HTTP/1.1","status":502,"origin":"upstream","bytes_in":3,"#
                + #""bytes_out":100,"duration":1.234567,"route":"everything","upstream":"v1","#
                + #""endpoint":"10.0.0.1:80","retries":1,"trace_id":"0123456789abcdef0123456789abcdef"}"# + "\n")
    }

    @Test func `what isn't there is null, or a hyphen`() async throws {
        let nothing = AccessLogFacts(status: 404, origin: .runtime, nanoseconds: 0)
        let text = try await line("json", target: "/", facts: nothing)
        #expect(text.contains(#""upstream":null,"endpoint":null,"retries":0,"trace_id":null}"#))
        let format = "%{upstream} %{query} %{request.referer} %{response.x} %{status}"
        #expect(try await line(format, target: "/", facts: nothing) == "- - - - 404\n")
    }

    @Test func `a line of one's own says what it names`() async throws {
        let text = try await line(
            "%{client} %{peer} %{target} %{query} \"%{request.x-user}\" %{response.server} %{protocol}",
            request: ["X-User: a", "x-USER: b", "X-Forwarded-For: 1.2.3.4"], response: ["Server: s"], client: "1.2.3.4")
        #expect(text == "1.2.3.4 10.0.0.9 /a?token=1 token=1 \"a, b\" s HTTP/1.1\n")
    }

    @Test func `secrets are hidden, also when they are named`() async throws {
        let text = try await line(
            "json", request: ["Authorization: Bearer abc", "Cookie: s=1", "x: y"], response: ["Set-Cookie: s=2"]
        ) {
            $0.requestHeaders = ["authorization", "cookie", "proxy-authorization", "x"]
            $0.responseHeaders = ["set-cookie"]
        }
        #expect(
            text.hasSuffix(
                #""request.authorization":"hidden","request.cookie":"hidden","request.proxy-authorization":null,"#
                    + #""request.x":"y","response.set-cookie":"hidden"}"# + "\n"))
        #expect(!text.contains("abc") && !text.contains("s="))
        #expect(try await line("%{request.cookie}", request: ["Cookie: s=1"]) == "hidden\n")
        #expect(try await line("%{request.x-vault-token}", request: ["X-Vault-Token: t"]) == "hidden\n")
    }

    @Test(
        "Secrets are known by their names",
        arguments: [
            "authorization", "proxy-authorization", "cookie", "set-cookie", "authentication-info", "x-api-key",
            "api-key", "apikey", "x-auth-token", "x-access-token", "x-csrf-token", "x-xsrf-token", "dapr-api-token",
            "x-amz-security-token", "x-forwarded-client-cert", "sec-websocket-key", "www-authenticate", "x-vault-token",
            "client_secret", "userpassword", "session_id",
        ])
    func secret(name: String) { #expect(SecretName.isSecret(name)) }

    @Test("Other names aren't", arguments: ["x-user", "etag", "server", "id", "key", "author"])
    func noSecret(name: String) {
        #expect(!SecretName.isSecret(name))
    }

    @Test func `no client can write a line or a value of its own`() async throws {
        let evil = ["x: a\",\"status\":200,\"y\":\"\\", "y: caf\u{E9}\t\u{1F600}"]
        let json = try await line("json", request: evil) { $0.requestHeaders = ["x", "y"] }
        #expect(json.split(separator: "\n").count == 1)
        var values: [String: String] = [:]
        try Array(json.dropLast().utf8).withUnsafeBytes { bytes in
            try JSONReader.read(bytes) { reader throws(JSONError) in
                try reader.object { key, reader throws(JSONError) in
                    if try reader.peek() == .string { values[key] = try reader.string() } else { try reader.skip() }
                }
            }
        }
        #expect(values["request.x"] == "a\",\"status\":200,\"y\":\"\\")
        #expect(values["request.y"] == "caf\u{E9}\t\u{1F600}")
        let text = try await line("\"%{request.x}\" %{request.y}", request: evil)
        #expect(text == #""a\x22,\x22status\x22:200,\x22y\x22:\x22\x5C" caf\xC3\xA9\x09\xF0\x9F\x98\x80"# + "\n")
    }

    @Test func `bytes that are no UTF-8 are Latin-1`() {
        #expect(AccessLogText.text([0x63, 0xE9, 0x7F, 0x01], isJSON: true) == Array(#""c\u00E9\u007F\u0001""#.utf8))
    }

    @Test func `long values are cut`() async throws {
        let text = try await line("%{request.x}", request: ["x: " + String(repeating: "a", count: 5000)])
        #expect(text.utf8.count == AccessLogEntry.valueBytesMax + 1)
    }

    @Test func `what is worth a look is written whatever the sample`() async throws {
        var configuration = AccessLogConfiguration()
        configuration.format = try #require(AccessLogFormat(text: "%{status}"))
        configuration.sample = .none
        configuration.status = 500
        configuration.slow = .seconds(1)
        let text = try await written(configuration) { log in
            for (status, milliseconds) in [(200, 1), (499, 999), (500, 1), (201, 1000)] {
                let facts = AccessLogFacts(
                    status: status, origin: .application, nanoseconds: Int64(milliseconds) * 1_000_000)
                log.end(log.begin(peer: []), facts, now: now)
            }
        }
        #expect(text == "500\n201\n")
    }

    @Test func `a sample is as large as it is said to be`() async throws {
        var configuration = AccessLogConfiguration()
        configuration.format = try #require(AccessLogFormat(text: "%{status}"))
        configuration.sample = try #require(Percentage(10))
        let text = try await written(configuration) { log in
            let facts = AccessLogFacts(status: 200, origin: .application, nanoseconds: 1)
            for _ in 0..<10_000 { log.end(log.begin(peer: []), facts, now: now) }
        }
        #expect((900...1100).contains(text.split(separator: "\n").count))
    }

    @Test func `a request that couldn't be read has its client and its status`() async throws {
        var configuration = AccessLogConfiguration()
        configuration.format = try #require(AccessLogFormat(text: "%{client} %{method} %{status} %{origin}"))
        let text = try await written(configuration) { log in
            let facts = AccessLogFacts(status: 400, origin: .client, nanoseconds: 1)
            log.end(log.begin(peer: Array("10.0.0.9".utf8)), facts, now: now)
        }
        #expect(text == "10.0.0.9 - 400 client\n")
    }

    @Test func `lines that gather are written after a while`() async throws {
        let path = TemporaryFile.path("access")
        let file = try AccessLogFile(path: path, proxy: "web", buffer: .mebibytes(1), logger: .silent)
        let loop = EmbeddedEventLoop()
        var configuration = AccessLogConfiguration()
        configuration.format = try #require(AccessLogFormat(text: "%{status}"))
        let log = AccessLog(configuration, proxy: "web", file: file, eventLoop: loop)
        log.end(log.begin(peer: []), facts)
        loop.advanceTime(by: AccessLog.flushDelay)
        await file.close()
        #expect(try TemporaryFile.take(path) == "502\n")
    }
}
