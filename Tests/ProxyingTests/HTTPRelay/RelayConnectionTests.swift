// SPDX-License-Identifier: Apache-2.0

import Core
import Glibc
import NIOCore
import TestKit
import Testing
import WireHTTP

@testable import Proxying

/// Connections to servers, without what stands above them.
@Suite(.timeLimit(.minutes(1))) struct RelayConnectionTests {
    private static let loop = EpollEventLoopGroup(count: 1, name: "test").nextLoop()

    /// Asks for a connection and gives it to `body` on the loop.
    private static func exchange(
        port: Int, _ change: (inout RelayConnectionRules) -> Void = { _ in },
        _ body: @escaping @Sendable (RelayConnection, Receiver) -> Void
    ) async throws -> String {
        var rules = RelayConnectionRules()
        change(&rules)
        let promise = loop.makePromise(of: String.self)
        let address = try SocketAddress(ipAddress: "127.0.0.1", port: port)
        try await loop.submit { [rules] in
            let connections = RelayConnections(RelayLoop(loop), to: .address(address), rules)
            _ = connections.connect(Receiver(promise, body))
        }.get()
        return try await promise.futureResult.get()
    }

    @Test func `what is written first isn't overtaken, however long the server takes to read it`() async throws {
        let count = 16 << 20
        let server = try ScriptedServer { connection in
            usleep(200_000)
            let first = try connection.read(count: count)
            let last = try connection.read(count: 4)
            let isInOrder = last == "next" && first.utf8.allSatisfy { $0 == UInt8(ascii: "a") }
            try connection.write(wireAnswer(isInOrder ? 200 : 500))
        }
        let answer = try await Self.exchange(port: server.port) { connection, receiver in
            connection.begin(receiver)
            connection.write(ByteBuffer(repeating: UInt8(ascii: "a"), count: count))
            let bound = NIOLoopBound(connection, eventLoop: Self.loop)
            // The socket takes more again before the loop hears of it.
            Self.loop.scheduleTask(in: .milliseconds(190)) {
                usleep(100_000)
                bound.value.write(ByteBuffer(string: "next"))
            }
        }
        #expect(answer == "200")
    }

    @Test func `so many informational responses may come and no more, whoever listens`() async throws {
        for (count, expected) in [(32, "200"), (33, "malformed")] {
            let server = try ScriptedServer { connection in
                try connection.readHead()
                let hints = String(repeating: "HTTP/1.1 103 Early Hints\r\n\r\n", count: count)
                try connection.write(hints + wireAnswer())
                _ = connection.readToEnd()
            }
            let answer = try await Self.exchange(port: server.port) { connection, receiver in
                connection.begin(receiver)
                connection.write(ByteBuffer(string: "GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
            }
            #expect(answer == expected)
        }
    }

    @Test func `nobody there, and no more connections than there may be, are told apart`() async throws {
        let port = try FreePort.next()
        #expect(try await Self.exchange(port: port) { _, _ in } == "unreachable: Connection refused")
        let none: (inout RelayConnectionRules) -> Void = { ($0.connectionsMax, $0.waitingMax) = (0, 0) }
        #expect(try await Self.exchange(port: port, none) { _, _ in } == "overloaded")
    }

    @Test(arguments: [
        (RelayFailure.unreachable("no"), "can't connect to a:1: no"),
        (.connectTimeout, "can't connect to a:1: no answer in time"),
        (.insecure(.closed), "no secure connection to a:1: the connection was closed within the TLS handshake"),
        (.closedAtOnce, "can't connect to a:1: it closes connections at once"),
        (.overloaded, "too many requests wait for a connection to a:1"),
    ])
    func `a failure is a sentence`(failure: RelayFailure, sentence: String) {
        #expect(failure.reason(ListenAddress(host: "a", port: 1)) == sentence)
    }
}

/// Says how the first exchange went.
private final class Receiver: RelayReceiver {
    private let promise: EventLoopPromise<String>
    private let body: (RelayConnection, Receiver) -> Void
    private var status = 0

    init(_ promise: EventLoopPromise<String>, _ body: @escaping (RelayConnection, Receiver) -> Void) {
        (self.promise, self.body) = (promise, body)
    }

    var opening: ByteBuffer? { nil }

    func connected(_ connection: RelayConnection) { body(connection, self) }

    func receiveHead(_ bytes: ByteBuffer, length: Int, _ scan: borrowing HTTPHeadScan) -> RelayBody {
        status = scan.status
        return status < 200 ? .interim : RelayBody(scan, answersHead: false)
    }

    func receiveBody(_ bytes: ByteBuffer) {}
    func receivedAll() {}
    func writabilityChanged(_ connection: RelayConnection) {}
    func receiveEnd(keepsConnection: Bool) { promise.succeed("\(status)") }

    func failed(_ failure: RelayFailure) {
        switch failure {
        case .unreachable(let reason): promise.succeed("unreachable: \(reason)")
        case .malformed: promise.succeed("malformed")
        case .overloaded: promise.succeed("overloaded")
        case .connectTimeout, .insecure, .closed: promise.succeed("closed")
        }
    }
}
