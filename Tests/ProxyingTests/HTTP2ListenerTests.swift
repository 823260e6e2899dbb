// SPDX-License-Identifier: Apache-2.0

import Core
import Logging
import NIOCore
import NIOHPACK
import NIOHTTP2
import TestKit
import Testing
import WireHTTP

@testable import Proxying

/// A listener that serves HTTP/2 beside HTTP/1.1, and streams that are passed on to another.
@Suite(.timeLimit(.minutes(1))) struct HTTP2ListenerTests {
    private static func listener(
        _ limits: HTTP2Limits = HTTP2Limits(), _ respond: @escaping HTTP2Service.Responder
    ) async throws -> (HTTPListener, port: Int) {
        let listener = HTTPListener(
            address: ListenAddress(host: "127.0.0.1", port: 0), eventLoopGroup: EpollEventLoopGroup.singleton,
            logger: EventLog().logger, http2: HTTP2Service(limits: limits, respond: respond)
        ) { _ in HTTPResponse(.ok, body: ByteBuffer(string: "over HTTP/1.1")) }
        return (listener, try await listener.bind())
    }

    private static func upstream(_ port: Int) -> HTTP2Upstream {
        HTTP2Upstream(
            address: ListenAddress(host: "127.0.0.1", port: port),
            eventLoopGroup: EpollEventLoopGroup.singleton)
    }

    /// A listener that passes all that comes to the upstream, and says how it ended.
    private static func relay(to upstream: HTTP2Upstream, ended: Count) async throws -> (HTTPListener, port: Int) {
        try await listener { call in
            switch await call.send(call.head, to: upstream) {
            case .answered:
                if case .broken = await call.finished() { call.answer(["x-end": "broken"]) }
            case .unsent: call.answer([":status": "503"])
            case .failed(let code): call.answer([":status": "502", "x-code": "\(code?.networkCode ?? -1)"])
            case .refused, .gone: break
            }
            ended.add()
        }
    }

    @Test func `both protocols are served on one port, each by its own`() async throws {
        let (listener, port) = try await Self.listener { $0.answer([":status": "200", "x-over": "h2"]) }
        let answer = try await HTTPClient(port: port).send("GET", "/")
        #expect(answer.text == "over HTTP/1.1")
        let client = try await HTTP2Client(port: port)
        #expect(try await client.call("/").ending("x-over") == "h2")
        #expect(try await client.call("/", [:], [.letters(300_000)], staysOpen: true).ending("x-over") == "h2")
        await listener.stop()
    }

    @Test func `a body larger than every window goes through, and comes back in one piece`() async throws {
        let (app, appPort) = try await Self.listener { $0.answer([":status": "200", "x-end": "app"]) }
        let ended = Count()
        let (listener, port) = try await Self.relay(to: Self.upstream(appPort), ended: ended)
        let client = try await HTTP2Client(port: port)
        let answer = try await client.call("/", [:], [.letters(5 << 20)])
        #expect(answer.ending("x-end") == "app")
        await listener.stop()
        await app.stop()
    }

    @Test func `an upstream that isn't there, and one that resets, are told apart`() async throws {
        let ended = Count()
        let (listener, port) = try await Self.relay(to: Self.upstream(try FreePort.next()), ended: ended)
        #expect(try await HTTP2Client(port: port).call("/").status == "503")
        // A responder that returns without an answer resets the stream.
        let (app, appPort) = try await Self.listener { _ in }
        let (second, secondPort) = try await Self.relay(to: Self.upstream(appPort), ended: ended)
        let answer = try await HTTP2Client(port: secondPort).call("/")
        #expect(answer.status == "502" && answer.ending("x-code") == "2")
        for listener in [listener, second, app] { await listener.stop() }
    }

    @Test func `a client that leaves takes its call with it, through all that passed it on`() async throws {
        let (left, began) = (Moment(), Moment())
        let (app, appPort) = try await Self.listener { call in
            began.come()
            try? await Task.sleep(for: .seconds(60))
            if Task.isCancelled { left.come() }
        }
        let ended = Count()
        let (listener, port) = try await Self.relay(to: Self.upstream(appPort), ended: ended)
        let call = try await HTTP2Client(port: port).begin("/")
        await began.wait()
        call.cancel()
        await left.wait()
        await listener.drained()
        #expect(ended.value == 1)
        await listener.stop()
        await app.stop()
    }

    @Test func `a listener that ends lets calls finish, and is done when they are`() async throws {
        let (began, goOn) = (Moment(), Moment())
        let (listener, port) = try await Self.listener { call in
            began.come()
            await goOn.wait()
            call.answer([":status": "200"])
        }
        let call = try await HTTP2Client(port: port).begin("/")
        await began.wait()
        async let stopped: Void = listener.stop()
        try await Task.sleep(for: .milliseconds(50))
        goOn.come()
        #expect(try await call.answer().status == "200")
        await stopped
    }

    @Test func `calls that don't finish are cut off when the time is over`() async throws {
        var limits = HTTP2Limits()
        limits.drainTimeout = .milliseconds(100)
        let began = Moment()
        let (listener, port) = try await Self.listener(limits) { _ in
            began.come()
            try? await Task.sleep(for: .seconds(60))
        }
        let call = try await HTTP2Client(port: port).begin("/")
        await began.wait()
        await listener.stop()
        #expect(try await call.answer().status == nil)
    }

    @Test func `after its upstream's end a new connection is made`() async throws {
        let (app, appPort) = try await Self.listener { $0.answer([":status": "200"]) }
        let upstream = Self.upstream(appPort)
        let (listener, port) = try await Self.relay(to: upstream, ended: Count())
        let client = try await HTTP2Client(port: port)
        #expect(try await client.call("/").status == "200")
        await app.stop()
        #expect(try await client.call("/").status == "503")
        let again = HTTPListener(
            address: ListenAddress(host: "127.0.0.1", port: appPort),
            eventLoopGroup: EpollEventLoopGroup.singleton, logger: EventLog().logger,
            http2: HTTP2Service { $0.answer([":status": "204"]) }
        ) { _ in HTTPResponse(.ok) }
        try await again.bind()
        #expect(try await client.call("/").status == "204")
        upstream.closeIdle()
        #expect(try await client.call("/").status == "204")
        await listener.stop()
        await again.stop()
    }
}
