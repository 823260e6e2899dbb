// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Proxying

/// How a connection ends that nothing is wrong with.
extension HTTPProxyClient {
    /// The client says no more. It may still read the responses to what it has said.
    func inputEnded() {
        isInputOver = true
        if isLingering { return hasUnwritten ? () : close() }
        if isTunnel { exchange.connection?.shutOutput() }
        if isTunnel || requestPhase == .complete {
            // Behind this request are others, or none.
            if isTunnel || input.readableBytes == 0 { closesAfterResponse = true }
            return
        }
        if isNextDue { return }
        let isPartOut = responsePhase == .body
        cancelExchange(.clientGone)
        isPartOut ? close() : closeWhenWritten()
    }

    /// Takes no more requests: ends after the response that is due, if one is.
    func drain() {
        if requestPhase == .head, input.readableBytes == 0 { return closeWhenWritten() }
        closesAfterResponse = true
    }

    /// Whether the client's socket hasn't taken all that was written.
    private var hasUnwritten: Bool { unwrittenBytes > 0 || throttle?.isEmpty == false }

    /// Closes at once if nothing would be lost.
    func closeWhenWritten() { hasUnwritten ? closeAfterWrites() : close() }

    /// Ends the connection after what was written. A socket that is closed with bytes unread is reset, and the client
    /// may lose what it hasn't read; so what it still says is read for a while, and dropped.
    func closeAfterWrites() {
        guard let context, !isClosed else { return }
        flush()
        isLingering = true
        input = ByteBuffer()
        deadline = .max
        resumeReading()
        if let throttle, throttle.endsClientLater() { return }
        expectWrites()
        context.writeAndFlush(NIOAny(ByteBuffer())).assumeIsolated().whenComplete { [self] _ in
            guard !isClosed else { return }
            if isInputOver { return close() }
            self.context?.close(mode: .output, promise: nil)
            expect(.lingering, within: HTTPProxySettings.lingeringTime)
        }
    }

    /// Waits for the client to take what is written, as long as it takes some.
    func expectWrites() {
        unwrittenBefore = unwrittenBytes
        expect(.write, within: loop.settings.bodyTime)
    }

    /// The time of the next write is over.
    func writesExpired() {
        if unwrittenBytes < unwrittenBefore { return expectWrites() }
        isLingering ? close() : abort(.clientStalled)
    }
}
