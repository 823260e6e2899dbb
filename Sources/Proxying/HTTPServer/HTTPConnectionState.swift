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
    /// Whether the rest of the request can't be read, because it is no HTTP.
    private var isInputBroken = false
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
        case .exchanging: !isRequestOver && !isInputBroken
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

    /// Whether a request is being read or answered, other than one that was answered before its end.
    var isBusy: Bool {
        switch phase {
        case .waiting, .ending: false
        case .gathering: true
        case .exchanging: !isAnswerOver
        }
    }

    /// Whether what the client sends is dropped as it comes.
    var dropsInput: Bool { isEnding || isInputBroken }

    /// Whether the client has to send more of a request before it can be answered to its end.
    var isWaitingForBody: Bool { isBusy && !isRequestOver && !isInputBroken }

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
        if head.fields.contains("transfer-encoding") { return false }
        guard let text = head.fields["content-length"] else { return true }
        let length = Int(text) ?? .max
        return length == 0 || (length <= limits.gatheredBytesMax && !head.expectsContinue)
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

    enum Refusal {
        /// The client is told why, as the last answer.
        case answer
        /// The responder finds out when it reads the body, and what it answers is the last answer.
        case breakBody
        /// The request has its answer already.
        case close
    }

    /// What the client sent can't be read any further.
    mutating func refuse() -> Refusal {
        guard case .exchanging = phase else {
            fail()
            return .answer
        }
        keepsConnection = false
        isInputBroken = true
        guard isAnswerOver else { return .breakBody }
        phase = .ending
        return .close
    }

    /// The connection is closed, or has to be: the answer broke off.
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

    /// The listener ends: true if this connection can be closed, once what was written is out.
    ///
    /// `isWithinHead`: some of a request has come, which is to be answered yet.
    mutating func drain(isWithinHead: Bool) -> Bool {
        isDraining = true
        guard isIdle, !isWithinHead else { return false }
        phase = .ending
        return true
    }
}
