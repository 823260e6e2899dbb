// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Proxying
import WireHTTP

/// What is written down of a request, where there is an access log.
extension HTTPProxyClient {
    /// Keeps what the log says of a request.
    func noteRequest(_ bytes: ByteBuffer, in log: AccessLog) {
        let span = bytes.readableBytesUInt8Span
        exchange.entry = log.begin(
            loop.requestScan, span, peer: forwarded.address, client: forwarded.client(loop.requestScan, span),
            trace: exchange.trace?.context)
    }

    /// Keeps what it says of a server's response.
    func noteResponse(_ bytes: ByteBuffer, _ scan: borrowing HTTPHeadScan) {
        guard let log = loop.accessLog, let entry = exchange.entry else { return }
        log.noteResponse(entry, scan, bytes.readableBytesUInt8Span)
    }

    /// Writes the exchange down, which is over. One whose head couldn't be read has no entry yet.
    func write(_ exchange: HTTPProxyExchange, in log: AccessLog, nanoseconds: Int64) {
        log.end(
            exchange.entry ?? log.begin(peer: forwarded.address),
            AccessLogFacts(
                status: exchange.status, origin: exchange.origin, nanoseconds: nanoseconds,
                bytesIn: exchange.requestBytes, bytesOut: exchange.responseBytes, route: exchange.route?.name ?? "",
                upstream: exchange.upstream?.name ?? "", endpoint: exchange.endpoint?.text ?? "",
                retries: max(0, exchange.attempts - 1)))
    }
}
