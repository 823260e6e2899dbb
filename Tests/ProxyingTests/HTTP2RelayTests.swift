// SPDX-License-Identifier: Apache-2.0

import Core
import NIOCore
import NIOHPACK
import NIOHTTP2
import Synchronization
import TestKit
import Testing
import WireHTTP

@testable import Proxying

/// Streams that are passed on to an upstream whose answers end in every order.
@Suite(.timeLimit(.minutes(1))) struct HTTP2RelayTests {
    /// A listener that passes all that comes to one upstream, and notes how it ended.
    private final class Relay: Sendable {
        let upstream: HTTP2Upstream
        private let listening = Mutex<(listener: HTTPListener, port: Int)?>(nil)
        private let paths = AsyncStream.makeStream(of: String.self)
        private let outcomes = AsyncStream.makeStream(of: String.self)

        init(to app: HTTP2App) async throws {
            upstream = HTTP2Upstream(
                address: ListenAddress(host: "127.0.0.1", port: app.port),
                eventLoopGroup: EpollEventLoopGroup.singleton)
            let service = HTTP2Service { [weak self] call in await self?.pass(call) }
            let listener = HTTPListener(
                address: ListenAddress(host: "127.0.0.1", port: 0),
                eventLoopGroup: EpollEventLoopGroup.singleton, logger: EventLog().logger, http2: service
            ) { _ in HTTPResponse(.ok) }
            let port = try await listener.bind()
            listening.withLock { $0 = (listener, port) }
        }

        var port: Int { listening.withLock { $0?.port } ?? 0 }
        func stop() async { await listening.withLock { $0?.listener }?.stop() }

        private func pass(_ call: HTTP2Call) async {
            paths.continuation.yield(call.head.first(name: ":path") ?? "")
            let outcome: String
            switch await call.send(call.head, to: upstream) {
            case .answered:
                switch await call.finished() {
                case .complete: outcome = "complete"
                case .broken: outcome = "broken"
                case .gone: outcome = "gone"
                }
            case .unsent: outcome = "unsent"
            case .failed(let code): outcome = "failed \(code?.networkCode ?? -1)"
            case .refused: outcome = "refused"
            case .gone: outcome = "gone before the answer"
            }
            call.answer([":status": "502", "x-outcome": outcome])
            outcomes.continuation.yield(outcome)
        }

        /// Waits until a call of this path has come.
        func hasCome(_ path: String) async { for await next in paths.stream where next == path { return } }

        /// How the next `count` calls ended.
        func endings(_ count: Int) async -> [String] {
            var endings: [String] = []
            for await outcome in outcomes.stream {
                endings.append(outcome)
                if endings.count == count { break }
            }
            return endings
        }
    }

    private static func answer(_ stream: HTTP2AppStream) {
        stream.send([":status": "200"])
        stream.send(["x-end": "app"], isLast: true)
    }

    /// A call that is answered when the test says so.
    private struct HeldAnswer: Sendable {
        let taken = Moment()
        let goOn = Moment()

        func hold(_ stream: HTTP2AppStream) {
            taken.come()
            Task {
                await goOn.wait()
                HTTP2RelayTests.answer(stream)
            }
        }
    }

    @Test func `an early answer ends the request, also if the app resets it only later or never`() async throws {
        let app = try await HTTP2App { stream in
            Self.answer(stream)
            if stream.path == "/later" { stream.eventLoop.scheduleTask(in: .milliseconds(20)) { stream.reset() } }
            if stream.path == "/at-once" { stream.reset() }
        }
        let relay = try await Relay(to: app)
        let client = try await HTTP2Client(port: relay.port)
        for path in ["/never", "/later", "/at-once"] {
            for bytes in [1, 300_000] {
                let call = try await client.begin(path, [:], [.letters(bytes)], staysOpen: true)
                #expect(try await call.answer().ending("x-end") == "app")
                #expect(try await call.resetCode() == 0)
            }
        }
        #expect(await relay.endings(6) == Array(repeating: "complete", count: 6))
        await relay.stop()
        try await app.stop()
    }

    @Test func `an answer to a whole request is complete, with trailers alone too`() async throws {
        let app = try await HTTP2App { stream in
            if stream.path == "/head" { return stream.send([":status": "200", "x-end": "head"], isLast: true) }
            Self.answer(stream)
        }
        let relay = try await Relay(to: app)
        let client = try await HTTP2Client(port: relay.port)
        for path in ["/head", "/both"] {
            let call = try await client.begin(path)
            #expect(try await call.answer().ending("x-end") != nil)
            #expect(try await call.resetCode() == nil)
        }
        #expect(await relay.endings(2) == ["complete", "complete"])
        await relay.stop()
        try await app.stop()
    }

    @Test func `a call that is cancelled before the app takes its stream leaves nothing behind`() async throws {
        let held = HeldAnswer()
        let app = try await HTTP2App(streamsMax: 1) { stream in
            guard stream.path == "/first" else { return Self.answer(stream) }
            held.hold(stream)
        }
        let relay = try await Relay(to: app)
        let client = try await HTTP2Client(port: relay.port)
        let first = try await client.begin("/first")
        await held.taken.wait()
        let waiting = try await client.begin("/second")
        await relay.hasCome("/second")
        waiting.cancel()
        #expect(await relay.endings(1) == ["gone before the answer"])
        held.goOn.come()
        #expect(try await first.answer().status == "200")
        #expect(try await client.call("/third").status == "200")
        relay.upstream.closeIdle()
        await app.ended.wait()
        await relay.stop()
        try await app.stop()
    }

    @Test func `a malformed answer ends its own call alone`() async throws {
        let held = HeldAnswer()
        let app = try await HTTP2App { stream in
            guard stream.path == "/good" else {
                return stream.send([":status": "200", "connection": "close"], isLast: true)
            }
            held.hold(stream)
        }
        let relay = try await Relay(to: app)
        let client = try await HTTP2Client(port: relay.port)
        let good = try await client.begin("/good")
        await held.taken.wait()
        let bad = try await client.call("/bad")
        // PROTOCOL_ERROR.
        #expect(bad.ending("x-outcome") == "failed 1")
        held.goOn.come()
        #expect(try await good.answer().ending("x-end") == "app")
        await relay.stop()
        try await app.stop()
    }

    @Test func `a malformed request ends its own call alone`() async throws {
        let held = HeldAnswer()
        let app = try await HTTP2App { stream in
            held.hold(stream)
        }
        let relay = try await Relay(to: app)
        let client = try await HTTP2Client(port: relay.port, isStrict: false)
        let good = try await client.begin("/good")
        await held.taken.wait()
        let bad = try await client.call("/bad", ["connection": "close"])
        // PROTOCOL_ERROR.
        #expect(bad.resetCode == 1)
        held.goOn.come()
        #expect(try await good.answer().ending("x-end") == "app")
        await relay.stop()
        try await app.stop()
    }

    @Test func `a call that the app's goodbye leaves out counts as unsent`() async throws {
        let app = try await HTTP2App { stream in
            if stream.path == "/taken" {
                Task {
                    try? await Task.sleep(for: .milliseconds(50))
                    Self.answer(stream)
                }
            } else {
                stream.goAway(last: 1)
            }
        }
        let relay = try await Relay(to: app)
        let client = try await HTTP2Client(port: relay.port)
        let taken = try await client.begin("/taken")
        let left = try await client.call("/left")
        #expect(left.ending("x-outcome") == "unsent")
        #expect(try await taken.answer().ending("x-end") == "app")
        await relay.stop()
        try await app.stop()
    }
}
