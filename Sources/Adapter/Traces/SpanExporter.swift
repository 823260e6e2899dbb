// SPDX-License-Identifier: Apache-2.0

import Core
package import Logging
import NIOCore
package import Proxying
import ServiceLifecycle
package import Telemetry
import WireHTTP

/// Sends the spans of a queue to a collector, batch after batch, as long as the sidecar runs; and what is left at its
/// end.
///
/// The path of a span: `SpanQueue.offer` → a signal → `run` → `exportBatches` → `deliver` → `send` → the collector.
package actor SpanExporter: Service {
    package struct Limits: Sendable {
        /// How long the first span of a batch waits for others.
        package var interval = Duration.seconds(1)
        /// For a whole exchange with the collector.
        package var timeout = Duration.seconds(10)
        package var triesMax = 5
        /// The pause before the second try; it doubles from try to try, and is lengthened by up to a half at random, so
        /// that the sidecars of a cluster don't come back all at once.
        package var pause = Duration.seconds(1)
        /// For all that is left when the sidecar ends.
        package var flush = Duration.seconds(2)
        package var responseBytesMax = 64 << 10
        package var connectSeconds = 2

        package init() {}
    }

    private let endpoint: OTLPEndpoint
    private let headers: [OTLPHeader]
    private let resource: TraceResource
    private let queue: SpanQueue
    private let limits: Limits
    private let upstream: HTTPUpstream
    private var journal: ExportJournal

    package init(
        _ queue: SpanQueue, to endpoint: OTLPEndpoint, headers: [OTLPHeader] = [], resource: TraceResource,
        limits: Limits = Limits(), eventLoopGroup: EpollEventLoopGroup, logger: Logger
    ) {
        self.endpoint = endpoint
        self.headers = headers
        self.resource = resource
        self.queue = queue
        self.limits = limits
        var upstreamLimits = HTTPUpstreamLimits()
        upstreamLimits.connectSeconds = limits.connectSeconds
        upstream = HTTPUpstream(address: endpoint.address, limits: upstreamLimits, eventLoopGroup: eventLoopGroup)
        journal = ExportJournal(endpoint: "\(endpoint)", logger: logger)
    }

    /// Exports until the graceful shutdown, and then what is left, for `Limits.flush` at most.
    package func run() async throws {
        let exporting = Task { await exportUntilCancelled() }
        try? await gracefulShutdown()
        exporting.cancel()
        await flush(await exporting.value)
        upstream.closeIdle()
    }

    // MARK: - While the sidecar runs

    /// Gives back the batch that was being delivered.
    private func exportUntilCancelled() async -> [TraceSpan] {
        var timer: Task<Void, any Error>?
        defer { timer?.cancel() }
        for await signal in queue.signals {
            timer?.cancel()
            if signal != .filling {
                let undelivered = await exportBatches()
                if Task.isCancelled { return undelivered }
            }
            guard queue.count > 0 else { continue }
            timer = Task { [queue, interval = limits.interval] in
                try await Task.sleep(for: interval)
                queue.say(.due)
            }
        }
        return []
    }

    /// Exports what there is, down to less than a batch; the rest may wait for others.
    private func exportBatches() async -> [TraceSpan] {
        repeat {
            let batch = queue.take()
            noteDropped()
            guard await deliver(batch) else { return batch }
        } while queue.count >= queue.batchMax
        return []
    }

    private func noteDropped() {
        journal.lost(queue.takeDropped(), .queueFull, "more than \(queue.spansMax) spans wait to be exported")
    }

    /// Sends a batch until the collector has taken it, has refused it, or has failed too often. False if the task was
    /// cancelled before.
    private func deliver(_ batch: [TraceSpan]) async -> Bool {
        guard !batch.isEmpty else { return true }
        let request = request(batch)
        for attempt in 1...limits.triesMax {
            let outcome = await send(request, within: limits.timeout)
            // A collector that has answered was in time.
            if Task.isCancelled, case .retryable = outcome { return false }
            guard let reason = note(outcome, batch) else { return true }
            guard case .retryable(_, let asked) = outcome, attempt < limits.triesMax else {
                journal.lost(batch.count, .undelivered, reason)
                return true
            }
            do { try await Task.sleep(for: max(pause(after: attempt), asked ?? .zero)) } catch { return false }
        }
        return true
    }

    private func pause(after attempt: Int) -> Duration {
        limits.pause * (1 << (attempt - 1)) * Double.random(in: 1...1.5)
    }

    /// Counts an outcome that is final and returns nil; else why the batch isn't delivered yet.
    private func note(_ outcome: OTLPOutcome, _ batch: [TraceSpan]) -> String? {
        switch outcome {
        case .taken(let refused, let reason):
            let refused = min(refused, batch.count)
            journal.succeeded(batch.count - refused)
            journal.lost(refused, .refused, "the collector refused them: \(reason)")
            return nil
        case .refused(let reason):
            journal.failed(reason)
            journal.lost(batch.count, .refused, "the collector refused them: \(reason)")
            return nil
        case .retryable(let reason, _):
            journal.failed(reason)
            return reason
        }
    }

    // MARK: - At the end

    /// Sends each batch that is left once, `undelivered` first. A collector may get that a second time: it knows a span
    /// by its id.
    private func flush(_ undelivered: [TraceSpan]) async {
        let deadline = ContinuousClock.now + limits.flush
        var batch = undelivered.isEmpty ? queue.take() : undelivered
        while !batch.isEmpty {
            let left = min(deadline - .now, limits.timeout)
            guard left > .zero, note(await send(request(batch), within: left), batch) == nil else { break }
            batch = queue.take()
        }
        noteDropped()
        journal.lost(batch.count + queue.count, .shutdown, "the sidecar ended before they were exported")
    }

    // MARK: - One request

    private func request(_ batch: [TraceSpan]) -> HTTPRequest {
        var fields: HTTPFields = ["content-type": "application/json", "user-agent": "outrigger/\(Version.outrigger)"]
        for header in headers { fields[header.name] = header.value }
        return HTTPRequest(
            HTTPRequestHead(.post, endpoint.path, fields: fields),
            body: .bytes(ByteBuffer(bytes: OTLPTraces.json(batch, of: resource))))
    }

    /// The outcome of one exchange. `HTTPUpstream` bounds the time to the response's head; this bounds the whole.
    private func send(_ request: HTTPRequest, within timeout: Duration) async -> OTLPOutcome {
        await withTaskGroup(of: OTLPOutcome.self) { group in
            group.addTask { await self.exchange(request) }
            group.addTask {
                try? await Task.sleep(for: timeout)
                return .retryable("no answer within \(timeout.text)", after: nil)
            }
            defer { group.cancelAll() }
            return await group.next() ?? .retryable("no answer", after: nil)
        }
    }

    private func exchange(_ request: HTTPRequest) async -> OTLPOutcome {
        do {
            let response = try await upstream.send(request)
            let body = try? await response.body.collect(upTo: limits.responseBytesMax)
            return OTLPOutcome(response.head, body)
        } catch {
            return .retryable(error.description, after: nil)
        }
    }
}
