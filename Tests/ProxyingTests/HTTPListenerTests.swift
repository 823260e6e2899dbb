// SPDX-License-Identifier: Apache-2.0

import Core
import Glibc
import Logging
import Proxying
import TestKit
import Testing
import WireHTTP

/// What is on the wire below the API: connections, framing, limits, and the end.
@Suite struct HTTPListenerTests {
    @Test func `a graceful stop answers what is in flight and closes what is idle`() async throws {
        let gate = Gate()
        let listener = HTTPListener(
            address: ListenAddress(host: "127.0.0.1", port: 0), eventLoopGroup: EpollEventLoopGroup.singleton,
            logger: Logger(label: "test")
        ) { _ in
            await gate.enter()
            return HTTPResponse(.ok)
        }
        let client = HTTPClient(port: try await listener.bind())
        async let answer = client.send("GET", "/")
        async let isIdleClosed = client.onConnection { $0.isClosedByServer() }
        await gate.waitForEntry()
        async let drained: Void = listener.drained()
        async let stopped: Void = listener.stop()
        try await Task.sleep(for: .milliseconds(50))
        gate.open()
        #expect(try await answer.status == 200)
        #expect(try await isIdleClosed)
        await drained
        await stopped
        await #expect(throws: HTTPClientError.self) { try await client.send("GET", "/") }
    }

    @Test func `whoever waits for the requests in flight can give up, and a cancelled run ends`() async throws {
        let gate = Gate()
        let listener = HTTPListener(
            address: ListenAddress(host: "127.0.0.1", port: 0), eventLoopGroup: EpollEventLoopGroup.singleton,
            logger: Logger(label: "test")
        ) { _ in
            await gate.enter()
            return HTTPResponse(.ok)
        }
        let client = HTTPClient(port: try await listener.bind())
        let run = Task { try await listener.run() }
        let request = Task { try await client.send("GET", "/") }
        await gate.waitForEntry()
        let drain = Task { await listener.drained() }
        drain.cancel()
        await drain.value
        run.cancel()
        gate.open()
        _ = await run.result
        _ = await request.result
        await #expect(throws: HTTPClientError.self) { try await client.send("GET", "/") }
    }

    @Test func `a responder that throws is 500 and the connection goes on`() async throws {
        struct Fault: Error {}
        let listener = HTTPListener(
            address: ListenAddress(host: "127.0.0.1", port: 0), eventLoopGroup: EpollEventLoopGroup.singleton,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        ) { _ in throw Fault() }
        let client = HTTPClient(port: try await listener.bind())
        let request = HTTPClient.request("GET", "/")
        #expect(try await client.exchange(request + request, answers: 2).map(\.status) == [500, 500])
        await listener.stop()
    }

    @Test func `a port in use is an error that names who has it, or gives way to a free one`() async throws {
        let address = ListenAddress(host: "127.0.0.1", port: 0)
        func listener(_ address: ListenAddress) -> HTTPListener {
            HTTPListener(
                address: address, eventLoopGroup: EpollEventLoopGroup.singleton, logger: Logger(label: "test")
            ) { _ in HTTPResponse(.ok) }
        }
        let first = listener(address)
        let taken = ListenAddress(host: "127.0.0.1", port: try await first.bind())
        let second = listener(taken)
        let error = await #expect(throws: ListenError.self) { try await second.bind() }
        #expect(error?.reason == .addressInUse(PortOccupant.find(port: taken.port)))
        #expect(PortOccupant.find(port: taken.port)?.processID == getpid())
        #expect(error?.description.hasPrefix("port \(taken.port) of 127.0.0.1 is in use by ") == true)
        let port = try await second.bind(orAnyFree: true)
        #expect(port != taken.port && port == second.boundPort)
        #expect(try await HTTPClient(port: port).send("GET", "/").status == 200)
        await second.stop()
        await first.stop()
    }

    @Test func `an address that isn't this machine's is said so`() async throws {
        let listener = HTTPListener(
            address: ListenAddress(host: "203.0.113.1", port: 0), eventLoopGroup: EpollEventLoopGroup.singleton,
            logger: Logger(label: "test")
        ) { _ in HTTPResponse(.ok) }
        let error = await #expect(throws: ListenError.self) { try await listener.bind() }
        #expect(error?.reason == .addressUnknown, "\(String(describing: error))")
    }
}

/// Holds those who enter until it is opened.
private final class Gate: Sendable {
    private let entries = AsyncStream.makeStream(of: Void.self)
    private let opening = AsyncStream.makeStream(of: Void.self)

    func enter() async {
        entries.continuation.yield()
        for await _ in opening.stream {}
    }

    func waitForEntry() async { for await _ in entries.stream { return } }
    func open() { opening.continuation.finish() }
}
