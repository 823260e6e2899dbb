// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Telemetry
import WireHTTP

/// The second half of a request's path: the responder is called, and what it answers is written.
extension HTTPConnection {
    func dispatch(_ head: HTTPRequestHead, _ bytes: ByteBuffer?) {
        shared.inFlight.begin()
        let bound = NIOLoopBound(self, eventLoop: executor.eventLoop)
        let request: HTTPRequest
        if let bytes {
            request = HTTPRequest(head, body: .bytes(bytes))
        } else {
            let stream = makeStream(bound)
            (body, owesContinue) = (stream, head.expectsContinue)
            request = HTTPRequest(head, body: .stream(stream))
        }
        let shared = shared
        let task = Task.immediate(executorPreference: executor) {
            defer { shared.inFlight.end() }
            let response = await shared.response(to: request)
            await bound.value.answer(response, to: request.head)
        }
        // What the responder wrote may have shown that the client is gone.
        guard isOpen else { return task.cancel() }
        if state.isBusy { self.task = task }
    }

    private func makeStream(_ bound: NIOLoopBound<HTTPConnection>) -> HTTPBodyStream {
        let eventLoop = executor.eventLoop
        return HTTPBodyStream { demand in
            // At once where that can be, so that it never comes when the request is answered already.
            if eventLoop.inEventLoop {
                bound.value.meet(demand)
            } else {
                eventLoop.execute { bound.value.meet(demand) }
            }
        }
    }

    private func meet(_ demand: HTTPBodyStream.Demand) {
        switch demand {
        case .begin: sendContinue()
        case .resume: resume()
        // The connection itself holds the body until the answer is out.
        case .abandon: break
        }
    }

    private func resume() {
        isPaused = false
        takeParts()
        resumeReading()
    }

    private func sendContinue() {
        guard owesContinue else { return }
        owesContinue = false
        write(ByteBuffer(staticString: "HTTP/1.1 100 Continue\r\n\r\n"))
        renewClock()
    }

    private func answer(_ response: HTTPResponse, to request: HTTPRequestHead) async {
        guard isOpen else { return }
        let keeps = state.beginAnswer(
            closes: response.fields.hasToken("connection", "close"), isUnasked: owesContinue)
        owesContinue = false
        let head = HTTPAnswerHead(response, to: request, keepsConnection: keeps)
        switch response.body {
        case .bytes(let bytes): writeWhole(head, bytes)
        case .stream(_, let body):
            write(head.bytes())
            let isWhole = await writeStream(head, body)
            guard isWhole else {
                state.fail()
                // The client is to see an answer that breaks off, and not none.
                context?.flush()
                return close()
            }
        }
        task = nil
        body?.finish(.failure(.cutOff))
        body = nil
        isPaused = false
        guard isOpen else { return }
        finish(state.endAnswer())
    }

    /// A small body travels with its head in one buffer; copying it costs less than a second one.
    private func writeWhole(_ head: HTTPAnswerHead, _ body: ByteBuffer) {
        guard head.hasBody, body.readableBytes > HTTPAnswerHead.joinedBytesMax else {
            return write(head.bytes(head.hasBody ? body : ByteBuffer()))
        }
        writeUnflushed(head.bytes())
        write(body)
    }

    /// False if the answer broke off, so that the connection can't be used any more.
    private func writeStream(
        _ head: HTTPAnswerHead, _ body: @Sendable (HTTPBodyWriter) async throws -> Void
    ) async -> Bool {
        guard head.hasBody else { return true }
        outgoing = HTTPOutgoingBody(head.framing)
        // Whoever keeps the writer can't write into the next answer.
        defer { outgoing = HTTPOutgoingBody(.none) }
        do {
            try await body(HTTPBodyWriter(NIOLoopBound(self, eventLoop: executor.eventLoop), executor.eventLoop))
            guard let end = outgoing.end() else { throw HTTPAnswerError.shorterThanAnnounced }
            write(end)
            return true
        } catch {
            // A client that leaves is no news.
            if isOpen { shared.logger.emit(.answerBroken("\(error)")) }
            return false
        }
    }

    /// Writes a part, and answers when the socket takes more.
    func writeBody(_ part: ByteBuffer, _ done: CheckedContinuation<Bool, Never>) {
        guard let context, isOpen, let pieces = outgoing.pieces(part) else {
            return done.resume(returning: false)
        }
        for piece in pieces { writeUnflushed(piece) }
        context.flush()
        // The flush may have closed the connection, after which nobody would wake a writer.
        guard isOpen, !isWritable else { return done.resume(returning: isOpen) }
        precondition(writer == nil, "A body is written by one task.")
        writer = done
        renewClock()
    }

    func finish(_ ending: HTTPConnectionState.Ending) {
        switch ending {
        case .next:
            expect(within: shared.limits.idleTimeout)
            takeParts()
            resumeReading()
        case .drop:
            expect(within: shared.limits.lingerTimeout)
            takeParts()
            resumeReading()
        case .close where decoder.bufferedBytes == 0: closeWhenWritten()
        case .close, .linger:
            expect(within: shared.limits.lingerTimeout)
            isPaused = false
            context?.flush()
            context?.close(mode: .output, promise: nil)
            resumeReading()
        }
    }

    func closeWhenWritten() {
        guard let context else { return }
        expect(within: shared.limits.lingerTimeout)
        let promise = context.eventLoop.makePromise(of: Void.self)
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        promise.futureResult.whenComplete { _ in bound.value.close() }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer()), promise: promise)
    }

    // MARK: - Writing

    func writeUnflushed(_ bytes: ByteBuffer) {
        context?.write(wrapOutboundOut(bytes), promise: nil)
    }

    /// What is written while the socket's input is taken is flushed once, at its end.
    func write(_ bytes: ByteBuffer) {
        writeUnflushed(bytes)
        if isReading { needsFlush = true } else { context?.flush() }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        isWritable = context.channel.isWritable
        if isWritable {
            wakeWriter()
            takeParts()
            resumeReading()
        }
        context.fireChannelWritabilityChanged()
    }

    func wakeWriter() {
        guard let writer else { return }
        self.writer = nil
        writer.resume(returning: isOpen && !state.isEnding)
    }
}

extension HTTPConnection.Shared {
    fileprivate func response(to request: HTTPRequest) async -> HTTPResponse {
        do {
            return try await respond(request)
        } catch {
            logger.emit(.requestFailed(method: request.head.method.name, error: error))
            return HTTPResponse(.internalServerError)
        }
    }
}
