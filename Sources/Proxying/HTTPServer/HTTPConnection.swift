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
final class HTTPConnection: ChannelDuplexHandler {
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
        clock.start(eventLoop) { bound.value.close() }
        clock.expect(within: shared.limits.headTimeout)
        registration = shared.connections.add { eventLoop.execute { bound.value.drain() } }
        // The listener began to end before it could know of this connection.
        if registration == nil { context.close(promise: nil) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        clock.stop()
        state.fail()
        body?.finish(.failure(.cutOff))
        wakeWriter()
        task?.cancel()
        if let registration { shared.connections.remove(registration) }
        registration = nil
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    /// A peer that is gone is no news; whatever else happened ends the connection too.
    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    /// The listener ends.
    private func drain() {
        if state.drain() { close() }
    }

    func close() { context?.close(promise: nil) }

    // MARK: - Reading

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        isReading = true
        if state.isEnding { return drop(bytes) }
        decoder.feed(bytes)
        if state.isWaitingForBody { clock.expect(within: shared.limits.idleTimeout) }
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
        let isFull = !state.takesParts && decoder.bufferedBytes > shared.limits.pipelinedBytesMax
        if isPaused || isFull { holdsRead = true } else { context.read() }
    }

    func resumeReading() {
        guard holdsRead, let context else { return }
        holdsRead = false
        read(context: context)
    }

    /// An answer that comes at once calls this again from within; the loop goes on then, instead of nesting.
    func takeParts() {
        guard !isTaking else { return }
        isTaking = true
        defer { isTaking = false }
        do throws(HTTPSyntaxError) {
            while !isPaused, state.takesParts, let part = try decoder.next() { take(part) }
        } catch {
            refuse(error)
        }
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
        if let body {
            // The responder finds out when it reads, and what it answers is the last answer here.
            _ = state.beginAnswer(closes: true, isUnasked: false)
            return body.finish(.failure(.malformed(error)))
        }
        shared.logger.emit(.requestMalformed(error.description))
        state.fail()
        let text = ByteBuffer(string: "\(error.status.code) \(error.status.reason): \(error.description)\n")
        let response = HTTPResponse(error.status, fields: ["content-type": "text/plain; charset=utf-8"], body: text)
        write(HTTPAnswerHead(response, to: nil, keepsConnection: false).bytes(text))
        finish(.linger)
    }
}
