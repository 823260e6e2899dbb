// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Telemetry
import WireHTTP

/// The second half of a request's path: the responder is called, and what it answers is written.
extension HTTPConnection {
    func dispatch(_ head: HTTPRequestHead, _ bytes: ByteBuffer?) {
        clock.clear()
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
        if !state.isIdle { self.task = task }
    }

    private func makeStream(_ bound: NIOLoopBound<HTTPConnection>) -> HTTPBodyStream {
        let eventLoop = executor.eventLoop
        return HTTPBodyStream { demand in
            eventLoop.execute {
                switch demand {
                case .begin: bound.value.sendContinue()
                case .resume: bound.value.resume()
                // The connection itself holds it until the answer is out.
                case .abandon: break
                }
            }
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
    }

    private func answer(_ response: HTTPResponse, to request: HTTPRequestHead) async {
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
                return close()
            }
        }
        task = nil
        body?.finish(.failure(.cutOff))
        body = nil
        isPaused = false
        guard context != nil else { return }
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
        do {
            try await body(HTTPBodyWriter(NIOLoopBound(self, eventLoop: executor.eventLoop), executor.eventLoop))
            guard let end = outgoing.end() else { throw HTTPAnswerError.shorterThanAnnounced }
            write(end)
            return true
        } catch {
            // A client that leaves is no news.
            if context?.channel.isActive == true { shared.logger.emit(.answerBroken("\(error)")) }
            return false
        }
    }

    /// Writes a part, and answers when the socket takes more.
    func writeBody(_ part: ByteBuffer, _ done: CheckedContinuation<Bool, Never>) {
        guard let context, context.channel.isActive, let pieces = outgoing.pieces(part) else {
            return done.resume(returning: false)
        }
        for piece in pieces { writeUnflushed(piece) }
        context.flush()
        if context.channel.isWritable { return done.resume(returning: true) }
        precondition(writer == nil, "A body is written by one task.")
        writer = done
        clock.expect(within: shared.limits.idleTimeout)
    }

    func finish(_ ending: HTTPConnectionState.Ending) {
        switch ending {
        case .next:
            clock.expect(within: shared.limits.idleTimeout)
            takeParts()
            resumeReading()
        case .drop:
            clock.expect(within: shared.limits.lingerTimeout)
            takeParts()
            resumeReading()
        case .close where decoder.bufferedBytes == 0: closeWhenWritten()
        case .close, .linger:
            clock.expect(within: shared.limits.lingerTimeout)
            isPaused = false
            context?.flush()
            context?.close(mode: .output, promise: nil)
            resumeReading()
        }
    }

    private func closeWhenWritten() {
        guard let context else { return }
        clock.expect(within: shared.limits.lingerTimeout)
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
        if context.channel.isWritable {
            if writer != nil { clock.clear() }
            wakeWriter()
        }
        context.fireChannelWritabilityChanged()
    }

    func wakeWriter() {
        let isOpen = context?.channel.isActive == true && !state.isEnding
        writer?.resume(returning: isOpen)
        writer = nil
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
