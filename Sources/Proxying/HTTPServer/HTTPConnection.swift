// SPDX-License-Identifier: Apache-2.0

import Logging
import NIOCore
import Telemetry
import WireHTTP

/// One connection of a listener: bytes become requests, each is given to the responder, its answer becomes bytes.
///
/// The path of a request: `channelRead` → decoder → `HTTPConnectionState` → `dispatch` → responder → `answer` →
/// `finish`.
/// Everything here happens on the connection's event loop, and so does the responder, unless it goes elsewhere
/// itself.
final class HTTPConnection: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What all connections of a listener share.
    struct Shared: Sendable {
        var limits: HTTPListenerLimits
        var inFlight: InFlightRequests
        var connections: OpenConnections
        var logger: Logger
        var respond: HTTPListener.Responder
    }

    let shared: Shared
    let executor: EventLoopTaskExecutor
    var decoder: HTTPRequestDecoder
    var state: HTTPConnectionState
    var context: ChannelHandlerContext?
    /// As the channel last said; asking it costs more, and both are asked for with each request.
    private(set) var isOpen = false
    var isWritable = true
    private var registration: OpenConnections.ID?

    /// The request that is being answered.
    var task: Task<Void, Never>?
    var body: HTTPBodyStream?
    var owesContinue = false
    /// Who waits until the socket takes more; false tells that it is closed.
    var writer: CheckedContinuation<Bool, Never>?
    var outgoing = HTTPOutgoingBody(.none)

    var isReading = false
    private var isTaking = false
    var needsFlush = false
    var isPaused = false
    private var holdsRead = false
    let clock = HTTPConnectionClock()

    init(_ shared: Shared, executor: EventLoopTaskExecutor) {
        self.shared = shared
        self.executor = executor
        decoder = HTTPRequestDecoder(shared.limits.syntax)
        state = HTTPConnectionState(shared.limits)
    }

    // MARK: - The connection's life

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        let eventLoop = context.eventLoop
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        clock.start(eventLoop) { bound.value.expire() }
        clock.expect(within: shared.limits.headTimeout)
        registration = shared.connections.add(
            OpenConnections.Ends(
                drain: { eventLoop.execute { bound.value.drain() } },
                close: { eventLoop.execute { bound.value.close() } }))
        // The listener began to end before it could know of this connection.
        if registration == nil { context.close(promise: nil) }
    }

    func channelActive(context: ChannelHandlerContext) {
        isOpen = true
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        tearDown()
        context.fireChannelInactive()
    }

    /// Without `channelInactive` before it where the socket was lost before it was ready.
    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        tearDown()
    }

    private func tearDown() {
        isOpen = false
        clock.stop()
        state.fail()
        body?.finish(.failure(.cutOff))
        body = nil
        wakeWriter()
        task?.cancel()
        task = nil
        if let registration { shared.connections.remove(registration) }
        registration = nil
    }

    /// A peer that is gone is no news; whatever else happened ends the connection too.
    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    /// The listener ends.
    private func drain() {
        if state.isEnding { return }
        guard isOpen else { return close() }
        if state.drain(isWithinHead: decoder.isWithinMessage) {
            closeWhenWritten()
        } else if state.isIdle {
            expect(within: shared.limits.lingerTimeout)
        }
    }

    func close() { context?.close(promise: nil) }

    // MARK: - Time

    /// What waits for the socket to take it, if that is much, from when something was expected of the client.
    private var unsentBytes = 0
    private var expectedTime = TimeAmount.zero

    /// The client has to do something so soon, or to have taken more of what was written.
    func expect(within time: TimeAmount) {
        unsentBytes = isWritable ? 0 : unwrittenBytes
        expectedTime = time
        clock.expect(within: time)
    }

    private func expire() {
        // Who still takes an answer is slow, not gone.
        if unwrittenBytes < unsentBytes { expect(within: expectedTime) } else { close() }
    }

    /// While a request is answered the client has time, unless the answer waits for the rest of the request, or the
    /// rest of the answer for the client.
    func renewClock() {
        if writer != nil || (state.isWaitingForBody && !isPaused && !owesContinue) {
            expect(within: shared.limits.idleTimeout)
        } else {
            clock.clear()
        }
    }

    private var unwrittenBytes: Int { context?.unwrittenBytes ?? 0 }

    // MARK: - Reading

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        isReading = true
        if state.dropsInput { return drop(bytes) }
        decoder.feed(bytes)
        takeParts()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        if needsFlush {
            needsFlush = false
            context.flush()
        }
    }

    /// The connection isn't read from while nobody takes what was read before.
    func read(context: ChannelHandlerContext) {
        let isFull = decoder.bufferedBytes > shared.limits.pipelinedBytesMax && !takesParts && !state.dropsInput
        if isPaused || isFull { holdsRead = true } else { context.read() }
    }

    func resumeReading() {
        guard holdsRead, let context else { return }
        holdsRead = false
        read(context: context)
    }

    /// The next request isn't begun before the client has taken the better part of the last answer: else one that asks
    /// and never reads would have all its answers kept here.
    private var takesParts: Bool { !isPaused && state.takesParts && (!state.isIdle || isWritable) }

    /// An answer that comes at once calls this again from within; the loop goes on then, instead of nesting.
    func takeParts() {
        guard !isTaking else { return }
        isTaking = true
        defer { isTaking = false }
        do throws(HTTPSyntaxError) {
            while takesParts, let part = try decoder.next() { take(part) }
        } catch {
            refuse(error)
        }
        if state.isBusy { renewClock() }
    }

    private func take(_ part: HTTPPart<HTTPRequestHead>) {
        switch state.received(part) {
        case .nothing: break
        case .dispatch(let head, let body): dispatch(head, body)
        case .forward(let bytes): if body?.push(bytes) == true { isPaused = true }
        case .endBody(let trailer): body?.finish(.success(trailer))
        case .finish(let ending): finish(ending)
        }
    }

    /// What comes after the last answer is dropped, for a while, so that the answer isn't lost in a reset.
    private var droppedBytes = 0

    private func drop(_ bytes: ByteBuffer) {
        droppedBytes += bytes.readableBytes
        if droppedBytes > shared.limits.refusedBytesMax { close() }
    }

    private func refuse(_ error: HTTPSyntaxError) {
        switch state.refuse() {
        case .breakBody: body?.finish(.failure(.malformed(error)))
        case .close: finish(.linger)
        case .answer:
            shared.logger.emit(.requestMalformed(error.description))
            let text = ByteBuffer(string: "\(error.status.code) \(error.status.reason): \(error.description)\n")
            let response = HTTPResponse(
                error.status, fields: ["content-type": "text/plain; charset=utf-8"], body: text)
            write(HTTPAnswerHead(response, to: nil, keepsConnection: false).bytes(text))
            finish(.linger)
        }
    }
}
