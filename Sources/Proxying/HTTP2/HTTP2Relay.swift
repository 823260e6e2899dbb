// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHPACK
import NIOHTTP2

/// One stream of a client that is passed on to an upstream, part by part, each side at the pace of the other.
///
/// A responder decides, in a task on the connection's event loop, to whom (`send`), waits for the end (`finished`), or
/// answers itself. Everything else happens here, as `HTTP2RelayState` says, on the same loop.
final class HTTP2Relay {
    let executor: EventLoopTaskExecutor
    private let shared: HTTP2Service.Shared
    private var state: HTTP2RelayState?
    private var downstream: HTTP2StreamEnd?
    private var upstream: HTTP2StreamEnd?
    private var task: Task<Void, Never>?
    private var reading = HTTP2ResponseReading()
    /// Who waits for an answer's beginning, and who for its end.
    private var attempt: CheckedContinuation<HTTP2Attempt, Never>?
    private var finish: CheckedContinuation<HTTP2Ending, Never>?
    private var ending: HTTP2Ending?

    init(_ shared: HTTP2Service.Shared, executor: EventLoopTaskExecutor) {
        self.shared = shared
        self.executor = executor
    }

    /// The handler for the client's stream.
    func makeDownstream() -> HTTP2StreamEnd {
        let end = HTTP2StreamEnd(self)
        downstream = end
        return end
    }

    // MARK: - The request

    func received(_ part: HTTP2Part, from end: HTTP2StreamEnd) {
        if end !== downstream { return receivedResponse(part, from: end) }
        guard state != nil else {
            if case .fields(let head, let isLast) = part { dispatch(head, isLast) }
            return
        }
        if case .forward(let part) = state?.received(request: part) { upstream?.write(part) }
    }

    private func dispatch(_ head: HPACKHeaders, _ isLast: Bool) {
        state = HTTP2RelayState(isRequestOver: isLast, keptBytesMax: shared.limits.keptBytesMax)
        shared.inFlight.begin()
        let (shared, bound) = (shared, NIOLoopBound(self, eventLoop: executor.eventLoop))
        task = Task.immediate(executorPreference: executor) {
            await shared.respond(HTTP2Call(head: head, relay: bound))
            bound.value.responderReturned()
            shared.inFlight.end()
        }
    }

    /// Whoever was to answer has gone; that mustn't leave the client waiting.
    private func responderReturned() {
        task = nil
        if state?.end() == true { downstream?.reset(.internalError) }
        upstream?.reset(.cancel)
    }

    // MARK: - Offers

    /// Offers the request to an upstream, and returns when it has begun to answer, or won't.
    func send(
        _ head: HPACKHeaders, to upstream: HTTP2Upstream, _ reading: HTTP2ResponseReading
    ) async -> HTTP2Attempt {
        let connection: HTTP2UpstreamConnection
        do throws(HTTPUpstreamError) {
            connection = try await upstream.connection(on: executor.eventLoop).value
        } catch {
            return isGone ? .gone : .unsent(error.description)
        }
        if isGone { return .gone }
        guard let kept = state?.offer() else { return .failed(nil) }
        self.reading = reading
        let isWhole = kept.isEmpty && state?.isRequestOver == true
        return await withCheckedContinuation { continuation in
            attempt = continuation
            let end = HTTP2StreamEnd(self)
            self.upstream = end
            connection.open(end)
            end.write(.fields(head, isLast: isWhole))
            for part in kept { end.write(part) }
            end.flush()
            downstream?.resumeReading()
        }
    }

    var isGone: Bool { Task.isCancelled || state?.phase == .over }
    var isRepeatable: Bool { state?.isRepeatable ?? false }

    private func receivedResponse(_ part: HTTP2Part, from end: HTTP2StreamEnd) {
        guard end === upstream else { return }
        switch state?.received(response: part, isRefusal: reading.isRefusal) {
        case .nothing, nil: break
        case .refused(let fields):
            upstream = nil
            end.reset(.cancel)
            resume(.refused(fields))
        case .begin(let part):
            let part = reading.passed(part)
            pass(part)
            resume(.answered)
            if part.isLast { complete(part) }
        case .forward(let part):
            pass(part)
            if part.isLast { complete(part) }
        }
    }

    private func pass(_ part: HTTP2Part) {
        let isRequestOver = state?.isRequestOver ?? true
        if part.isLast {
            downstream?.writeLast(part, resetsRequest: !isRequestOver)
        } else {
            downstream?.write(part)
        }
    }

    /// Lets the upstream go after its last part, and has the client see what it has got.
    ///
    /// Both can end a stream at once, and who hears of an end must find the answer complete. So the flush is last; and
    /// it is here, since an upstream's stream that ends by our reset doesn't say any more that all of it was read.
    private func complete(_ part: HTTP2Part) {
        let upstream = upstream
        self.upstream = nil
        // A request that came whole may still wait for the upstream's window.
        if upstream?.hasSentLast == false { upstream?.reset(.cancel) }
        if case .fields(let fields, _) = part { end(.complete(fields)) } else { end(.complete([:])) }
        downstream?.flush()
        // Who uploads all before it reads has to be read from, or it never takes the answer.
        downstream?.resumeReading()
    }

    // MARK: - The end

    /// Returns when the answer that began has ended.
    func finished() async -> HTTP2Ending {
        if let ending { return ending }
        return await withCheckedContinuation { finish = $0 }
    }

    /// Ends the client's answer with these fields, which are its head as well if it has none.
    func answer(_ fields: HPACKHeaders) {
        let isRequestOver = state?.isRequestOver ?? true
        guard state?.end() == true else { return }
        downstream?.writeLast(.fields(fields, isLast: true), resetsRequest: !isRequestOver)
        downstream?.flush()
        downstream?.resumeReading()
    }

    func closed(_ end: HTTP2StreamEnd, _ code: HTTP2ErrorCode?) {
        if end === downstream { return clientLeft() }
        guard end === upstream else { return }
        upstream = nil
        switch state?.upstreamClosed() {
        case .nothing, nil: break
        case .unanswered:
            resume(code == .refusedStream ? .unsent("the connection is being closed") : .failed(code))
        case .broken: self.end(.broken(code))
        }
    }

    private func clientLeft() {
        downstream = nil
        _ = state?.end()
        let upstream = upstream
        self.upstream = nil
        upstream?.reset(.cancel)
        resume(.gone)
        end(.gone)
        task?.cancel()
    }

    private func resume(_ outcome: HTTP2Attempt) {
        attempt?.resume(returning: outcome)
        attempt = nil
    }

    private func end(_ ending: HTTP2Ending) {
        if self.ending == nil { self.ending = ending }
        finish?.resume(returning: ending)
        finish = nil
    }

    // MARK: - Pace

    func mayRead(_ end: HTTP2StreamEnd) -> Bool {
        if end !== downstream { return downstream?.isWritable ?? true }
        return state?.takesRequest(isWritable: upstream?.isWritable ?? true) ?? true
    }

    func writabilityChanged(_ end: HTTP2StreamEnd) {
        guard end.isWritable else { return }
        if end === downstream { upstream?.resumeReading() } else { downstream?.resumeReading() }
    }

    func readComplete(_ end: HTTP2StreamEnd) {
        if end === downstream { upstream?.flush() } else { downstream?.flush() }
    }
}
