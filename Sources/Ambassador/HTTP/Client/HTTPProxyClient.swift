// SPDX-License-Identifier: Apache-2.0

import Core
import NIOCore
import Proxying
import WireHTTP

/// One client's connection: a request's bytes in, to a server, and its response's bytes back; then the next.
///
/// Heads are read in place and copied once, with their edits, into the buffer that is written; bodies pass as they
/// came. Nothing is read while the other side doesn't take it, so what one client can make this process hold is a
/// buffer's worth. What follows from a request is in `+request`, what a server does in `+server`, what goes back in
/// `+response`, answers of our own in `+answer`, and how the connection ends in `+end`.
final class HTTPProxyClient: ChannelInboundHandler, RelayReceiver, SocketReader {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// How far the request is.
    enum RequestPhase {
        case head
        case body
        case complete
    }

    /// How far the response is.
    enum ResponsePhase {
        /// Nothing is expected.
        case none
        /// Waits for a connection or a head.
        case waiting
        case body
    }

    let loop: HTTPProxyLoop
    let isSecure: Bool
    var context: ChannelHandlerContext?
    // Safe: all of these belong to the loop's thread, and what is called while one changes doesn't come back to it.
    /// What came and couldn't be used yet: a part of a head, or the next requests. Of those no more is read than came
    /// in one go (`EpollEventLoop.readSize`).
    @exclusivity(unchecked) var input = ByteBuffer()
    @exclusivity(unchecked) var headEnd: HTTPHeadEnd
    var hasPartOfHead = false
    @exclusivity(unchecked) var requestPhase = RequestPhase.head
    @exclusivity(unchecked) var responsePhase = ResponsePhase.none
    @exclusivity(unchecked) var requestBody = HTTPBodyScan.none
    /// What goes to the client with the next write.
    @exclusivity(unchecked) var output = ByteBuffer()
    @exclusivity(unchecked) private var socket = DirectSocket()
    /// Holds responses back, because a fault on purpose says so.
    @exclusivity(unchecked) var throttle: ResponseThrottle?
    @exclusivity(unchecked) var exchange = HTTPProxyExchange()
    @exclusivity(unchecked) var deadline = Int64.max
    /// Requests that have begun, so that what was meant for one doesn't reach the next.
    var exchangeNumber: UInt64 = 0
    var expectation = HTTPProxyExpectation.none
    var isTunnel = false
    /// There are as many clients as there may be.
    var isSurplus = false
    /// The connection ends with this response.
    var closesAfterResponse = false
    var isClosed = false
    /// What the client still says is read and dropped.
    var isLingering = false
    /// What wasn't written when it was looked at last.
    var unwrittenBefore = 0
    /// The client says no more.
    var isInputOver = false
    /// What comes behind a request that is over is looked at soon.
    var isNextDue = false
    var isWritable = true
    /// Who connected, or whom the PROXY protocol names.
    let address: SocketAddress?
    /// The lines that tell servers who the client is.
    @exclusivity(unchecked) private(set) var forwarded: ForwardedFields
    /// For choices that depend on who the client is.
    let addressHash: UInt64
    /// The subject of the certificate that the client has shown; nil if it has shown none. Only to be asked for with a
    /// request, when the handshake is over.
    private(set) lazy var certificateSubject = context.flatMap { TLSPeer(of: $0.channel) }?.subject

    init(loop: HTTPProxyLoop, isSecure: Bool, address: SocketAddress?) {
        self.loop = loop
        self.isSecure = isSecure
        self.address = address
        headEnd = HTTPHeadEnd(loop.settings.syntax)
        addressHash = StableHash.of(address?.ipAddress ?? "")
        forwarded = ForwardedFields(loop.settings.forwarding, of: address, isTLS: isSecure)
    }

    /// Follows what requests are told of clients by now.
    func followForwarding() {
        forwarded = ForwardedFields(loop.settings.forwarding, of: address, isTLS: isSecure)
    }

    // MARK: - Reading

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        loop.add(self)
        expect(.head, within: loop.settings.headTime)
        // Behind a PROXY protocol's header the connection is open already.
        if context.channel.isActive { begin(context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        begin(context)
        context.fireChannelActive()
    }

    private func begin(_ context: ChannelHandlerContext) {
        socket.open(context.channel, reader: self)
        if isSurplus { refuseAsSurplus() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        received(&bytes)
    }

    func received(_ bytes: inout ByteBuffer) {
        loop.relay.clock.hold()
        receive(&bytes)
        loop.relay.clock.release()
        if holdsRead { socket.setReading(false, context) }
    }

    private func receive(_ bytes: inout ByteBuffer) {
        guard !isLingering else { return }
        if isTunnel { return sendTunneled(bytes) }
        if input.readableBytes > 0 || requestPhase == .complete {
            input.writeBuffer(&bytes)
            if requestPhase != .complete { processInput() }
            return
        }
        process(&bytes)
        // What isn't used is copied: the buffer is for the next client.
        if bytes.readableBytes > 0, !isClosed, !isLingering { input.writeBuffer(&bytes) }
    }

    func processInput() {
        var bytes = input
        input = ByteBuffer()
        process(&bytes)
        if bytes.readableBytes > 0, !isClosed, !isLingering { input = bytes }
    }

    private func process(_ bytes: inout ByteBuffer) {
        while bytes.readableBytes > 0, !isClosed, !isLingering {
            switch requestPhase {
            case .head: guard receiveHead(&bytes) else { return }
            case .body: receiveBody(&bytes)
            case .complete: return
            }
            if isTunnel { return }
        }
    }

    /// The client isn't read from while what it said waits.
    private var holdsRead: Bool {
        if isLingering { return false }
        if requestPhase == .complete && !isTunnel { return input.readableBytes > 0 }
        if requestPhase == .body || isTunnel { return !takesBody }
        return false
    }

    /// Whether the server takes more of the body. An answer of our own has none to take it, and drops it.
    var takesBody: Bool {
        if let connection = exchange.connection { return connection.isWritable }
        return responsePhase != .waiting
    }

    /// Goes on reading, if that was held back and needn't be any more.
    func resumeReading() {
        if !holdsRead { socket.setReading(true, context) }
    }

    // MARK: - The channel

    /// Whether the server's response goes on to come.
    var takesResponse: Bool { isWritable && throttle?.isFull != true }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        isWritable = context.channel.isWritable
        exchange.connection?.isReading = takesResponse
        if responsePhase == .body { isWritable ? expectMore() : expectWrites() }
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed { inputEnded() }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if TLSFailure.isCutOff(error) {
            // Many clients leave without TLS's own end. Nobody would answer ours.
            markClosed()
            return context.closeAtOnce()
        }
        loop.counters.clients.errors += 1
        close()
    }

    func channelInactive(context: ChannelHandlerContext) {
        markClosed()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        markClosed()
        self.context = nil
    }

    /// Closes at once; what wasn't written is lost.
    func close() {
        let context = context
        markClosed()
        context?.close(promise: nil)
    }

    func markClosed() {
        guard !isClosed else { return }
        isClosed = true
        cancelExchange(.clientGone)
        loop.remove(self)
        input = ByteBuffer()
        output = ByteBuffer()
    }

    // MARK: - Writing

    /// Writes what has gathered.
    func flush() {
        guard output.readableBytes > 0 else { return }
        let bytes = output
        output = ByteBuffer()
        if let throttle { return throttle.add(bytes) }
        socket.write(bytes, context)
        loop.relay.outputs.give(bytes)
    }

    /// Writes a part of a body behind what has gathered.
    func write(_ part: ByteBuffer) {
        flush()
        if let throttle { throttle.add(part) } else { writeNow(part) }
    }

    /// Writes, whatever is held back.
    func writeNow(_ bytes: ByteBuffer) {
        socket.write(bytes, context)
    }

    /// A place to write to.
    @inline(__always)
    func prepareOutput() { if output.capacity == 0 { output = loop.relay.outputs.take() } }

    var unwrittenBytes: Int { context?.unwrittenBytes ?? 0 }

    private func refuseAsSurplus() {
        loop.counters.clients.refused += 1
        answerUnasked(
            .serviceUnavailable, .runtime, "there are \(loop.settings.clientsMax) clients, as many as there may be")
    }
}
