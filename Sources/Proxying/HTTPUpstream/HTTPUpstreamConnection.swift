// SPDX-License-Identifier: Apache-2.0

import NIOCore
import WireHTTP

/// One connection to an upstream: a request goes out, its response comes in, and then the next.
///
/// The path of a request: `exchange` → `writeRequest` → the wire → `channelRead` → decoder → `take` → who waits.
/// Everything here happens on the connection's event loop.
final class HTTPUpstreamConnection: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    typealias Answer = Result<HTTPUpstream.Response, HTTPUpstreamError>

    let pool: HTTPUpstreamPool
    let host: String
    /// The handshake's outcome; nil without TLS.
    let secured: EventLoopFuture<Void>?
    let executor: EventLoopTaskExecutor
    let clock = HTTPConnectionClock()
    var decoder: HTTPResponseDecoder
    var context: ChannelHandlerContext?
    private(set) var failure: HTTPUpstreamError?

    // The exchange that is under way.

    /// Which one it is: what was asked for during an earlier one is void.
    private(set) var exchangeNumber = 0
    var isBusy = false
    /// Who waits for the response's head.
    var waiter: CheckedContinuation<Answer, Never>?
    var upload: Task<Void, Never>?
    var isUploaded = true
    /// Who waits until the socket takes more; false tells that it won't.
    var writer: CheckedContinuation<Bool, Never>?
    var head: HTTPResponseHead?
    var interimResponses = 0
    var gathered = ByteBuffer()
    /// Weak: a body that nobody reads any more ends the connection.
    weak var body: HTTPBodyStream?
    var isStreaming = false
    var isResponseOver = false
    /// No byte of the response has come.
    var hasHeardNothing = true

    /// Whether the reader of the body has to catch up first.
    var isPaused = false
    var holdsRead = false
    var isInputOver = false
    /// Whether TLS ended without its own end, so that somebody else may have ended it.
    var isCutOff = false

    init(
        _ pool: HTTPUpstreamPool, host: String, _ secured: EventLoopFuture<Void>?, executor: EventLoopTaskExecutor
    ) {
        self.pool = pool
        self.host = host
        self.secured = secured
        self.executor = executor
        decoder = HTTPResponseDecoder(pool.limits.syntax)
    }

    // MARK: - The connection's life

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        clock.start(context.eventLoop) { bound.value.expired() }
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelActive(context: ChannelHandlerContext) {
        pool.opened()
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        clock.stop()
        pool.closed(self)
        isInputOver = true
        stopUpload()
        // What came before the end and waits for the reader is the reader's still.
        if !isPaused { endInput() }
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if secured != nil {
            switch TLSFailure(error, name: nil) {
            // What came before may be a whole response, which has said its length.
            case .cutOff: isCutOff = true
            // A server may refuse our certificate when the handshake is over for us (TLS 1.3).
            case let failure: fail(.insecure(failure))
            }
        }
        context.close(promise: nil)
    }

    func close() { context?.close(promise: nil) }

    var isOpen: Bool { failure == nil && !isInputOver && context?.channel.isActive == true }

    private func expired() {
        fail(.timedOut)
        close()
    }

    /// Ends the exchange, if there is one, with an error.
    func fail(_ error: HTTPUpstreamError) {
        let failure = failure ?? error
        self.failure = failure
        stopUpload()
        body?.finish(.failure(.cutOff))
        waiter?.resume(returning: .failure(failure))
        waiter = nil
        isBusy = false
    }

    // MARK: - The exchange

    /// Sends a request and waits for its response.
    func exchange(
        _ request: HTTPRequest, _ timeout: TimeAmount?
    ) async throws(HTTPUpstreamError) -> HTTPUpstream.Response {
        if let failure { throw failure }
        guard isOpen else { throw .closed }
        if Task.isCancelled {
            keep()
            throw .cancelled
        }
        begin(request.head.method, timeout)
        let bound = NIOLoopBound(self, eventLoop: executor.eventLoop)
        let (eventLoop, number) = (executor.eventLoop, exchangeNumber)
        let answer = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                waiter = continuation
                writeRequest(request, bound)
            }
        } onCancel: {
            eventLoop.execute { bound.value.cancelled(number) }
        }
        return try answer.get()
    }

    private func begin(_ method: HTTPMethod, _ timeout: TimeAmount?) {
        exchangeNumber += 1
        (isBusy, hasHeardNothing, isStreaming, isResponseOver) = (true, true, false, false)
        (head, interimResponses, gathered) = (nil, 0, ByteBuffer())
        decoder.method = method
        if let timeout { clock.expect(within: timeout) } else { clock.clear() }
    }

    /// The task that waits for the head is cancelled. It may come late, when the connection has another exchange.
    private func cancelled(_ number: Int) {
        guard number == exchangeNumber, waiter != nil else { return }
        fail(.cancelled)
        close()
    }

    /// A connection whose exchange is complete both ways is kept; one with a request that the upstream didn't wait for,
    /// or with bytes behind the response, is of no use.
    func finishIfOver() {
        guard isResponseOver, isBusy else { return }
        isBusy = false
        stopUpload()
        guard isUploaded, head?.keepsConnection == true, !decoder.isWithinMessage, isOpen else { return close() }
        head = nil
        keep()
    }

    private func keep() {
        guard pool.keep(self) else { return close() }
        clock.expect(within: .seconds(Int64(pool.limits.idleSeconds)))
    }
}
