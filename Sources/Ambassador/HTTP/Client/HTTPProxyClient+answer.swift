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

    /// Answers as a route says.
    func answer(_ route: Route, _ bytes: ByteBuffer, _ scan: borrowing HTTPHeadScan) {
        exchange.origin = .runtime
        if requestPhase == .body { closesAfterResponse = true }
        prepareOutput()
        switch route.action {
        case .forward: break
        case .redirect(let redirect):
            exchange.status = redirect.status
            redirect.writeHead(scan, bytes.readableBytesUInt8Span, isSecure: isSecure, into: &output)
            endHead(omitting: route.responseEdits.known)
        case .respond(let answer):
            exchange.status = answer.status
            output.writeImmutableBuffer(answer.head)
            endHead(omitting: answer.said)
            if !exchange.isHead { output.writeImmutableBuffer(answer.body) }
        }
        endAnswer()
    }

    private func write(_ status: HTTPStatus, _ body: String, type: String) {
        prepareOutput()
        output.writeString("HTTP/1.1 \(status.code) \(status.reason)\r\n")
        output.writeString("content-type: \(type)\r\ncontent-length: \(body.utf8.count)\r\n")
        endHead()
        if !exchange.isHead { output.writeString(body) }
    }

    /// Writes what all answers say, but for what a route removes, or says otherwise.
    private func endHead(omitting omitted: HTTPFieldNames = HTTPFieldNames()) {
        if !omitted.contains(.date) {
            output.writeStaticString("date: ")
            output.writeString(loop.date())
            output.writeStaticString("\r\n")
        }
        if let line = loop.settings.serverLine, !omitted.contains(.server) { output.writeImmutableBuffer(line) }
        if isSecure, let line = loop.settings.strictTransportLine, !omitted.contains(.strictTransportSecurity) {
            output.writeImmutableBuffer(line)
        }
        if closesAfterResponse { output.writeStaticString("connection: close\r\n") }
        output.writeStaticString("\r\n")
    }

    private func endAnswer() {
        flush()
        endExchange()
    }
}
