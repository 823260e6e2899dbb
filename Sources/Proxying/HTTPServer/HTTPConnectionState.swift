// SPDX-License-Identifier: Apache-2.0

import NIOCore
import WireHTTP

/// Where a server's connection is: which request is being read, which is being answered, and what follows.
///
/// One request is answered at a time; the bytes of later ones wait. It does no input or output, so that every order of
/// events can be tested without a socket.
struct HTTPConnectionState {
    private enum Phase {
        /// For a head, or the rest of one.
        case waiting
        /// A head has come whose body is small and known; the responder gets both at once.
        case gathering(HTTPRequestHead, ByteBuffer)
        case exchanging
        /// Nothing more is answered here.
        case ending
    }

    private var phase = Phase.waiting
    private var isRequestOver = true
    private var isAnswerOver = true
    /// Whether another request may follow the one that is answered.
    private var keepsConnection = true
    private var droppedBytes = 0
    private(set) var isDraining = false
    private let limits: HTTPListenerLimits

    init(_ limits: HTTPListenerLimits) { self.limits = limits }

    // MARK: - What the client sends

    enum Arrival {
        case nothing
        /// Answer this; without a body, that comes as a stream.
        case dispatch(HTTPRequestHead, body: ByteBuffer?)
        case forward(ByteBuffer)
        case endBody(HTTPFields)
        /// What comes after an early answer is over, or too much.
        case finish(Ending)
    }

    /// What follows an answer.
    enum Ending: Equatable {
        case next
        /// The rest of the request is read and dropped first.
        case drop
        case close
        /// The answer is out; what still comes is dropped before the end, so that the client can read the answer.
        case linger
    }

    /// Whether the decoder may be asked for another part.
    var takesParts: Bool {
        switch phase {
        case .waiting, .gathering: true
        case .exchanging: !isRequestOver
        case .ending: false
        }
    }

    /// Whether no request has been seen of which the answer isn't out.
    var isIdle: Bool {
        if case .waiting = phase { return true }
        return false
    }

    var isEnding: Bool {
        if case .ending = phase { return true }
        return false
    }

    var isWaitingForBody: Bool {
        if case .gathering = phase { return true }
        return false
    }

    mutating func received(_ part: HTTPPart<HTTPRequestHead>) -> Arrival {
        switch part {
        case .head(let head):
            (isRequestOver, isAnswerOver, droppedBytes) = (false, false, 0)
            keepsConnection = head.keepsConnection
            if isGathered(head) {
                phase = .gathering(head, ByteBuffer())
                return .nothing
            }
            phase = .exchanging
            return .dispatch(head, body: nil)
        case .body(let bytes): return receivedBody(bytes)
        case .end(let trailer): return receivedEnd(trailer)
        }
    }

    private func isGathered(_ head: HTTPRequestHead) -> Bool {
        if head.fields.contains("transfer-encoding") || head.expectsContinue { return false }
        guard let length = head.fields["content-length"] else { return true }
        return (Int(length) ?? .max) <= limits.gatheredBytesMax
    }

    private mutating func receivedBody(_ bytes: ByteBuffer) -> Arrival {
        if case .gathering(let head, var body) = phase {
            phase = .waiting
            if body.readableBytes == 0 { body = bytes } else { body.writeImmutableBuffer(bytes) }
            phase = .gathering(head, body)
            return .nothing
        }
        guard isAnswerOver else { return .forward(bytes) }
        droppedBytes += bytes.readableBytes
        guard droppedBytes > limits.refusedBytesMax else { return .nothing }
        phase = .ending
        return .finish(.close)
    }

    private mutating func receivedEnd(_ trailer: HTTPFields) -> Arrival {
        isRequestOver = true
        if case .gathering(let head, let body) = phase {
            phase = .exchanging
            return .dispatch(head, body: body)
        }
        return isAnswerOver ? .finish(ending()) : .endBody(trailer)
    }

    // MARK: - What the responder does

    /// Whether the answer that is about to be written may be followed by another request.
    ///
    /// `isUnasked`: the client waits for `100 Continue` that was never sent, so whether a body follows isn't known.
    mutating func beginAnswer(closes: Bool, isUnasked: Bool) -> Bool {
        if closes || isDraining || (isUnasked && !isRequestOver) { keepsConnection = false }
        return keepsConnection
    }

    /// The answer is out.
    mutating func endAnswer() -> Ending {
        isAnswerOver = true
        return ending()
    }

    /// The answer broke off, or what the client sent can't be read any further.
    mutating func fail() {
        keepsConnection = false
        isAnswerOver = true
        phase = .ending
    }

    private mutating func ending() -> Ending {
        guard keepsConnection, !isDraining else {
            phase = .ending
            return isRequestOver ? .close : .linger
        }
        guard isRequestOver else { return .drop }
        phase = .waiting
        return .next
    }

    // MARK: - The listener

    /// The listener ends: true if this connection can be closed at once.
    mutating func drain() -> Bool {
        isDraining = true
        return isIdle
    }
}
