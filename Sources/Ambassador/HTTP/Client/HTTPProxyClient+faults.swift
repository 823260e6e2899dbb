// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Proxying
import WireHTTP

/// What goes wrong on purpose.
extension HTTPProxyClient {
    /// Does to a request what faults say; the head is at the beginning of `bytes`.
    ///
    /// - Returns: Whether that was all that becomes of the request, or all for now.
    func meet(_ faults: FaultInjector, _ bytes: inout ByteBuffer, _ length: Int) -> Bool {
        guard let plan = faults.plan(loop.requestScan, bytes.readableBytesUInt8Span) else { return false }
        if let rate = plan.bytesPerSecond { slow(to: rate) }
        guard plan.delayNanoseconds == 0 else {
            hold(for: .nanoseconds(plan.delayNanoseconds), then: plan.end)
            return true
        }
        guard let end = plan.end else { return false }
        bytes.moveReaderIndex(forwardBy: length)
        fail(end)
        return true
    }

    private func fail(_ end: FaultPlan.End) {
        switch end {
        case .status(let status): answer(HTTPStatus(status), .runtime, "a fault on purpose")
        case .reset: abort(.fault)
        }
    }

    /// Leaves the request where it came in for a while. As long as it is taken for complete, nothing more is read.
    private func hold(for time: TimeAmount, then end: FaultPlan.End?) {
        requestPhase = .complete
        let number = exchangeNumber
        loop.relay.eventLoop.assumeIsolated().scheduleTask(in: time) { [self] in
            guard number == exchangeNumber, !isClosed, exchange.hasBegun else { return }
            goOn(end)
        }
    }

    /// Takes a request up again that was held.
    private func goOn(_ end: FaultPlan.End?) {
        var bytes = input
        input = ByteBuffer()
        takeAgain(&bytes, end)
        if bytes.readableBytes > 0, requestPhase == .body, !isClosed, !isLingering { receiveBody(&bytes) }
        if bytes.readableBytes > 0, !isClosed, !isLingering { input.writeImmutableBuffer(bytes) }
        if input.readableBytes > 0, requestPhase == .head { processInput() }
        if requestPhase == .body, isInputOver, !isLingering { return inputEnded() }
        resumeReading()
    }

    private func takeAgain(_ bytes: inout ByteBuffer, _ end: FaultPlan.End?) {
        // It has been read before, and is whole.
        guard let length = (try? loop.requestScan.scanRequest(bytes.readableBytesUInt8Span)) ?? nil else {
            return close()
        }
        let scan = loop.requestScan
        if scan.isChunked || scan.contentLength ?? 0 > 0 { requestPhase = .body }
        if let end {
            bytes.moveReaderIndex(forwardBy: length)
            return fail(end)
        }
        // The routes may have changed meanwhile.
        guard let route = findRoute(bytes, scan) else { return bytes.moveReaderIndex(forwardBy: length) }
        exchange.route = route
        take(&bytes, length, scan, route)
    }

    // MARK: - Throttles

    /// What of the response before is still held back comes first.
    private func slow(to bytesPerSecond: Int) {
        if let throttle { return throttle.slow(to: bytesPerSecond) }
        throttle = ResponseThrottle(self, bytesPerSecond: bytesPerSecond)
    }

    /// More is held back, or less.
    func throttled() {
        exchange.connection?.isReading = takesResponse
        guard !isLingering else { return }
        // It is slow on purpose; nobody's time ends over it.
        if responsePhase == .body { expectBody() }
        if responsePhase == .none, requestPhase == .head { expect(.idle, within: loop.settings.idleTime) }
    }
}
