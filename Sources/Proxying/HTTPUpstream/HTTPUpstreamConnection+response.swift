// SPDX-License-Identifier: Apache-2.0

import NIOCore
import WireHTTP

/// What comes in: a response's head goes to who waits, its body as fast as its reader takes it.
extension HTTPUpstreamConnection {
    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // A server that speaks without being asked can't be trusted with the next request.
        guard isBusy else { return context.close(promise: nil) }
        hasHeardNothing = false
        decoder.feed(unwrapInboundIn(data))
        takeParts()
    }

    /// The connection isn't read from while the body's reader has enough. (At its end the channel reads all the same
    /// what the socket still holds, which is bounded by the socket's buffer.)
    func read(context: ChannelHandlerContext) {
        if isPaused { holdsRead = true } else { context.read() }
    }

    private func takeParts() {
        do throws(HTTPSyntaxError) {
            while isBusy, !isPaused, let part = try decoder.next() { take(part) }
        } catch {
            refuse(error)
        }
    }

    private func refuse(_ error: HTTPSyntaxError) {
        fail(.malformed(error))
        close()
    }

    private func take(_ part: HTTPPart<HTTPResponseHead>) {
        switch part {
        case .head(let head): take(head)
        case .body(let bytes):
            if !isStreaming {
                if gathered.readableBytes == 0 { gathered = bytes } else { gathered.writeImmutableBuffer(bytes) }
            } else if let body {
                isPaused = body.push(bytes)
            } else {
                abandon()
            }
        case .end(let trailer): takeEnd(trailer)
        }
    }

    private func take(_ head: HTTPResponseHead) {
        if head.status == .switchingProtocols {
            return refuse(HTTPSyntaxError("it changes the protocol, which it wasn't asked to"))
        }
        if head.status.isInformational {
            interimResponses += 1
            let limit = pool.limits.interimResponsesMax
            if interimResponses > limit {
                refuse(HTTPSyntaxError("more than \(limit) responses come before the final one"))
            }
            return
        }
        self.head = head
        clock.clear()
        if !isGathered(head) { answerWithStream(head) }
    }

    private func isGathered(_ head: HTTPResponseHead) -> Bool {
        if head.status.hasNoBody || decoder.method == .head { return true }
        guard let length = head.fields["content-length"] else { return false }
        return (Int(length) ?? .max) <= pool.limits.gatheredBytesMax
    }

    private func answerWithStream(_ head: HTTPResponseHead) {
        let bound = NIOLoopBound(self, eventLoop: executor.eventLoop)
        let (eventLoop, number) = (executor.eventLoop, exchangeNumber)
        let stream = HTTPBodyStream { demand in
            eventLoop.execute {
                guard number == bound.value.exchangeNumber else { return }
                switch demand {
                case .begin: break
                case .resume: bound.value.resume()
                case .abandon: bound.value.abandon()
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
        if isInputOver, !isPaused { endInput() }
        guard holdsRead, let context else { return }
        holdsRead = false
        read(context: context)
    }

    /// Nobody reads the body any more, so its rest isn't waited for.
    private func abandon() {
        fail(.cancelled)
        close()
    }

    /// The connection has ended and all that came has been taken: that is the end of a body that has no other, and cuts
    /// off any other.
    func endInput() {
        if decoder.endOfInput(), isBusy, head != nil, !isCutOff { takeEnd(HTTPFields()) }
        fail(.closed)
    }

    private func takeEnd(_ trailer: HTTPFields) {
        guard let head else { return }
        if !isStreaming {
            answer(HTTPUpstream.Response(head: head, body: .bytes(gathered)))
        } else if let body {
            body.finish(.success(trailer))
        } else {
            // Its reader has just let go of it and is about to say so.
            return abandon()
        }
        gathered = ByteBuffer()
        isResponseOver = true
        finishIfOver()
    }
}
