// SPDX-License-Identifier: Apache-2.0

import NIOCore
import WireHTTP

/// One request to an upstream and its response, on one event loop.
///
/// Its path: `perform` → `connected` → `writeRequest` → the wire → `receiveHead` → `receiveBody` → `receiveEnd`
/// → who waits. What is asked for after its end, by whoever comes late, is void.
final class HTTPUpstreamExchange: RelayReceiver {
    typealias Answer = Result<HTTPUpstream.Response, HTTPUpstreamError>

    enum Phase {
        /// No head of a final response has come.
        case waiting
        /// The response is given out when its body is here.
        case gathering
        /// The body goes to its reader part by part.
        case streaming
        case over
    }

    let request: HTTPRequest
    let upstream: HTTPUpstream
    let executor: EventLoopTaskExecutor
    let place: HTTPUpstream.Place
    var phase = Phase.waiting
    /// When the response must be there.
    private(set) var deadline = Int64.max
    /// Who waits for the response.
    private var waiter: CheckedContinuation<Answer, Never>?

    private var connecting: RelayWaiter?
    var connection: RelayConnection?
    /// The connection has been idle, so the server may close it just now.
    private var isReused = false

    // The request's body, if it is still coming.
    var upload: Task<Void, Never>?
    var isUploaded = true
    /// Who waits until the socket takes more; false tells that it won't.
    var writer: CheckedContinuation<Bool, Never>?

    // The response.
    /// Where the parts of the gathered head are.
    var scan: HTTPHeadScan?
    /// The head, and the body behind it: in one buffer, because both are short.
    var gathered = ByteBuffer()
    var headLength = 0
    /// Weak: a body that nobody reads any more ends the exchange.
    weak var body: HTTPBodyStream?
    var unchunker: HTTPBodyUnchunker?

    init(
        _ request: HTTPRequest, _ upstream: HTTPUpstream, _ place: HTTPUpstream.Place,
        _ executor: EventLoopTaskExecutor
    ) {
        self.request = request
        self.upstream = upstream
        self.place = place
        self.executor = executor
    }

    /// Sends the request and waits for its response. Cancelling the task ends the exchange.
    func perform(within timeout: TimeAmount?) async throws(HTTPUpstreamError) -> HTTPUpstream.Response {
        let (bound, eventLoop) = (NIOLoopBound(self, eventLoop: executor.eventLoop), executor.eventLoop)
        let answer = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                waiter = continuation
                begin(within: timeout)
            }
        } onCancel: {
            eventLoop.execute { bound.value.cancel() }
        }
        return try answer.get()
    }

    private func begin(within timeout: TimeAmount?) {
        if let timeout {
            deadline = Int64(bitPattern: (NIODeadline.now() + timeout).uptimeNanoseconds)
            place.loop.expect(self)
        }
        guard let idle = place.connections.takeIdle() else { return connect() }
        isReused = true
        connected(idle)
    }

    private func connect() { connecting = place.connections.connect(self) }

    var opening: ByteBuffer? { upstream.opening }

    func connected(_ connection: RelayConnection) {
        connecting = nil
        self.connection = connection
        connection.begin(self)
        writeRequest(connection)
    }

    // MARK: - The end

    /// Gives the whole response, or its head, to who waits.
    func answer(_ response: HTTPUpstream.Response) {
        if deadline < .max { place.loop.forget(self) }
        waiter?.resume(returning: .success(response))
        waiter = nil
    }

    /// Nothing is missing of the response. What is left of the request the upstream didn't wait for.
    func complete(keepsConnection: Bool) {
        phase = .over
        // Given back before anybody hears of it, so that the next request finds it.
        if keepsConnection, isUploaded { connection?.release() } else { connection?.close() }
        connection = nil
        stopUpload()
    }

    /// The exchange ends without a whole response.
    func end(_ error: HTTPUpstreamError) {
        guard phase != .over else { return }
        phase = .over
        if deadline < .max { place.loop.forget(self) }
        connecting?.cancel()
        connecting = nil
        connection?.close()
        connection = nil
        stopUpload()
        body?.finish(.failure(.cutOff))
        waiter?.resume(returning: .failure(error))
        waiter = nil
    }

    func failed(_ failure: RelayFailure) {
        let tlsFailure = connection?.tlsFailure
        connection = nil
        if let tlsFailure { return end(.insecure(tlsFailure)) }
        switch failure {
        case .closed(isUnheard: true, _) where isReused && request.isRepeatable:
            // The server closed the idle connection just when it was used again. What may be done twice, and can be
            // sent twice, is sent again, once (RFC 9110, section 9.2.2).
            isReused = false
            connect()
        case .closed: end(.closed)
        case .malformed(let error): end(.malformed(error))
        case .overloaded: end(.overloaded(limit: upstream.limits.connectionsMax))
        case .unreachable, .connectTimeout, .insecure: end(.unreachable(failure.reason(upstream.address)))
        }
    }

    /// The task that waits is cancelled, maybe too late.
    private func cancel() {
        if waiter != nil { end(.cancelled) }
    }

    func expire() {
        end(connection == nil ? .unreachable(RelayFailure.connectTimeout.reason(upstream.address)) : .timedOut)
    }
}

extension HTTPRequest {
    /// Whether it can be sent twice, and has the same effect then.
    fileprivate var isRepeatable: Bool {
        guard case .bytes = body else { return false }
        switch head.method {
        case .get, .head, .put, .delete, .options, .trace: return true
        case .post, .patch, .connect, .other: return false
        }
    }
}
