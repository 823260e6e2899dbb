// SPDX-License-Identifier: Apache-2.0

import NIOCore
import WireHTTP

/// What comes in: a response's head goes to who waits, its body as fast as its reader takes it.
extension HTTPUpstreamExchange {
    func receiveHead(_ bytes: ByteBuffer, length: Int, _ scan: borrowing HTTPHeadScan) -> RelayBody {
        guard scan.status >= 200 else {
            if scan.status != 101 { return .interim }
            end(.malformed(HTTPSyntaxError("it changes the protocol, which it wasn't asked to")))
            return .refused
        }
        let framing = RelayBody(scan, answersHead: request.head.method == .head)
        if let count = gatheredCount(framing) {
            gather(bytes, length, bodyCount: count, scan)
        } else {
            if case .chunked = framing { unchunker = HTTPBodyUnchunker(place.loop.relay.limits) }
            stream(HTTPResponseHead(scan, bytes: ByteBuffer(bytes: bytes.readableBytesView.prefix(length))))
        }
        return framing
    }

    /// The length of a body that is read before the response is given out; nil for another.
    private func gatheredCount(_ framing: RelayBody) -> Int? {
        switch framing {
        case .none: 0
        case .length(let count) where count <= upstream.limits.gatheredBytesMax: count
        case .length, .chunked, .untilClose, .interim, .tunnel, .refused: nil
        }
    }

    private func gather(_ bytes: ByteBuffer, _ length: Int, bodyCount: Int, _ scan: borrowing HTTPHeadScan) {
        phase = .gathering
        self.scan = copy scan
        headLength = length
        gathered = ByteBufferAllocator().buffer(capacity: length + bodyCount)
        gathered.write(0..<length, of: bytes)
    }

    private func stream(_ head: HTTPResponseHead) {
        phase = .streaming
        let (bound, eventLoop) = (NIOLoopBound(self, eventLoop: executor.eventLoop), executor.eventLoop)
        let stream = HTTPBodyStream { demand in
            eventLoop.execute {
                switch demand {
                case .begin: break
                case .resume: bound.value.connection?.isReading = true
                // Nobody reads the body any more, so its rest isn't waited for.
                case .abandon: bound.value.end(.cancelled)
                }
            }
        }
        body = stream
        answer(HTTPUpstream.Response(head: head, body: .stream(stream)))
    }

    func receiveBody(_ bytes: ByteBuffer) {
        if phase == .gathering {
            gathered.writeImmutableBuffer(bytes)
            return
        }
        let part = unchunker?.data(in: bytes) ?? bytes
        guard part.readableBytes > 0 else { return }
        guard let body else { return end(.cancelled) }
        // The connection isn't read from while the reader has enough.
        if body.push(part.ownBytes) { connection?.isReading = false }
    }

    func receivedAll() {}

    func receiveEnd(keepsConnection: Bool) {
        let isStreamed = phase == .streaming
        complete(keepsConnection: keepsConnection)
        if isStreamed {
            body?.finish(.success(unchunker?.trailer ?? HTTPFields()))
        } else if let scan {
            // Safe: the head was written to it first.
            let head = gathered.readSlice(length: headLength) ?? ByteBuffer()
            answer(HTTPUpstream.Response(head: HTTPResponseHead(scan, bytes: head), body: .bytes(gathered)))
        }
    }
}

extension ByteBuffer {
    /// A short part in memory of its own: what is kept of the buffer that the loop reads into keeps all of that.
    fileprivate var ownBytes: ByteBuffer {
        readableBytes <= HTTPAnswerHead.joinedBytesMax ? ByteBuffer(bytes: readableBytesView) : self
    }
}
