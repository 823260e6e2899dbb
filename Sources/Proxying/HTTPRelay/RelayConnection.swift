// SPDX-License-Identifier: Apache-2.0

package import NIOCore
import WireHTTP

/// A connection to an HTTP/1.1 server, on which one exchange follows the other.
///
/// It reads responses in place and hands them on as they came; what becomes of them is its receiver's to say. A server
/// that speaks without being asked is closed, because what it says would pass for the answer to the next request.
package final class RelayConnection: ChannelInboundHandler, SocketReader {
    package typealias InboundIn = ByteBuffer
    package typealias OutboundOut = ByteBuffer

    private enum Phase {
        case idle
        case head
        case body
        case tunnel
        case closed
    }

    /// Informational responses (RFC 9110, section 15.2) that may come before the final one.
    private static let interimResponsesMax = 32

    /// It lets go of the connection when that closes.
    private let pool: RelayConnections
    private let loop: RelayLoop
    /// The handshake's outcome; nil without TLS.
    let secured: EventLoopFuture<Void>?
    private var context: ChannelHandlerContext?
    // Safe: all of these belong to the loop's thread, and what is called while one changes doesn't come back to it.
    @exclusivity(unchecked) private var receiver: (any RelayReceiver)?
    @exclusivity(unchecked) private var phase = Phase.idle
    @exclusivity(unchecked) private var body = HTTPBodyScan.none
    /// What was read of a head that isn't whole.
    @exclusivity(unchecked) private var partial = ByteBuffer()
    @exclusivity(unchecked) private var partialEnd: HTTPHeadEnd
    @exclusivity(unchecked) private var keepsConnection = true
    @exclusivity(unchecked) private var hasHeard = false
    @exclusivity(unchecked) private var socket = DirectSocket()
    private var interimResponses: UInt8 = 0
    package private(set) var isWritable = true
    /// Exchanges that have begun here.
    package private(set) var exchanges = 0
    /// When it was last given back, for whoever closes what is idle for long.
    var idleSince: Int64 = 0
    /// Whether the pool counts it among those that are open.
    var isCounted = false
    /// Of the rules by which it was made.
    let generation: Int

    /// While it is false nothing is read, and in the end the server waits.
    package var isReading = true {
        didSet { socket.setReading(isReading, context) }
    }

    init(_ pool: RelayConnections, _ loop: RelayLoop, _ secured: EventLoopFuture<Void>?, generation: Int) {
        self.pool = pool
        self.generation = generation
        self.loop = loop
        self.secured = secured
        partialEnd = HTTPHeadEnd(loop.limits)
    }

    package var isOpen: Bool { phase != .closed && context != nil }

    /// The address that it is connected to.
    package var remoteAddress: SocketAddress? { context?.remoteAddress }

    /// What TLS ended the connection with: a server may refuse our certificate when the handshake is over for us.
    package private(set) var tlsFailure: TLSFailure?

    // MARK: - The exchange

    /// Has `receiver` hear the response to what is written next.
    @inline(__always)
    package func begin(_ receiver: any RelayReceiver) {
        self.receiver = receiver
        phase = .head
        hasHeard = false
        interimResponses = 0
        exchanges += 1
        isReading = true
    }

    @inline(__always)
    package func write(_ bytes: ByteBuffer) {
        socket.write(bytes, context)
    }

    /// Says that nothing more is written; for tunnels.
    package func shutOutput() { context?.channel.close(mode: .output, promise: nil) }

    /// Gives the connection back after an exchange that was complete both ways.
    package func release() {
        receiver = nil
        guard isOpen else { return }
        phase = .idle
        isReading = true
        pool.keep(self)
    }

    /// Closes, and the receiver hears nothing more.
    package func close() {
        receiver = nil
        guard phase != .closed else { return }
        phase = .closed
        context?.close(promise: nil)
    }

    // MARK: - The channel

    package func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    package func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    package func channelActive(context: ChannelHandlerContext) {
        socket.open(context.channel, reader: self)
        context.fireChannelActive()
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        received(&bytes)
    }

    package func received(_ bytes: inout ByteBuffer) {
        loop.clock.hold()
        // Nobody asked: it is idle, or closed already.
        if let receiver { receive(bytes, for: receiver) } else { close() }
        loop.clock.release()
    }

    package func channelWritabilityChanged(context: ChannelHandlerContext) {
        isWritable = context.channel.isWritable
        receiver?.writabilityChanged(self)
        context.fireChannelWritabilityChanged()
    }

    package func channelInactive(context: ChannelHandlerContext) {
        if isCounted { pool.closed(self) }
        isCounted = false
        end(isWhole: true)
        context.fireChannelInactive()
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if phase == .closed { return }
        let isOfTLS = secured != nil && !(error is IOError) && !TLSFailure.isCutOff(error)
        if isOfTLS { tlsFailure = TLSFailure(error, name: nil) }
        // A body that ends with its connection isn't whole after an error.
        end(isWhole: false)
        context.closeAtOnce()
    }

    // MARK: - Responses

    @inline(__always)
    private func receive(_ bytes: ByteBuffer, for receiver: any RelayReceiver) {
        switch phase {
        case .head: receiveHeads(bytes, for: receiver)
        case .body: receiveBody(bytes, for: receiver)
        case .tunnel: receiver.receiveBody(bytes)
        case .idle, .closed: break
        }
        // After the end it belongs to another exchange, or to none.
        if self.receiver === receiver { receiver.receivedAll() }
    }

    private func receiveHeads(_ read: ByteBuffer, for receiver: any RelayReceiver) {
        hasHeard = true
        var bytes = read
        if partial.readableBytes > 0 {
            var kept = partial
            partial = ByteBuffer()
            kept.writeImmutableBuffer(bytes)
            guard partialEnd.isFound(in: kept.readableBytesUInt8Span) else { return partial = kept }
            bytes = kept
        }
        while phase == .head, bytes.readableBytes > 0 {
            do throws(HTTPSyntaxError) {
                guard let length = try loop.responseScan.scanResponse(bytes.readableBytesUInt8Span) else {
                    return keepPart(bytes)
                }
                receiveHead(bytes, length, for: receiver)
                bytes.moveReaderIndex(forwardBy: length)
            } catch { return refuse(.malformed(error)) }
        }
        receiveRest(bytes, for: receiver)
    }

    /// A head in parts is copied: the buffer is for the next connection.
    private func keepPart(_ bytes: ByteBuffer) {
        var kept = ByteBufferAllocator().buffer(capacity: bytes.readableBytes * 2)
        kept.writeImmutableBuffer(bytes)
        partialEnd = HTTPHeadEnd(loop.limits)
        _ = partialEnd.isFound(in: kept.readableBytesUInt8Span)
        partial = kept
    }

    private func receiveHead(_ bytes: ByteBuffer, _ length: Int, for receiver: any RelayReceiver) {
        keepsConnection = loop.responseScan.keepsConnection
        switch receiver.receiveHead(bytes, length: length, loop.responseScan) {
        case .interim: passInterim()
        case .none: phase = .idle
        case .length(let count): beginBody(HTTPBodyScan(length: count))
        case .chunked: beginBody(.chunked(loop.limits))
        case .untilClose:
            keepsConnection = false
            beginBody(.untilClose)
        case .tunnel:
            keepsConnection = false
            phase = .tunnel
        case .refused: close()
        }
    }

    private func passInterim() {
        interimResponses += 1
        guard interimResponses > Self.interimResponsesMax else { return }
        refuse(.malformed(HTTPSyntaxError("more than \(Self.interimResponsesMax) responses come before the final one")))
    }

    private func beginBody(_ body: HTTPBodyScan) {
        self.body = body
        phase = .body
    }

    private func receiveRest(_ bytes: ByteBuffer, for receiver: any RelayReceiver) {
        switch phase {
        case .idle: endResponse(restCount: bytes.readableBytes, for: receiver)
        case .body: if bytes.readableBytes > 0 { receiveBody(bytes, for: receiver) }
        case .tunnel: if bytes.readableBytes > 0 { receiver.receiveBody(bytes) }
        case .head, .closed: break
        }
    }

    private func receiveBody(_ bytes: ByteBuffer, for receiver: any RelayReceiver) {
        let step: (count: Int, isEnd: Bool)
        do throws(HTTPSyntaxError) {
            step = try body.advance(over: bytes.readableBytesUInt8Span)
        } catch { return refuse(.malformed(error)) }
        let restCount = bytes.readableBytes - step.count
        if restCount == 0 {
            receiver.receiveBody(bytes)
        } else if step.count > 0, let part = bytes.getSlice(at: bytes.readerIndex, length: step.count) {
            receiver.receiveBody(part)
        }
        guard step.isEnd, phase == .body else { return }
        phase = .idle
        endResponse(restCount: restCount, for: receiver)
    }

    /// Bytes behind the response mean that the server and we don't agree where it ended.
    private func endResponse(restCount: Int, for receiver: any RelayReceiver) {
        receiver.receiveEnd(keepsConnection: keepsConnection && restCount == 0)
    }

    private func refuse(_ failure: RelayFailure) {
        let receiver = receiver
        close()
        receiver?.failed(failure)
    }

    /// The connection has ended, by whoever.
    private func end(isWhole: Bool) {
        guard phase != .closed else { return }
        let (phase, receiver) = (phase, receiver)
        self.phase = .closed
        self.receiver = nil
        partial = ByteBuffer()
        if phase == .tunnel || (phase == .body && isWhole && body.isWholeAtEndOfInput) {
            receiver?.receiveEnd(keepsConnection: false)
            receiver?.receivedAll()
        } else {
            receiver?.failed(.closed(isUnheard: !hasHeard, wasIdle: exchanges > 1 || idleSince > 0))
        }
    }
}
