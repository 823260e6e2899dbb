// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing
import WireHTTP

@testable import Proxying

/// Every order of events on a connection, without a socket.
@Suite struct HTTPConnectionStateTests {
    private typealias State = HTTPConnectionState

    private static func head(_ method: HTTPMethod = .post, _ fields: HTTPFields = [:]) -> HTTPPart<HTTPRequestHead> {
        .head(HTTPRequestHead(method, "/", fields: fields))
    }

    private static let chunked = head(.post, ["transfer-encoding": "chunked"])
    private static let part = HTTPPart<HTTPRequestHead>.body(ByteBuffer(string: "ab"))
    private static let end = HTTPPart<HTTPRequestHead>.end([:])

    private static var limits: HTTPListenerLimits {
        var limits = HTTPListenerLimits()
        (limits.gatheredBytesMax, limits.refusedBytesMax) = (4, 3)
        return limits
    }

    /// A connection that was given these parts, and what it made of them.
    private func state(_ parts: HTTPPart<HTTPRequestHead>...) -> (State, [String]) {
        var state = State(Self.limits)
        let words = parts.map { word(state.received($0)) }
        return (state, words)
    }

    private func word(_ arrival: State.Arrival) -> String {
        switch arrival {
        case .nothing: "-"
        case .dispatch(_, let body?): "dispatch \(String(buffer: body))"
        case .dispatch(_, nil): "dispatch…"
        case .forward: "forward"
        case .endBody: "end"
        case .finish(let ending): "finish \(ending)"
        }
    }

    @Test func `a small body of a known length is gathered, and dispatched with its request`() {
        let (state, words) = state(Self.head(.post, ["content-length": "4"]), Self.part, Self.part, Self.end)
        #expect(words == ["-", "-", "-", "dispatch abab"])
        #expect(state.isBusy && !state.isIdle && !state.takesParts && !state.isWaitingForBody)
    }

    @Test(
        arguments: [
            (["content-length": "5"], "dispatch…"), (["transfer-encoding": "chunked"], "dispatch…"),
            (["content-length": "4", "expect": "100-continue"], "dispatch…"), (["expect": "100-continue"], "-"),
            (["content-length": "0", "expect": "100-continue"], "-"), ([:], "-"), (["content-length": "4"], "-"),
        ] as [(HTTPFields, String)])
    func `any other body is a stream`(fields: HTTPFields, expected: String) {
        let (state, words) = state(Self.head(.post, fields))
        #expect(words == [expected] && state.isBusy && state.isWaitingForBody && state.takesParts)
    }

    /// What an answer says about the connection's future, and what follows it.
    private func answer(_ state: inout State, closes: Bool = false, isUnasked: Bool = false) -> String {
        let keeps = state.beginAnswer(closes: closes, isUnasked: isUnasked)
        return (keeps ? "keeps, then " : "closes, then ") + "\(state.endAnswer())"
    }

    @Test func `a stream's parts are forwarded until its end, and the answer ends the exchange`() {
        var (state, words) = state(Self.chunked, Self.part, Self.part, Self.end)
        #expect(words == ["dispatch…", "forward", "forward", "end"] && !state.takesParts && state.isBusy)
        let answer = answer(&state)
        #expect(answer == "keeps, then next" && state.isIdle && state.takesParts && !state.isBusy)
    }

    @Test func `after an early answer the rest is dropped, and then the next request is read`() {
        var (state, _) = state(Self.chunked, Self.part)
        let answer = answer(&state)
        #expect(answer == "keeps, then drop" && state.takesParts && !state.isBusy)
        #expect(!state.isIdle && !state.isWaitingForBody)
        let rest = [word(state.received(Self.part)), word(state.received(Self.end))]
        #expect(rest == ["-", "finish next"] && state.isIdle)
    }

    @Test func `of a refused body only so much is dropped`() {
        var (state, _) = state(Self.chunked)
        let answer = answer(&state)
        let rest = [word(state.received(Self.part)), word(state.received(Self.part))]
        #expect(answer == "keeps, then drop" && rest == ["-", "finish close"] && state.dropsInput)
    }

    @Test func `an answer that closes ends the connection, after the request if that is still coming`() {
        var (whole, _) = state(Self.head(), Self.end)
        let last = answer(&whole, closes: true)
        #expect(last == "closes, then close" && whole.isEnding)
        var (early, _) = state(Self.chunked)
        let first = answer(&early, closes: true)
        #expect(first == "closes, then linger" && early.dropsInput)
    }

    @Test func `a client that closes is closed, and so is one of HTTP 1.0`() {
        var (state, _) = state(Self.head(.get, ["connection": "close"]), Self.end)
        var old = State(Self.limits)
        _ = (old.received(.head(HTTPRequestHead(.get, "/", version: .http10))), old.received(Self.end))
        let answers = [answer(&state), answer(&old)]
        #expect(answers == ["closes, then close", "closes, then close"])
    }

    @Test func `a body that nobody asked for may or may not follow, so nothing else does`() {
        let head = Self.head(.post, ["expect": "100-continue", "content-length": "2"])
        var (waiting, _) = state(head)
        var (sent, _) = state(head, Self.part, Self.end)
        let answers = [answer(&waiting, isUnasked: true), answer(&sent, isUnasked: true)]
        #expect(answers == ["closes, then linger", "keeps, then next"])
    }

    @Test func `what isn't HTTP is refused before a request, breaks a body, and closes behind an answer`() {
        var waiting = State(Self.limits)
        var (answering, _) = state(Self.chunked, Self.part)
        var (answered, _) = state(Self.chunked)
        _ = answer(&answered)
        let refusals = [waiting.refuse(), answering.refuse(), answered.refuse()]
        #expect(refusals == [.answer, .breakBody, .close])
        #expect(waiting.isEnding && answered.isEnding && !answering.isEnding)
        #expect(answering.dropsInput && !answering.takesParts && answering.isBusy && !answering.isWaitingForBody)
        let last = answer(&answering)
        #expect(last == "closes, then linger")
    }

    @Test func `a drain ends an idle connection at once`() {
        var idle = State(Self.limits)
        let ends = idle.drain(isWithinHead: false)
        #expect(ends && idle.isEnding && idle.dropsInput)
    }

    @Test func `a drain ends every other connection behind the answer to what it has begun`() {
        var inHead = State(Self.limits)
        var (gathering, _) = state(Self.head(.post, ["content-length": "2"]))
        var (answering, _) = state(Self.head(), Self.end)
        let ends = [
            inHead.drain(isWithinHead: true), gathering.drain(isWithinHead: false),
            answering.drain(isWithinHead: false),
        ]
        #expect(ends == [false, false, false] && inHead.takesParts && gathering.takesParts)
        _ = (inHead.received(Self.head()), inHead.received(Self.end))
        _ = (gathering.received(Self.part), gathering.received(Self.end))
        let answers = [answer(&inHead), answer(&gathering), answer(&answering)]
        #expect(answers == Array(repeating: "closes, then close", count: 3))
    }

    @Test func `a drain ends a connection whose answer said that it goes on`() {
        var (answering, _) = state(Self.head(), Self.end)
        let keeps = answering.beginAnswer(closes: false, isUnasked: false)
        let endsAtOnce = answering.drain(isWithinHead: false)
        let ending = answering.endAnswer()
        #expect(keeps && !endsAtOnce && ending == .close)
        var (dropping, _) = state(Self.chunked)
        _ = (answer(&dropping), dropping.drain(isWithinHead: false))
        let rest = word(dropping.received(Self.end))
        #expect(rest == "finish close" && dropping.isEnding)
    }

    @Test func `after a failure nothing follows`() {
        var (state, _) = state(Self.chunked, Self.part)
        state.fail()
        let keeps = state.beginAnswer(closes: false, isUnasked: false)
        #expect(!keeps && state.isEnding && !state.takesParts && !state.isBusy && !state.isIdle && state.dropsInput)
    }
}
