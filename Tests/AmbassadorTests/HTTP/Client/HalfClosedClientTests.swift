// SPDX-License-Identifier: Apache-2.0

import Core
import Foundation
import TestKit
import Testing

@testable import Ambassador

/// Clients that say no more when they have sent their requests.
@Suite(.serialized) struct HalfClosedClientTests {
    /// What comes for these bytes, behind which the client says no more.
    private func answers(
        to text: String, after pause: useconds_t = 0, _ configure: (inout HTTPProxyConfiguration) -> Void = { _ in }
    ) async throws -> String {
        let server = try ScriptedServer { connection in
            while true {
                let path = try connection.readHead()[0].split(separator: " ")[1]
                try connection.write("HTTP/1.1 200 OK\r\nContent-Length: \(path.count)\r\n\r\n\(path)")
            }
        }
        var answers = ""
        try await withProxy([server], configure) { proxy in
            answers = try await proxy.client.onConnection { connection in
                try connection.write(text)
                if pause > 0 { usleep(pause) }
                connection.endWriting()
                return connection.readToEnd()
            }
        }
        return answers
    }

    private static let requests = ["/a", "/b", "/c"].map { HTTPClient.request("GET", $0) }.joined()

    private func bodies(_ answers: String) -> [String] {
        answers.components(separatedBy: "HTTP/1.1 200 OK").dropFirst().map { String($0.suffix(2)) }
    }

    @Test func `requests that came at once are all answered`() async throws {
        // The end comes with them, or at any time while they are answered.
        for pause in 0..<20 as Range<useconds_t> {
            let answers = try await answers(to: Self.requests, after: pause * 50)
            #expect(bodies(answers) == ["/a", "/b", "/c"], "\(answers)")
        }
    }

    @Test func `answers of the proxy's own are among them`() async throws {
        let answers = try await answers(to: Self.requests) { configuration in
            var route = RouteConfiguration()
            route.match.path = .exact("/b")
            (route.respond.status, route.respond.body) = (200, "/B")
            configuration.routes["own"] = route
        }
        #expect(bodies(answers) == ["/a", "/B", "/c"], "\(answers)")
    }

    @Test(arguments: ["GET /d", "POST /d HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf"])
    func `a last one that isn't whole gets no answer, and the connection ends`(_ rest: String) async throws {
        let answers = try await answers(to: Self.requests + rest)
        #expect(bodies(answers) == ["/a", "/b", "/c"], "\(answers)")
    }

    @Test func `requests that are held up on purpose are among them`() async throws {
        let answers = try await answers(to: Self.requests) { configuration in
            var fault = FaultConfiguration()
            (fault.kind, fault.delay) = (.delay, .milliseconds(50))
            configuration.routes["all"]?.faults["late"] = fault
        }
        #expect(bodies(answers) == ["/a", "/b", "/c"], "\(answers)")
    }
}
