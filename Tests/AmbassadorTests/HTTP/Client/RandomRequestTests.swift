// SPDX-License-Identifier: Apache-2.0

import Core
import Foundation
import Proxying
import TestKit
import Testing

@testable import Ambassador

/// Random requests, cut at random, with random faults on both sides: each response must belong to its request.
@Suite(.serialized) struct RandomRequestTests {
    /// What one client has seen.
    private struct Seen: Sendable {
        var whole = 0
        var refused = 0
        var cutOff = 0
        var wrong: [String] = []
    }

    /// One client: some requests at once, then their responses, and so on.
    private static func lane(_ lane: Int, _ port: Int, seed: UInt64) async throws -> Seen {
        var numbers = SeededNumbers(seed: seed &+ UInt64(lane))
        var seen = Seen()
        var next = lane * 1000
        while next < lane * 1000 + 80 {
            let batch = (0..<Int.random(in: 1...3, using: &numbers)).map { RandomRequest(number: next + $0) }
            next += batch.count
            let text = batch.map { $0.text(&numbers) }.joined()
            let pieces = text.pieces(Int.random(in: 1...6, using: &numbers), &numbers)
            let isLeaving = Int.random(in: 0..<12, using: &numbers) == 0
            let result = try await HTTPClient(port: port).onConnection { connection in
                for piece in isLeaving ? Array(pieces.dropLast()) : pieces {
                    // Whoever is refused in the middle reads why.
                    guard (try? connection.write(String(piece))) != nil else { break }
                    usleep(UInt32(piece.utf8.count % 3) * 700)
                }
                return isLeaving ? Seen() : read(batch, connection)
            }
            seen.whole += result.whole
            seen.refused += result.refused
            seen.cutOff += result.cutOff
            seen.wrong += result.wrong
        }
        return seen
    }

    private static func read(_ batch: [RandomRequest], _ connection: HTTPConnection) -> Seen {
        var seen = Seen()
        for request in batch {
            do {
                var answer = try connection.readAnswer(isHead: request.method == "HEAD")
                while answer.status < 200 { answer = try connection.readAnswer(isHead: request.method == "HEAD") }
                switch answer.status {
                case 200
                where answer["x-number"] == "\(request.number)"
                    && answer.text == (request.method == "HEAD" ? "" : request.answer):
                    seen.whole += 1
                case 502, 503, 504: seen.refused += 1
                default: seen.wrong.append("\(request.number): \(answer.status) \(answer["x-number"] ?? "")")
                }
                if answer["connection"] == "close" { return seen }
            } catch {
                // An answer that broke off: the next ones don't come either.
                seen.cutOff += 1
                return seen
            }
        }
        return seen
    }

    @Test(arguments: [1, 2] as [UInt64])
    func `each response belongs to its request, and nothing is left at the end`(_ seed: UInt64) async throws {
        try await withProxy(
            [try RandomServer.make(seed: seed), try RandomServer.make(seed: seed + 100)],
            { configuration in
                configuration.timeouts.response = .seconds(2)
                configuration.routes["all"]?.retry.attempts = 2
                configuration.routes["all"]?.retry.on = [.connectFailure, .reset, .gatewayError, .timeout]
                configuration.routes["all"]?.retry.perTryTimeout = .milliseconds(150)
                configuration.upstreams["up"]?.ejection.enabled = false
                configuration.upstreams["up"]?.retryBudget.share = 100
                configuration.upstreams["up"]?.limits.connections = 5
                configuration.upstreams["up"]?.keepalive.idle = .milliseconds(200)
            }
        ) { proxy in
            let port = proxy.port
            let seen = try await withThrowingTaskGroup(of: Seen.self) { group in
                for lane in 1...8 { group.addTask { try await Self.lane(lane, port, seed: seed) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(seen.flatMap(\.wrong) == [])
            let whole = seen.reduce(0) { $0 + $1.whole }
            #expect(whole > 300, "\(seen)")
            #expect(try await proxy.held() == [])
        }
    }
}
