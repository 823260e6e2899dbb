// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Proxying
import WireHTTP

/// From a server's response to the client.
extension HTTPProxyClient {
    /// Up to here a part of a body is copied behind what is to be written; a larger one is written beside it.
    private static let joinedBytesMax = 16 << 10

    func receiveHead(_ bytes: ByteBuffer, length: Int, _ scan: borrowing HTTPHeadScan) -> RelayBody {
        if scan.status < 200 { return receiveInterim(bytes, length, scan) }
        if retriesAfter(scan.status) { return .refused }
        exchange.status = scan.status
        if exchange.entry != nil { noteResponse(bytes, scan) }
        if exchange.isConnect, scan.status < 300 { return beginTunnel(bytes, length, scan) }
        exchange.mirrored?.receiveResponse(bytes, length: length)
        let body = RelayBody(scan, answersHead: exchange.isHead)
        responsePhase = .body
        decideFraming(body)
        // What is left of the request isn't read any more once the response is over.
        if requestPhase != .complete { closesAfterResponse = true }
        writeHead(bytes, length, scan)
        expectMore()
        return body
    }

    @inline(__always)
    private func writeHead(_ bytes: ByteBuffer, _ length: Int, _ scan: borrowing HTTPHeadScan) {
        prepareOutput()
        ResponseHeadEdit(
            route: exchange.route, closes: closesAfterResponse, addsChunks: exchange.addsChunks,
            dropsChunks: exchange.unchunker != nil, serverLine: loop.settings.serverLine,
            strictTransportLine: isSecure ? loop.settings.strictTransportLine : nil
        ).write(bytes, length, scan, into: &output)
    }

    private func decideFraming(_ body: RelayBody) {
        switch body {
        case .untilClose:
            if exchange.isHTTP10 { closesAfterResponse = true } else { exchange.addsChunks = true }
        case .chunked:
            if exchange.isHTTP10 { exchange.unchunker = HTTPBodyUnchunker(loop.settings.syntax) }
        case .interim, .none, .length, .tunnel, .refused: break
        }
    }

    private func receiveInterim(_ bytes: ByteBuffer, _ length: Int, _ scan: borrowing HTTPHeadScan) -> RelayBody {
        if scan.status == 101 {
            guard exchange.asksForUpgrade else {
                failed(.malformed(HTTPSyntaxError("it changes the protocol, which it wasn't asked to")))
                return .refused
            }
            exchange.status = 101
            return beginTunnel(bytes, length, scan)
        }
        if !exchange.isHTTP10 { writeHead(bytes, length, scan) }
        return .interim
    }

    /// The bytes of both sides go through from here on.
    private func beginTunnel(_ bytes: ByteBuffer, _ length: Int, _ scan: borrowing HTTPHeadScan) -> RelayBody {
        isTunnel = true
        responsePhase = .body
        requestPhase = .complete
        prepareOutput()
        output.write(0..<length, of: bytes)
        flush()
        if input.readableBytes > 0 {
            let early = input
            input = ByteBuffer()
            exchange.connection?.write(early)
        }
        if isInputOver { exchange.connection?.shutOutput() }
        expect(.tunnel, within: loop.settings.tunnelTime)
        resumeReading()
        return .tunnel
    }

    /// Whether the server's answer is one after which another server is asked.
    private func retriesAfter(_ status: Int) -> Bool {
        guard status >= 429, requestPhase == .complete, exchange.route?.retry.isReason(status: status) == true else {
            return false
        }
        let connection = exchange.connection
        exchange.connection = nil
        note(.answered(status: status))
        guard retries(after: .answered(status: status)) else {
            exchange.connection = connection
            return false
        }
        // Its body would have to be read to its end for the connection to be used again.
        connection?.close()
        return true
    }

    func receiveBody(_ bytes: ByteBuffer) {
        exchange.mirrored?.receiveResponse(bytes, length: bytes.readableBytes)
        if exchange.unchunker != nil {
            // Safe: it is there.
            if let data = exchange.unchunker?.data(in: bytes) { append(data) }
        } else if exchange.addsChunks {
            prepareOutput()
            output.writeString("\(String(bytes.readableBytes, radix: 16))\r\n")
            append(bytes)
            prepareOutput()
            output.writeStaticString("\r\n")
        } else {
            append(bytes)
        }
    }

    private func append(_ bytes: ByteBuffer) {
        exchange.responseBytes += bytes.readableBytes
        if bytes.readableBytes <= Self.joinedBytesMax {
            prepareOutput()
            output.writeImmutableBuffer(bytes)
            return
        }
        write(bytes)
    }

    func receivedAll() {
        flush()
        if responsePhase == .body { isWritable ? expectMore() : expectWrites() }
    }

    /// The time of the server's next bytes.
    func expectMore() {
        isTunnel
            ? expect(.tunnel, within: loop.settings.tunnelTime)
            : expect(.responseBody, within: loop.settings.responseTime)
    }

    func receiveEnd(keepsConnection: Bool) {
        if isTunnel { return endTunnel() }
        if exchange.addsChunks {
            prepareOutput()
            output.writeStaticString("0\r\n\r\n")
        }
        let connection = exchange.connection.take()
        // Given back before the client hears the end, so that its next request finds it.
        if keepsConnection, requestPhase == .complete { connection?.release() } else { connection?.close() }
        note(.answered(status: exchange.status))
        flush()
        endExchange()
    }

    private func endTunnel() {
        flush()
        note(.answered(status: exchange.status))
        exchange.connection = nil
        finishRecord()
        isTunnel = false
        responsePhase = .none
        closeAfterWrites()
    }

    // MARK: - The end of an exchange

    /// The response has been written: what comes next?
    func endExchange() {
        finishRecord()
        responsePhase = .none
        guard !isClosed else { return }
        if closesAfterResponse || requestPhase != .complete { return closeAfterWrites() }
        requestPhase = .head
        expect(.idle, within: loop.settings.idleTime)
        if input.readableBytes > 0 || isInputOver { processNext() }
        resumeReading()
    }

    /// The next request is here already, or will never be. A client that sends thousands at once doesn't grow the
    /// stack.
    private func processNext() {
        guard !isNextDue else { return }
        isNextDue = true
        let bound = NIOLoopBound(self, eventLoop: loop.relay.eventLoop)
        loop.relay.eventLoop.execute { bound.value.takeNext() }
    }

    private func takeNext() {
        isNextDue = false
        guard !isClosed, !isLingering, requestPhase == .head else { return }
        processInput()
        // What is left is no whole request.
        if isInputOver, !isClosed { return inputEnded() }
        resumeReading()
    }

    /// Counts the exchange and writes it down.
    func finishRecord() {
        guard exchange.hasBegun else { return }
        var ended = HTTPProxyExchange()
        swap(&ended, &exchange)
        let nanoseconds = loop.now() - ended.startedAt
        loop.counters.inFlight -= 1
        loop.counters.ended(
            ended.row ?? loop.counters.row(route: nil, upstream: nil), status: ended.status, origin: ended.origin,
            nanoseconds: nanoseconds, bytesIn: ended.requestBytes, bytesOut: ended.responseBytes)
        if let log = loop.accessLog { write(ended, in: log, nanoseconds: nanoseconds) }
        if let trace = ended.trace { end(trace, of: ended) }
        ended.upstream?.completed()
        ended.mirrored?.end(
            primary: ended.upstream, isWhole: requestPhase == .complete, isAnswered: ended.origin == .application)
        if ended.sent.capacity > 0 { loop.relay.outputs.give(ended.takeSent()) }
    }

    /// Nobody waits for the response any more.
    func cancelExchange(_ reason: AbortReason) {
        guard exchange.hasBegun else { return }
        endAttempt(.abandoned)
        exchange.status = reason.status
        exchange.origin = reason.origin
        finishRecord()
    }

    /// A response that can't be completed: the client sees that by the connection's end.
    func abort(_ reason: AbortReason) {
        endAttempt(reason == .serverDied ? .reset : .abandoned)
        if exchange.origin == .application { exchange.origin = reason.origin }
        flush()
        loop.counters.clients.aborted += 1
        finishRecord()
        resetConnection()
    }

    /// Ends the connection so that a body without a length isn't taken for whole.
    private func resetConnection() {
        // A FIN would look like the end of a body that ends with its connection.
        let context = context
        markClosed()
        context?.reset()
    }
}

/// Why a client got less than a response.
enum AbortReason {
    case clientGone, clientStalled, serverDied, fault

    /// What the log has where there is no status; 499 is what nginx's users know.
    var status: Int {
        switch self {
        case .clientGone, .clientStalled: 499
        case .serverDied: 502
        case .fault: 0
        }
    }

    var origin: ExchangeOrigin {
        switch self {
        case .clientGone, .clientStalled: .client
        case .serverDied: .upstream
        case .fault: .runtime
        }
    }
}
