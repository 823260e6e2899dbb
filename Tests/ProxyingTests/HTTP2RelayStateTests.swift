// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHPACK
import Testing

@testable import Proxying

/// Which part of a passed stream goes where, without a socket.
struct HTTP2RelayStateTests {
    private static func data(_ count: Int, isLast: Bool = false) -> HTTP2Part { .data(.letters(count), isLast: isLast) }
    private static func head(_ status: String = "200", isLast: Bool = false) -> HTTP2Part {
        .fields([":status": status], isLast: isLast)
    }
    private static func isRefusal(_ fields: HPACKHeaders) -> Bool { fields.contains(name: "refusal") }

    private static func state(isRequestOver: Bool = false) -> HTTP2RelayState {
        HTTP2RelayState(isRequestOver: isRequestOver, keptBytesMax: 100)
    }

    private static func isForwarded(_ step: HTTP2RelayState.RequestStep) -> Bool {
        if case .forward = step { true } else { false }
    }

    @Test func `what comes before an upstream is chosen is kept for it, and no more is read than the limit`() {
        var state = Self.state()
        #expect(state.takesRequest(isWritable: false))
        #expect(!Self.isForwarded(state.received(request: Self.data(99))))
        #expect(state.takesRequest(isWritable: false))
        #expect(!Self.isForwarded(state.received(request: Self.data(500, isLast: true))))
        #expect(!state.takesRequest(isWritable: true))
        #expect(state.offer()?.map(\.bytes) == [99, 500])
        #expect(state.isRequestOver)
    }

    @Test func `a request that was not answered is offered again, whole`() {
        var state = Self.state()
        #expect(state.offer()?.isEmpty == true)
        #expect(Self.isForwarded(state.received(request: Self.data(10))))
        #expect(state.upstreamClosed() == .unanswered)
        _ = state.received(request: Self.data(20, isLast: true))
        #expect(state.offer()?.map(\.bytes) == [10, 20])
    }

    @Test func `a request of which more went out than is kept is never offered again`() {
        var state = Self.state()
        _ = state.offer()
        #expect(state.isRepeatable)
        #expect(Self.isForwarded(state.received(request: Self.data(101))))
        #expect(!state.isRepeatable)
        #expect(Self.isForwarded(state.received(request: Self.data(1))))
        #expect(state.upstreamClosed() == .unanswered)
        #expect(state.offer() == nil)
    }

    @Test func `a refusal is no answer, and the next upstream's is`() {
        var state = Self.state(isRequestOver: true)
        _ = state.offer()
        let refusal = HTTP2Part.fields([":status": "503", "refusal": "full"], isLast: true)
        guard case .refused(let fields) = state.received(response: refusal, isRefusal: Self.isRefusal) else {
            Issue.record("a refusal was passed on")
            return
        }
        #expect(fields.first(name: "refusal") == "full")
        #expect(state.offer() != nil)
        guard case .begin = state.received(response: Self.head(), isRefusal: Self.isRefusal) else {
            Issue.record("an answer was not passed on")
            return
        }
        #expect(state.phase == .answering && !state.isRepeatable)
    }

    @Test func `informational heads are not passed on, and the end of the answer is known`() {
        var state = Self.state(isRequestOver: true)
        _ = state.offer()
        guard case .nothing = state.received(response: Self.head("103"), isRefusal: Self.isRefusal) else {
            Issue.record("an informational head was passed on")
            return
        }
        _ = state.received(response: Self.head(), isRefusal: Self.isRefusal)
        _ = state.received(response: Self.data(5), isRefusal: Self.isRefusal)
        #expect(state.phase == .answering)
        _ = state.received(response: .fields(["grpc-status": "0"], isLast: true), isRefusal: Self.isRefusal)
        #expect(state.phase == .over)
        #expect(state.upstreamClosed() == .nothing && !state.end())
    }

    @Test func `an answer that breaks off leaves its end to this side, once`() {
        var state = Self.state()
        _ = state.offer()
        _ = state.received(response: Self.head(), isRefusal: Self.isRefusal)
        #expect(Self.isForwarded(state.received(request: Self.data(1))))
        #expect(state.upstreamClosed() == .broken)
        #expect(!Self.isForwarded(state.received(request: Self.data(1))))
        #expect(state.takesRequest(isWritable: false))
        #expect(state.end() && !state.end())
    }

    @Test func `while an upstream takes no more, no more is read of the client`() {
        var state = Self.state()
        _ = state.offer()
        #expect(state.takesRequest(isWritable: true) && !state.takesRequest(isWritable: false))
        _ = state.received(response: Self.head(), isRefusal: Self.isRefusal)
        #expect(!state.takesRequest(isWritable: false))
        _ = state.end()
        #expect(state.takesRequest(isWritable: false))
    }
}
