// SPDX-License-Identifier: Apache-2.0

import NIOCore
package import NIOHPACK
package import NIOHTTP2

/// A request of an HTTP/2 client as a responder sees it. Its methods are called in the responder's own task, which runs
/// on the connection's event loop.
package struct HTTP2Call: Sendable {
    package let head: HPACKHeaders
    let relay: NIOLoopBound<HTTP2Relay>

    /// Whether the request can be offered again after an upstream that didn't begin to answer.
    package var isRepeatable: Bool { relay.value.isRepeatable }

    /// Offers the request to an upstream, under `head`, and returns when it has begun to answer, or won't. An answer
    /// that has begun goes on by itself, to its end.
    package func send(
        _ head: HPACKHeaders, to upstream: HTTP2Upstream, reading: HTTP2ResponseReading = HTTP2ResponseReading()
    ) async -> HTTP2Attempt {
        await relay.value.send(head, to: upstream, reading)
    }

    /// Waits for the end of an answer that has begun.
    package func finished() async -> HTTP2Ending { await relay.value.finished() }

    /// Ends the answer with these fields: its only head, or what stands behind a body that broke off.
    package func answer(_ fields: HPACKHeaders) { relay.value.answer(fields) }
}

/// How the head of a response is taken.
package struct HTTP2ResponseReading: Sendable {
    /// The field by which an upstream says that it doesn't take the request; nil if it has none.
    package var refusal: String?
    /// Fields that don't go on.
    package var dropped: [String]

    package init(refusal: String? = nil, dropping dropped: [String] = []) {
        self.refusal = refusal
        self.dropped = dropped
    }

    func isRefusal(_ fields: HPACKHeaders) -> Bool { refusal.map { fields.contains(name: $0) } ?? false }

    func passed(_ part: HTTP2Part) -> HTTP2Part {
        guard case .fields(var fields, let isLast) = part, dropped.contains(where: { fields.contains(name: $0) })
        else { return part }
        for name in dropped { fields.remove(name: name) }
        return .fields(fields, isLast: isLast)
    }
}

/// What became of an offer.
package enum HTTP2Attempt: Sendable {
    /// The answer has begun.
    case answered
    /// The upstream said, in these fields, that it doesn't take the request.
    case refused(HPACKHeaders)
    /// It can't have seen the request, for this reason.
    case unsent(String)
    /// It may have seen the request; nil if not even the stream's end said why.
    case failed(HTTP2ErrorCode?)
    /// The client has left.
    case gone
}

/// How an answer ended.
package enum HTTP2Ending: Sendable {
    /// With these fields: what stands behind the body, or the head of an answer without one.
    case complete(HPACKHeaders)
    /// The upstream broke off, and the client still waits for the end.
    case broken(HTTP2ErrorCode?)
    /// The client has left.
    case gone
}
