// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Proxying
import WireHTTP

/// What this proxy says itself.
extension HTTPProxyClient {
    /// Answers instead of a server. What the client still says of the request can't be told from the next one, so the
    /// connection ends, unless the request was whole.
    func answer(_ status: HTTPStatus, _ origin: ExchangeOrigin, _ reason: String) {
        guard responsePhase == .waiting else { return abort(.clientStalled) }
        endAttempt(.abandoned)
        exchange.status = status.code
        exchange.origin = origin
        if origin == .client || requestPhase != .complete { closesAfterResponse = true }
        write(status, "\(status.code) \(status.reason): \(reason)\n", type: "text/plain; charset=utf-8")
        endAnswer()
    }

    /// Answers where no request has come whole.
    func answerUnasked(_ status: HTTPStatus, _ origin: ExchangeOrigin, _ reason: String) {
        beginExchange()
        closesAfterResponse = true
        answer(status, origin, reason)
    }

    /// Sends the client elsewhere.
    func answer(_ redirect: RedirectAnswer, _ bytes: ByteBuffer, _ scan: borrowing HTTPHeadScan) {
        beginAnswer(redirect.status)
        redirect.writeHead(scan, bytes.readableBytesUInt8Span, into: &output)
        endHead()
        endAnswer()
    }

    /// Answers as the route says.
    func answer(_ direct: DirectAnswer) {
        beginAnswer(direct.status)
        output.writeImmutableBuffer(direct.head)
        endHead()
        if !exchange.isHead { output.writeImmutableBuffer(direct.body) }
        endAnswer()
    }

    private func beginAnswer(_ status: Int) {
        exchange.origin = .runtime
        exchange.status = status
        // A body that nobody takes is in the way of the next request.
        if requestPhase == .body { closesAfterResponse = true }
        prepareOutput()
    }

    /// Writes what ends every head of our own.
    private func endHead() {
        output.writeStaticString("date: ")
        output.writeString(loop.date())
        output.writeStaticString(closesAfterResponse ? "\r\nconnection: close\r\n\r\n" : "\r\n\r\n")
    }

    private func write(_ status: HTTPStatus, _ body: String, type: String) {
        prepareOutput()
        output.writeString("HTTP/1.1 \(status.code) \(status.reason)\r\n")
        output.writeString("content-type: \(type)\r\ncontent-length: \(body.utf8.count)\r\n")
        loop.table.responseEdits.append(to: &output)
        endHead()
        if !exchange.isHead { output.writeString(body) }
    }

    private func endAnswer() {
        flush()
        endExchange()
    }
}
