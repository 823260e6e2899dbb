// SPDX-License-Identifier: Apache-2.0

import Core
import Logging
import NIOCore
import Proxying
import Synchronization
import TestKit

/// A listener on a free port with a responder of the test's, and what it logged.
struct ListeningServer: Sendable {
    let listener: HTTPListener
    let client: HTTPClient
    let log: EventLog

    /// Runs `body` against a listener, and stops it.
    static func run<Value>(
        respond: @escaping HTTPListener.Responder, _ body: (ListeningServer) async throws -> Value
    ) async throws -> Value {
        try await run({ _ in }, respond: respond, body)
    }

    static func run<Value>(
        _ change: (inout HTTPListenerLimits) -> Void,
        respond: @escaping HTTPListener.Responder,
        _ body: (ListeningServer) async throws -> Value
    ) async throws -> Value {
        var limits = HTTPListenerLimits()
        change(&limits)
        let log = EventLog()
        let listener = HTTPListener(
            address: ListenAddress(host: "127.0.0.1", port: 0), limits: limits,
            eventLoopGroup: EpollEventLoopGroup.singleton, logger: log.logger, respond: respond)
        let server = ListeningServer(
            listener: listener, client: HTTPClient(port: try await listener.bind()), log: log)
        let value: Value
        do { value = try await body(server) } catch {
            await listener.stop()
            throw error
        }
        await listener.stop()
        return value
    }
}

/// The events of a logger, with their levels.
final class EventLog: Sendable {
    private let entries = Mutex<[(event: String, level: Logger.Level)]>([])

    var events: [String] { entries.withLock { $0.map(\.event) } }
    var levels: [String] { entries.withLock { $0.map { "\($0.level)" } } }

    var logger: Logger {
        var logger = Logger(label: "test") { _ in Handler(log: self) }
        logger.logLevel = .trace
        return logger
    }

    private struct Handler: LogHandler {
        let log: EventLog
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        init(log: EventLog) { self.log = log }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: Logging.LogEvent) {
            let id = event.metadata?["event"].map { "\($0)" } ?? "?"
            log.entries.withLock { $0.append((id, event.level)) }
        }
    }
}

extension ByteBuffer {
    /// Made without a loop over its bytes, which would hold up every connection of a loop in a debug build.
    static func letters(_ count: Int) -> ByteBuffer { ByteBuffer(string: String(repeating: "a", count: count)) }
}

/// A moment that one task waits for, and anybody can bring about.
final class Moment: Sendable {
    private let stream = AsyncStream.makeStream(of: Void.self)

    func come() { stream.continuation.finish() }
    /// Returns when it has come, or when the task is cancelled.
    func wait() async { for await _ in stream.stream {} }
}

/// A number that several tasks count up.
final class Count: Sendable {
    private let count = Atomic(0)

    var value: Int { count.load(ordering: .acquiring) }
    func add(_ number: Int = 1) { count.add(number, ordering: .acquiringAndReleasing) }
}
