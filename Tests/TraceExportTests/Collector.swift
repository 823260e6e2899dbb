// SPDX-License-Identifier: Apache-2.0

import Core
import FoundationEssentials
import Logging
import NIOCore
import Proxying
import ServiceLifecycle
import Synchronization
import Telemetry
import TraceExport
import WireHTTP

/// A collector on a free port of loopback that answers as a test says, and the exporter that sends to it.
final class Collector: Sendable {
    struct Arrival: Sendable {
        var target: String
        var fields: HTTPFields
        var spans: [String]
    }

    let queue: SpanQueue
    let exporter: SpanExporter
    let said = Said()
    private let listener: HTTPListener
    private let arrivals: Arrivals
    private let tracer: Tracer
    private let group: ServiceGroup
    private let running: Task<Void, any Error>

    /// `answer` gets the number of the request, from 0.
    init(
        queue: SpanQueue = SpanQueue(), isUp: Bool = true, headers: [OTLPHeader] = [],
        answer: @escaping @Sendable (Int) async throws -> HTTPResponse = { _ in HTTPResponse(.ok) },
        limits change: (inout SpanExporter.Limits) -> Void = { _ in }
    ) async throws {
        self.queue = queue
        tracer = Tracer(queue, rate: 1)
        let arrivals = Arrivals()
        self.arrivals = arrivals
        listener = HTTPListener(
            address: ListenAddress(host: "127.0.0.1", port: 0), eventLoopGroup: EpollEventLoopGroup.singleton,
            logger: quiet
        ) { request in
            try await answer(arrivals.add(request, try await request.body.collect(upTo: 4 << 20)))
        }
        let port = try await listener.bind()
        if !isUp { await listener.stop() }
        var limits = SpanExporter.Limits()
        limits.interval = .milliseconds(20)
        limits.pause = .milliseconds(10)
        change(&limits)
        exporter = SpanExporter(
            queue, to: OTLPEndpoint(url: "http://127.0.0.1:\(port)").known, headers: headers,
            resource: TraceResource(serviceName: "cart", namespace: "shop"), limits: limits,
            eventLoopGroup: EpollEventLoopGroup.singleton, logger: said.logger)
        group = ServiceGroup(services: [exporter], logger: quiet)
        running = Task { [group] in try await group.run() }
    }

    /// Ends spans with these names.
    func trace(_ names: String...) { names.forEach { trace($0) } }
    func trace(_ name: String) { tracer.begin(.server, under: nil).end(name) }

    /// Waits for so many requests.
    func arrivals(_ count: Int) async throws -> [Arrival] {
        for _ in 0..<2000 where arrivals.all.count < count { try await Task.sleep(for: .milliseconds(5)) }
        return arrivals.all
    }

    /// Ends the exporter as the sidecar's end does, and then the collector.
    func stop() async throws {
        await group.triggerGracefulShutdown()
        try await running.value
        await listener.stop()
    }

    private final class Arrivals: Sendable {
        private let list = Mutex<[Arrival]>([])
        var all: [Arrival] { list.withLock { $0 } }

        func add(_ request: HTTPRequest, _ body: ByteBuffer?) -> Int {
            let text = body.map { String(buffer: $0) } ?? ""
            let spans = text.matches(of: /"flags":\d+,"name":"([^"]*)"/).map { String($0.1) }
            let arrival = Arrival(target: request.head.target, fields: request.head.fields, spans: spans)
            return list.withLock { list in
                list.append(arrival)
                return list.count - 1
            }
        }
    }
}

extension OTLPEndpoint? {
    /// An endpoint that a test has written itself.
    var known: OTLPEndpoint { self ?? { preconditionFailure("the test's endpoint is wrong") }() }
}

let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// What was said on the log, by the ids of the events.
final class Said: Sendable {
    private let all = Mutex<[String]>([])

    var events: [String] { all.withLock { $0 } }
    var logger: Logger { Logger(label: "test") { _ in Handler(said: self) } }

    /// Waits for an event.
    func waitFor(_ event: String) async throws {
        for _ in 0..<2000 where !events.contains(event) { try await Task.sleep(for: .milliseconds(5)) }
    }

    private struct Handler: LogHandler {
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace
        let said: Said

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: Logging.LogEvent) {
            guard let id = event.metadata?["event"] else { return }
            said.all.withLock { $0.append("\(id)") }
        }
    }
}
