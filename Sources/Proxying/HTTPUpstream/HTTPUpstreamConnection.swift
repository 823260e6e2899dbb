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

    private typealias Answer = Result<HTTPUpstream.Response, HTTPUpstreamError>

    private let pool: HTTPUpstreamPool
    private let host: String
    private let executor: EventLoopTaskExecutor
    private let clock = HTTPConnectionClock()
    private var decoder: HTTPResponseDecoder
    private var context: ChannelHandlerContext?

    /// Who waits for the response's head.
    private var waiter: CheckedContinuation<Answer, Never>?
    private var head: HTTPResponseHead?
    private var gathered = ByteBuffer()
    /// Weak: a body that nobody reads any more ends the connection.
    private weak var body: HTTPBodyStream?
    private var isStreaming = false
    private var upload: Task<Void, Never>?
    private var isUploaded = true
    private var isBusy = false
    private var isPaused = false
    private var holdsRead = false
    private var writer: CheckedContinuation<Bool, Never>?
    private var failure: HTTPUpstreamError?
    /// No byte of the current response has come.
    private(set) var hasHeardNothing = true

    init(_ pool: HTTPUpstreamPool, host: String, executor: EventLoopTaskExecutor) {
        self.pool = pool
        self.host = host
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

    func channelInactive(context: ChannelHandlerContext) {
        clock.stop()
        if decoder.endOfInput(), isBusy, failure == nil, head != nil { takeEnd(HTTPFields()) }
        fail(.closed)
        pool.closed(self)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func close() { context?.close(promise: nil) }

    var isUsable: Bool { failure == nil && context?.channel.isActive == true }

    private func expired() {
        fail(.timedOut)
        close()
    }

    /// Ends the exchange, if there is one, with an error.
    private func fail(_ error: HTTPUpstreamError) {
        if failure == nil { failure = error }
        upload?.cancel()
        writer?.resume(returning: false)
        writer = nil
        body?.finish(.failure(.cutOff))
        waiter?.resume(returning: .failure(failure ?? error))
        waiter = nil
        isBusy = false
    }

    // MARK: - The exchange

    /// Sends a request and waits for its response.
    func exchange(
        _ request: HTTPRequest, _ timeout: TimeAmount?
    ) async throws(HTTPUpstreamError) -> HTTPUpstream.Response {
        if let failure { throw failure }
        guard let context, context.channel.isActive else { throw .closed }
        begin(request.head.method, timeout)
        let bound = NIOLoopBound(self, eventLoop: executor.eventLoop)
        let eventLoop = executor.eventLoop
        let answer = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                waiter = continuation
                writeRequest(request, bound)
            }
        } onCancel: {
            eventLoop.execute { bound.value.cancelled() }
        }
        return try answer.get()
    }

    private func begin(_ method: HTTPMethod, _ timeout: TimeAmount?) {
        (isBusy, hasHeardNothing, isStreaming, head) = (true, true, false, nil)
        gathered = ByteBuffer()
        decoder.method = method
        if let timeout { clock.expect(within: timeout) } else { clock.clear() }
    }

    private func cancelled() {
        guard waiter != nil else { return }
        fail(.cancelled)
        close()
    }

    private func writeRequest(_ request: HTTPRequest, _ bound: NIOLoopBound<HTTPUpstreamConnection>) {
        switch request.body {
        case .bytes(let bytes):
            isUploaded = true
            var out = headBytes(request.head, length: bytes.readableBytes, capacity: bytes.readableBytes)
            if bytes.readableBytes <= HTTPAnswerHead.joinedBytesMax {
                out.writeImmutableBuffer(bytes)
                write(out)
            } else {
                write(out)
                write(bytes)
            }
            context?.flush()
        case .stream(let stream):
            isUploaded = false
            let length = request.head.fields["content-length"].flatMap { Int($0) }
            write(headBytes(request.head, length: nil, capacity: 0))
            context?.flush()
            upload = Task.immediate(executorPreference: executor) {
                await bound.value.upload(stream, HTTPOutgoingBody(length.map { .length($0) } ?? .chunked))
            }
        }
    }

    private func headBytes(_ head: HTTPRequestHead, length: Int?, capacity: Int) -> ByteBuffer {
        var head = head
        if !head.fields.contains("host") { head.fields.append("host", host) }
        if let length {
            if length > 0 || head.method.usuallyHasBody { head.fields.append("content-length", "\(length)") }
        } else if !head.fields.contains("content-length") {
            head.fields.append("transfer-encoding", "chunked")
        }
        var bytes = ByteBufferAllocator().buffer(capacity: 64 + head.fields.byteCount + capacity)
        bytes.writeHTTPHead(head)
        return bytes
    }

    private func upload(_ stream: HTTPBodyStream, _ body: HTTPOutgoingBody) async {
        var body = body
        do {
            while let part = try await stream.next() {
                guard let pieces = body.pieces(part), await writePart(pieces) else { return breakUpload() }
            }
        } catch { return breakUpload() }
        guard isBusy, let end = body.end() else { return breakUpload() }
        write(end)
        context?.flush()
        isUploaded = true
        upload = nil
        finishIfOver()
    }

    /// The request can't be completed, so the upstream must not take it for complete.
    private func breakUpload() {
        guard isBusy else { return }
        fail(.cancelled)
        close()
    }

    private func writePart(_ pieces: [ByteBuffer]) async -> Bool {
        guard let context, context.channel.isActive else { return false }
        for piece in pieces { write(piece) }
        context.flush()
        if context.channel.isWritable { return true }
        return await withCheckedContinuation { writer = $0 }
    }

    private func write(_ bytes: ByteBuffer) { context?.write(wrapOutboundOut(bytes), promise: nil) }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            writer?.resume(returning: true)
            writer = nil
        }
        context.fireChannelWritabilityChanged()
    }

    // MARK: - The response

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // A server that speaks without being asked can't be trusted with the next request.
        guard isBusy else { return context.close(promise: nil) }
        hasHeardNothing = false
        decoder.feed(unwrapInboundIn(data))
        takeParts()
    }

    func read(context: ChannelHandlerContext) {
        if isPaused { holdsRead = true } else { context.read() }
    }

    private func takeParts() {
        do throws(HTTPSyntaxError) {
            while isBusy, !isPaused, let part = try decoder.next() { take(part) }
        } catch {
            fail(.malformed(error))
            close()
        }
    }

    private func take(_ part: HTTPPart<HTTPResponseHead>) {
        switch part {
        case .head(let head):
            if head.status == .switchingProtocols {
                fail(.malformed(HTTPSyntaxError("it changes the protocol, which it wasn't asked to")))
                return close()
            }
            if head.status.isInformational { return }
            self.head = head
            clock.clear()
            if !isGathered(head) { answerWithStream(head) }
        case .body(let bytes):
            if !isStreaming {
                if gathered.readableBytes == 0 { gathered = bytes } else { gathered.writeImmutableBuffer(bytes) }
            } else if let body {
                isPaused = body.push(bytes)
            } else {
                close()
            }
        case .end(let trailer): takeEnd(trailer)
        }
    }

    private func isGathered(_ head: HTTPResponseHead) -> Bool {
        if head.status.hasNoBody || decoder.method == .head { return true }
        guard let length = head.fields["content-length"] else { return false }
        return (Int(length) ?? .max) <= pool.limits.gatheredBytesMax
    }

    private func answerWithStream(_ head: HTTPResponseHead) {
        let bound = NIOLoopBound(self, eventLoop: executor.eventLoop)
        let eventLoop = executor.eventLoop
        let stream = HTTPBodyStream { demand in
            eventLoop.execute {
                switch demand {
                case .begin: break
                case .resume: bound.value.resume()
                case .abandon: bound.value.close()
                }
            }
        }
        (body, isStreaming) = (stream, true)
        answer(HTTPUpstream.Response(head: head, body: .stream(stream)))
    }

    private func answer(_ response: HTTPUpstream.Response) {
        waiter?.resume(returning: .success(response))
        waiter = nil
    }

    private func resume() {
        guard isPaused else { return }
        isPaused = false
        takeParts()
        guard holdsRead, let context else { return }
        holdsRead = false
        read(context: context)
    }

    private func takeEnd(_ trailer: HTTPFields) {
        guard let head else { return }
        if isStreaming {
            body?.finish(.success(trailer))
        } else {
            answer(HTTPUpstream.Response(head: head, body: .bytes(gathered)))
        }
        isStreaming = false
        gathered = ByteBuffer()
        isResponseOver = true
        finishIfOver()
    }

    private var isResponseOver = false

    /// A connection whose exchange is complete both ways is kept; one with a request that the upstream didn't wait for
    /// is of no use.
    private func finishIfOver() {
        guard isResponseOver, isBusy else { return }
        isResponseOver = false
        isBusy = false
        upload?.cancel()
        guard isUploaded, head?.keepsConnection == true, pool.keep(self) else { return close() }
        head = nil
        clock.expect(within: .seconds(Int64(pool.limits.idleSeconds)))
    }
}

extension HTTPMethod {
    /// Whether a server may wait for a body, so that its absence is to be said (RFC 9110, section 8.6).
    fileprivate var usuallyHasBody: Bool {
        switch self {
        case .post, .put, .patch: true
        case .get, .head, .delete, .options, .trace, .connect, .other: false
        }
    }
}
