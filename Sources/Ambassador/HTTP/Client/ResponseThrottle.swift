// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Proxying

/// Lets what goes to one client out slowly, because a fault on purpose says so.
final class ResponseThrottle {
    /// What is held before the server isn't read from any more.
    private static let heldBytesMax = 64 << 10

    private unowned let client: HTTPProxyClient
    private let eventLoop: any EventLoop
    private var rate: ByteRate
    private var held = ByteBuffer()
    private var isScheduled = false
    /// The connection is to end when everything is out.
    private var endsClient = false

    init(_ client: HTTPProxyClient, bytesPerSecond: Int) {
        self.client = client
        eventLoop = client.loop.relay.eventLoop
        rate = ByteRate(bytesPerSecond: bytesPerSecond)
    }

    var isEmpty: Bool { held.readableBytes == 0 }
    /// As much as may is held back.
    var isFull: Bool { held.readableBytes >= Self.heldBytesMax }

    /// Has what follows, and what is held, go at another rate.
    func slow(to bytesPerSecond: Int) { rate = ByteRate(bytesPerSecond: bytesPerSecond) }

    /// Takes bytes that would have been written.
    func add(_ bytes: ByteBuffer) {
        held.writeImmutableBuffer(bytes)
        if isScheduled { client.throttled() } else { drain() }
    }

    /// Ends the client's connection as soon as everything is out; false if everything is.
    func endsClientLater() -> Bool {
        endsClient = held.readableBytes > 0
        return endsClient
    }

    private func drain() {
        isScheduled = false
        guard !client.isClosed else { return held = ByteBuffer() }
        let now = NIODeadline.now()
        while held.readableBytes > 0, rate.next <= now {
            guard let piece = held.readSlice(length: min(rate.pieceBytes, held.readableBytes)) else { break }
            rate.pass(piece.readableBytes, at: now)
            client.writeNow(piece)
        }
        held.discardReadBytes()
        client.throttled()
        if held.readableBytes > 0 { return schedule() }
        if endsClient { client.closeAfterWrites() }
    }

    private func schedule() {
        isScheduled = true
        eventLoop.assumeIsolated().scheduleTask(deadline: rate.next) { [self, client] in
            // The client is held until then: it is what `self` belongs to.
            if !client.isClosed { drain() }
        }
    }
}
