// SPDX-License-Identifier: Apache-2.0

import NIOHPACK

/// What becomes of a stream that is passed on: which parts go where, and whether the request can be offered to a second
/// upstream. It knows neither sockets nor loops.
///
/// A request is offered to one upstream after the other until one begins to answer; until then it is kept, as far as
/// the limit goes, so that the next one gets all of it.
struct HTTP2RelayState {
    enum Phase: Equatable {
        /// No upstream has the request.
        case waiting
        /// An upstream has it, and says nothing so far.
        case offered
        /// The head of an answer has gone to the client.
        case answering
        /// The upstream broke off; the client's answer has no end yet.
        case broken
        case over
    }

    enum RequestStep {
        case nothing
        case forward(HTTP2Part)
    }

    enum ResponseStep {
        case nothing
        /// The head begins the answer.
        case begin(HTTP2Part)
        case forward(HTTP2Part)
        /// What came isn't the answer, but says why there is none.
        case refused(HPACKHeaders)
    }

    enum UpstreamLoss: Equatable {
        case nothing
        /// It had the request, and didn't begin to answer.
        case unanswered
        case broken
    }

    private let keptBytesMax: Int
    private(set) var phase = Phase.waiting
    private(set) var isRequestOver: Bool
    /// Whether what came of the request so far can be sent once more.
    private(set) var isRepeatable = true
    private var kept: [HTTP2Part] = []
    private var keptBytes = 0

    init(isRequestOver: Bool, keptBytesMax: Int) {
        self.isRequestOver = isRequestOver
        self.keptBytesMax = keptBytesMax
    }

    // MARK: - The request

    /// A part of the request behind its head.
    mutating func received(request part: HTTP2Part) -> RequestStep {
        if part.isLast { isRequestOver = true }
        switch phase {
        case .waiting:
            keep(part)
            return .nothing
        case .offered:
            keep(part)
            return .forward(part)
        case .answering: return .forward(part)
        case .broken, .over: return .nothing
        }
    }

    /// Whether more of the request may come; `isWritable`: whether the upstream takes more.
    func takesRequest(isWritable: Bool) -> Bool {
        switch phase {
        case .waiting: keptBytes < keptBytesMax
        case .offered, .answering: isWritable
        case .broken, .over: true
        }
    }

    private mutating func keep(_ part: HTTP2Part) {
        guard isRepeatable else { return }
        kept.append(part)
        keptBytes += part.bytes
        // While nobody has the request, nothing of it may be lost; it isn't read any more then.
        if keptBytes > keptBytesMax, phase != .waiting { forget() }
    }

    private mutating func forget() {
        isRepeatable = false
        kept = []
        keptBytes = 0
    }

    /// Offers the request to an upstream; returns what goes behind its head. Nil if that isn't all of it any more.
    mutating func offer() -> [HTTP2Part]? {
        guard phase == .waiting, isRepeatable else { return nil }
        phase = .offered
        return kept
    }

    // MARK: - The response

    /// `isRefusal`: whether a head says that the upstream doesn't take the request.
    mutating func received(response part: HTTP2Part, isRefusal: (HPACKHeaders) -> Bool) -> ResponseStep {
        switch (phase, part) {
        case (.offered, .fields(let fields, let isLast)):
            if isRefusal(fields) {
                phase = .waiting
                return .refused(fields)
            }
            // Informational responses are for the next hop, and gRPC has none.
            if !isLast, fields.first(name: ":status")?.first == "1" { return .nothing }
            forget()
            phase = isLast ? .over : .answering
            return .begin(part)
        case (.answering, _):
            if part.isLast { phase = .over }
            return .forward(part)
        case (.waiting, _), (.offered, .data), (.broken, _), (.over, _): return .nothing
        }
    }

    /// The upstream's stream has ended.
    mutating func upstreamClosed() -> UpstreamLoss {
        switch phase {
        case .offered:
            phase = .waiting
            return .unanswered
        case .answering:
            phase = .broken
            return .broken
        case .waiting, .broken, .over: return .nothing
        }
    }

    /// This side ends the client's answer, or the client has left; false if it had ended before.
    mutating func end() -> Bool {
        guard phase != .over else { return false }
        phase = .over
        forget()
        return true
    }
}
