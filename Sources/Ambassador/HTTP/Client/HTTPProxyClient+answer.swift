// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Proxying
import WireHTTP

/// What this proxy says itself.
extension HTTPProxyClient {
    /// Answers instead of a server. What the client still says of the request can't be told from the next one, so the
    /// connection ends, unless the request was whole.
    func answer(_ status: HTTPStatus, _ origin: ExchangeOrigin, _ reason: String) {
        guard responsePhase == .waiting else {
            return responsePhase == .body ? abort(.serverDied) : answerUnasked(status, reason)
        }
        endAttempt(.abandoned)
        exchange.status = status.code
        exchange.origin = origin
        if origin == .client || requestPhase != .complete { closesAfterResponse = true }
        write(status, "\(status.code) \(status.reason): \(reason)\n", type: "text/plain; charset=utf-8")
        endAnswer()
    }

    /// A head that was begun and never came whole.
    private func answerUnasked(_ status: HTTPStatus, _ reason: String) {
        exchange = HTTPProxyExchange()
        exchange.hasBegun = true
        exchange.startedAt = loop.now()
        exchange.status = status.code
        exchange.origin = .client
        loop.counters.inFlight += 1
        closesAfterResponse = true
        write(status, "\(status.code) \(status.reason): \(reason)\n", type: "text/plain; charset=utf-8")
        endAnswer()
    }

    /// Answers as a route says.
    func answer(_ route: Route, _ bytes: ByteBuffer, _ scan: borrowing HTTPHeadScan) {
        exchange.origin = .runtime
        if requestPhase == .body { closesAfterResponse = true }
        prepareOutput()
        exchange.status = route.writeAnswer(
            scan, bytes, isSecure: isSecure, closes: closesAfterResponse, date: loop.date(), into: &output)
        endAnswer()
    }

    private func write(_ status: HTTPStatus, _ body: String, type: String) {
        prepareOutput()
        output.writeString("HTTP/1.1 \(status.code) \(status.reason)\r\n")
        output.writeStaticString("date: ")
        output.writeString(loop.date())
        output.writeString("\r\ncontent-type: \(type)\r\ncontent-length: \(body.utf8.count)\r\n")
        if closesAfterResponse { output.writeStaticString("connection: close\r\n") }
        output.writeStaticString("\r\n")
        if !exchange.isHead { output.writeString(body) }
    }

    private func endAnswer() {
        flush()
        endExchange()
    }
}
